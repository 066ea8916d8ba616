//! Sums: complements `1 − x` without cancellation, and `u − lse(z)`.

use crate::ir::{Graph, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// What `constant + Σ terms` is, if it is a primitive.
    pub(in crate::ir::build) fn recognise_sum(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        if self.is_literal() {
            return None;
        }
        let start = self.recognised_so_far();
        let (name, found) = self.complement_or_log_softmax(constant, terms)?;
        let written = Node::Sum(constant, terms.to_vec());
        self.note_recognition(name, written, found, start);
        Some(found)
    }

    fn complement_or_log_softmax(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<(&'static str, NodeId)> {
        if let &[(id, coefficient)] = terms
            && coefficient.checked_add(constant)?.is_zero()
            && let Some(rest) = self.one_minus(id)
        {
            return Some((
                "complement without a difference",
                self.scale(rest, constant),
            ));
        }
        let found = self.recognise_log_softmax(constant, terms)?;
        Some(("log-softmax", found))
    }

    /// `1 − x` where it has a form without cancellation.
    fn one_minus(&mut self, x: NodeId) -> Option<NodeId> {
        match self.node(x).clone() {
            Node::Unary(UnaryOp::Sigmoid, t) => {
                let t = self.neg(t);
                Some(self.unary(UnaryOp::Sigmoid, t))
            }
            Node::Unary(UnaryOp::Exp, t) => {
                let less = self.unary(UnaryOp::Expm1, t);
                Some(self.neg(less))
            }
            Node::Softmax(s) if s.hit.is_some() => {
                let form = match s.form {
                    SoftmaxForm::Prob => SoftmaxForm::Complement,
                    SoftmaxForm::Complement => SoftmaxForm::Prob,
                    SoftmaxForm::Log
                    | SoftmaxForm::LogComplement
                    | SoftmaxForm::LogOverComplement => return None,
                };
                Some(self.softmax(Softmax { form, ..s }))
            }
            _ => None,
        }
    }

    /// `k · (u − lse(z))` inside a sum, where u is z or an element of it.
    fn recognise_log_softmax(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        for &(lse, coefficient) in terms {
            let Node::Reduce(Reducer::Lse, axes, body) = *self.node(lse) else {
                continue;
            };
            let k = coefficient.negate();
            for (value, hit) in self.elements(axes, body) {
                let Some(mut rest) = self.without(terms, value, k) else {
                    continue;
                };
                rest.retain(|t| t.0 != lse);
                let log = self.softmax(Softmax {
                    form: SoftmaxForm::Log,
                    axes,
                    body,
                    value,
                    hit,
                });
                rest.push((log, k));
                return Some(self.sum(constant, &rest));
            }
        }
        None
    }

    /// `terms` less `k · value`, if all of that is there, or more of it.
    fn without(
        &self,
        terms: &[(NodeId, Rational)],
        value: NodeId,
        k: Rational,
    ) -> Option<Vec<(NodeId, Rational)>> {
        let (constant, parts) = self.as_sum(value);
        if !constant.is_zero() || parts.is_empty() {
            return None;
        }
        let mut rest = terms.to_vec();
        for (id, coefficient) in parts {
            let wanted = coefficient.checked_mul(k)?;
            let at = rest.iter().position(|t| t.0 == id)?;
            let left = rest[at].1.checked_sub(wanted)?;
            let is_part = left.is_zero() || left.is_negative() == wanted.is_negative();
            if !is_part {
                return None;
            }
            rest[at].1 = left;
            rest.retain(|t| !t.1.is_zero());
        }
        Some(rest)
    }
}
