//! Sums: complements `1 − x` without cancellation, `u − lse(z)`, variances.

use crate::ir::{AxisSet, Graph, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};
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
        if let Some(found) = self.recognise_log_softmax(constant, terms) {
            return Some(("log-softmax", found));
        }
        if let Some(found) = self.recognise_expected_log(constant, terms) {
            return Some(("expected logarithm", found));
        }
        let found = self.recognise_variance(constant, terms)?;
        Some(("variance", found))
    }

    /// `k · (Σ x² / n − (Σ x / n)²)` inside a sum, n the extent of the axes: `k · Σ (x − Σ x / n)² / n`, which does not cancel
    /// where x is nearly constant.
    fn recognise_variance(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        for &(first, k) in terms {
            for (sum, exponent) in self.as_product(first) {
                let Node::Reduce(Reducer::Sum, axes, body) = *self.node(sum) else {
                    continue;
                };
                let Some(x) = self.square_root_of_square(body).filter(|_| exponent == 1) else {
                    continue;
                };
                let total = self.reduce(Reducer::Sum, axes, x);
                let mean = self.mean_of(axes, total);
                // What stands before the mean of squares, with the square of the mean.
                let mut before = self.as_product(first);
                before.retain(|f| f.0 != sum);
                let mut second = before.clone();
                second.extend([(total, 1), (mean, 1)]);
                let second = self.product(&second);
                let mut rest = terms.to_vec();
                let Some(at) = rest.iter().position(|t| *t == (second, k.negate())) else {
                    continue;
                };
                rest.remove(at);
                rest.retain(|t| t.0 != first);
                let away = self.sub(x, mean);
                let square = self.mul(away, away);
                let squares = self.reduce(Reducer::Sum, axes, square);
                let mut spread = before;
                spread.push((squares, 1));
                let spread = self.product(&spread);
                rest.push((spread, k));
                return Some(self.sum(constant, &rest));
            }
        }
        None
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
            Node::Select(condition, yes, no) => {
                let [yes, no] = [yes, no].map(|x| self.one_minus(x));
                Some(self.select(condition, yes?, no?))
            }
            _ => None,
        }
    }

    /// `k · (Σ p · (z + …) − lse(z))` inside a sum, where p is a softmax over the same axes and so of sum 1: `k · Σ p · (ln q + …)`,
    /// q the softmax of z, whose terms have one sign.
    fn recognise_expected_log(
        &mut self,
        constant: Rational,
        terms: &[(NodeId, Rational)],
    ) -> Option<NodeId> {
        for &(expectation, k) in terms {
            let Node::Reduce(Reducer::Sum, axes, body) = *self.node(expectation) else {
                continue;
            };
            let mut factors = self.as_product(body);
            let is_whole = |f: &(NodeId, i32)| match self.node(f.0) {
                Node::Softmax(s) => {
                    f.1 == 1 && s.form == SoftmaxForm::Prob && s.axes == axes && s.hit.is_none()
                }
                _ => false,
            };
            let Some(at) = factors.iter().position(is_whole) else {
                continue;
            };
            let share = factors.remove(at);
            let others = self.product(&factors);
            let (number, parts) = self.as_sum(others);
            for &(lse, coefficient) in terms {
                let Node::Reduce(Reducer::Lse, over, z) = *self.node(lse) else {
                    continue;
                };
                let weight = coefficient.negate().checked_div(k);
                let Some(weight) = weight.filter(|_| over == axes) else {
                    continue;
                };
                let Some(mut rest) = self.without(&parts, z, weight) else {
                    continue;
                };
                let log = self.softmax(Softmax {
                    form: SoftmaxForm::Log,
                    axes,
                    body: z,
                    value: z,
                    hit: None,
                });
                rest.push((log, weight));
                let others = self.sum(number, &rest);
                let body = self.product(&[share, (others, 1)]);
                let expectation_of_log = self.reduce(Reducer::Sum, axes, body);
                let mut whole = terms.to_vec();
                whole.retain(|t| t.0 != expectation && t.0 != lse);
                whole.push((expectation_of_log, k));
                return Some(self.sum(constant, &whole));
            }
        }
        None
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

    /// `body` less a multiple of `x − Σ x / n` over the axes, of which the sum is 0.
    pub(in crate::ir::build) fn without_deviations(
        &mut self,
        axes: AxisSet,
        body: NodeId,
    ) -> Option<NodeId> {
        let Node::Sum(constant, terms) = self.node(body).clone() else {
            return None;
        };
        if self.is_literal() {
            return None;
        }
        for &(mean, k) in &terms {
            let factors = self.as_product(mean);
            let total = |f: &&(NodeId, i32)| {
                let is_sum =
                    matches!(*self.node(f.0), Node::Reduce(Reducer::Sum, over, _) if over == axes);
                is_sum && f.1 == 1
            };
            let Some(&(total, _)) = factors.iter().find(total) else {
                continue;
            };
            let Node::Reduce(_, _, x) = *self.node(total) else {
                continue;
            };
            if self.mean_of(axes, total) != mean {
                continue;
            }
            if let Some(mut rest) = self.without(&terms, x, k.negate()) {
                rest.retain(|t| t.0 != mean);
                return Some(self.sum(constant, &rest));
            }
        }
        None
    }

    /// A sum over axes by their extents.
    fn mean_of(&mut self, axes: AxisSet, total: NodeId) -> NodeId {
        let mut factors = vec![(total, 1)];
        for axis in axes.iter() {
            factors.push((self.size(self.axis(axis).dim), -1));
        }
        self.product(&factors)
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
