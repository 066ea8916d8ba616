//! Functions of what they undo or combine with: `ln(1 + e^x)`, `ln cosh x`, `√Σx²`, the angle between two vectors.

use crate::ir::{AxisSet, Graph, Node, NodeId, Reducer, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// What `op(a)` is, if it is a primitive.
    pub(in crate::ir::build) fn recognise_unary(
        &mut self,
        op: UnaryOp,
        a: NodeId,
    ) -> Option<NodeId> {
        if self.is_literal() {
            return None;
        }
        let minus_one = Rational::from_int(-1);
        match (op, self.node(a).clone()) {
            // ln(1 + e^x), ln(1 − e^x), ln(1 + x)
            (UnaryOp::Ln, Node::Sum(constant, terms)) if constant.is_one() => {
                let x = self.sum(Rational::ZERO, &terms);
                Some(self.unary(UnaryOp::Log1p, x))
            }
            (UnaryOp::Log1p, Node::Unary(UnaryOp::Exp, x)) => {
                Some(self.unary(UnaryOp::Softplus, x))
            }
            // ln(1 + Σ e^x), which a filter may leave with nothing but the 1
            (UnaryOp::Log1p, Node::Reduce(Reducer::Sum, axes, body)) => {
                let x = self.as_exponential(body)?;
                let lse = self.reduce(Reducer::Lse, axes, x);
                Some(self.unary(UnaryOp::Softplus, lse))
            }
            (UnaryOp::Log1p, Node::Sum(constant, terms))
                if constant.is_zero() && terms.len() == 1 && terms[0].1 == minus_one =>
            {
                let Node::Unary(UnaryOp::Exp, x) = *self.node(terms[0].0) else {
                    return None;
                };
                Some(self.unary(UnaryOp::Log1mExp, x))
            }
            // The same, where 1 − e^x was recognised first
            (UnaryOp::Ln, Node::Sum(constant, terms))
                if constant.is_zero() && terms.len() == 1 && terms[0].1 == minus_one =>
            {
                let Node::Unary(UnaryOp::Expm1, x) = *self.node(terms[0].0) else {
                    return None;
                };
                Some(self.unary(UnaryOp::Log1mExp, x))
            }
            // ln(p / q) = ln p − ln q for shares p, q: 0 / 0 in floats, where the logarithms are finite
            (UnaryOp::Ln, Node::Product(factors))
                if factors.iter().any(|f| self.is_share(f.0))
                    && factors.iter().all(|f| self.is_nonnegative(f.0)) =>
            {
                let mut terms = vec![];
                for (id, exponent) in factors {
                    let log = self.unary(UnaryOp::Ln, id);
                    terms.push((log, Rational::from_int(i64::from(exponent))));
                }
                Some(self.sum(Rational::ZERO, &terms))
            }
            // The logarithm of a choice between shares, in its branches
            (UnaryOp::Ln, Node::Select(condition, yes, no))
                if [yes, no].iter().all(|&id| self.has_logarithm(id)) =>
            {
                let [yes, no] = [yes, no].map(|id| self.unary(UnaryOp::Ln, id));
                Some(self.select(condition, yes, no))
            }
            // ln σ(x) = −softplus(−x), and back
            (UnaryOp::Ln, Node::Unary(UnaryOp::Sigmoid, x)) => {
                let x = self.neg(x);
                let softplus = self.unary(UnaryOp::Softplus, x);
                Some(self.neg(softplus))
            }
            (UnaryOp::Exp, Node::Sum(constant, terms))
                if constant.is_zero() && terms.len() == 1 && terms[0].1 == minus_one =>
            {
                let Node::Unary(UnaryOp::Softplus, x) = *self.node(terms[0].0) else {
                    return None;
                };
                let x = self.neg(x);
                Some(self.unary(UnaryOp::Sigmoid, x))
            }
            (UnaryOp::Ln, Node::Unary(UnaryOp::Cosh, x)) => Some(self.unary(UnaryOp::LnCosh, x)),
            // √Σx²
            (UnaryOp::Sqrt, Node::Reduce(Reducer::Sum, axes, body)) => {
                let half = self.square_root_of_square(body)?;
                Some(self.reduce(Reducer::Norm, axes, half))
            }
            (UnaryOp::Sqrt, Node::Product(_)) => {
                let half = self.square_root_of_square(a)?;
                Some(self.unary(UnaryOp::Abs, half))
            }
            // The angle between two vectors
            (UnaryOp::Acos, Node::Reduce(Reducer::Sum, axes, body)) => {
                let (x, y) = self.cosine_of(axes, body)?;
                Some(self.angle(axes, x, y))
            }
            // The largest of several cosines belongs to the smallest of their angles
            (UnaryOp::Acos, Node::Reduce(Reducer::Max, axes, body)) => {
                let angle = self.recognise_unary(UnaryOp::Acos, body)?;
                let minus = self.neg(angle);
                let largest = self.reduce(Reducer::Max, axes, minus);
                Some(self.neg(largest))
            }
            // … and its cosine, which no angle is needed for
            (UnaryOp::Cos, Node::Angle { axes, a, b }) => {
                let (a, b) = (self.unit(axes, a), self.unit(axes, b));
                Some(self.dot(axes, a, b))
            }
            (UnaryOp::Cos, Node::Unary(UnaryOp::Acos, x)) => Some(x),
            _ => None,
        }
    }

    /// Whether a node is a softmax or a sigmoid, whose logarithms are primitives.
    pub(in crate::ir::build) fn is_share(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Softmax(s) => matches!(s.form, SoftmaxForm::Prob | SoftmaxForm::Complement),
            Node::Unary(op, _) => *op == UnaryOp::Sigmoid,
            _ => false,
        }
    }

    /// A share, or a positive number as in a product over some of several shares.
    fn has_logarithm(&self, id: NodeId) -> bool {
        self.is_share(id) || self.as_rational(id).is_some_and(Rational::is_positive)
    }

    /// `x` for a node that is `x²`.
    pub(super) fn square_root_of_square(&mut self, square: NodeId) -> Option<NodeId> {
        let Node::Product(factors) = self.node(square).clone() else {
            return None;
        };
        if factors.iter().any(|f| f.1 % 2 != 0) {
            return None;
        }
        let half: Vec<_> = factors.iter().map(|&(id, e)| (id, e / 2)).collect();
        Some(self.product(&half))
    }

    /// The vectors whose cosine `Σ_axes body` is: `body` is a product of their unit vectors.
    pub fn cosine_of(&self, axes: AxisSet, body: NodeId) -> Option<(NodeId, NodeId)> {
        let units: Option<Vec<_>> = self
            .as_product(body)
            .into_iter()
            .map(|(id, exponent)| match *self.node(id) {
                Node::Unit {
                    axes: over,
                    value,
                    body,
                } if over == axes && value == body => {
                    Some(vec![body; usize::try_from(exponent).ok()?])
                }
                _ => None,
            })
            .collect();
        match units?.concat().as_slice() {
            &[a, b] => Some((a, b)),
            _ => None,
        }
    }
}
