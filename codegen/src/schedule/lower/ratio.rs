//! Two softmaxes over the same axes beside each other: `ln p − ln q` and `p − q`, for divergences of distributions that are
//! next to each other.
//!
//! With `e = exp(z − M)`, `s = Σ e` of the logits z of p, and `f = exp(v − K)`, `t = Σ f` of the logits v of q:
//!
//! ```text
//! x = (z − v) − (M − K) = (z − M) − (v − K)           e − f = ± max(e, f) (1 − exp(−|x|))
//! ln p − ln q = x − ln(s / t)                         ln(s / t) = ± log1p(|Σ (e − f)| / min(s, t))
//! p − q = ((e − f) − q Σ (e − f)) / s
//! ```
//!
//! x is taken from whichever of its forms has the smaller terms. The results are then as accurate as differences of logits are,
//! where the difference of two logarithms (shares) is only as accurate as the logarithms (shares).

use super::Lowering;
use crate::ir::{AxisSet, BinaryOp, CompareOp, Node, NodeId, Softmax, SoftmaxForm, UnaryOp};
use crate::schedule::low::{Fold, LowId, Op};
use crate::support::rational::Rational;

/// What both results are made of.
struct Beside {
    /// `x`.
    exponent: LowId,
    /// `e − f`, `Σ (e − f)`.
    difference: LowId,
    total: LowId,
    /// `f`.
    exponential: LowId,
    /// `s` and `t`.
    totals: [LowId; 2],
}

impl Lowering<'_> {
    /// Takes one pair `k (p − q)`, or `k (ln p − ln q)`, out of the terms of a sum: k, positive, and the lowered difference.
    pub(super) fn take_softmaxes(
        &mut self,
        terms: &mut Vec<(NodeId, Rational)>,
    ) -> Option<(Rational, LowId)> {
        let of = |&(id, k): &(NodeId, Rational)| Some((id, k, self.softmax_everywhere(id)?));
        let softmaxes: Vec<_> = terms.iter().filter_map(of).collect();
        let pairs = softmaxes
            .iter()
            .flat_map(|p| softmaxes.iter().map(move |q| (p, q)));
        let (p, q) = pairs.into_iter().find(|((_, k, p), (_, l, q))| {
            k.is_positive() && *l == k.negate() && (p.form, p.axes) == (q.form, q.axes)
        })?;
        let (form, axes) = (p.2.form, p.2.axes);
        let (coefficient, z, v) = (p.1, p.2.body, q.2.body);
        let pair = [p.0, q.0];
        terms.retain(|t| !pair.contains(&t.0));
        // Value and gradient may have it with opposite signs, and need it once.
        let beside = self.beside(axes, z.min(v), z.max(v));
        let difference = match form {
            SoftmaxForm::Log => self.log_ratio(&beside),
            _ => self.difference_of_shares(&beside),
        };
        let difference = if z < v {
            difference
        } else {
            self.low.push(Op::Neg(difference))
        };
        Some((coefficient, difference))
    }

    /// A softmax or its logarithm at every position, of logits none of which is filtered out.
    fn softmax_everywhere(&self, id: NodeId) -> Option<Softmax> {
        match self.graph.node(id) {
            Node::Softmax(s) if s.hit.is_none() => {
                (!self.graph.may_be_left_out(s.body)).then(|| s.clone())
            }
            _ => None,
        }
    }

    fn log_ratio(&mut self, beside: &Beside) -> LowId {
        let [s, t] = beside.totals;
        let smaller = self.low.push(Op::Binary(BinaryOp::Min, s, t));
        let size = self.low.push(Op::Unary(UnaryOp::Abs, beside.total));
        let ratio = self.low.push(Op::Div(size, smaller));
        let log = self.low.push(Op::Unary(UnaryOp::Log1p, ratio));
        let log = self.with_sign_of(beside.total, log);
        self.low.push(Op::Sub(beside.exponent, log))
    }

    fn difference_of_shares(&mut self, beside: &Beside) -> LowId {
        let [inverse, per] = beside
            .totals
            .map(|total| self.low.push(Op::Unary(UnaryOp::RecipOrZero, total)));
        let share = self.low.push(Op::Mul(beside.exponential, per));
        let part = self.low.push(Op::Mul(share, beside.total));
        let rest = self.low.push(Op::Sub(beside.difference, part));
        self.low.push(Op::Mul(rest, inverse))
    }

    fn beside(&mut self, axes: AxisSet, z: NodeId, v: NodeId) -> Beside {
        let [above, below] = [z, v].map(|logits| self.shifted_exponential(axes, logits));
        let [z, v] = [z, v].map(|logits| self.lower(logits));
        let logits = self.low.push(Op::Sub(z, v));
        let maxima = self.low.push(Op::Sub(above.maximum, below.maximum));
        let near = self.low.push(Op::Sub(logits, maxima));
        let far = Op::Sub(above.difference, below.difference);
        let far = self.low.push(far);

        let [logits, maxima] = [logits, maxima].map(|x| self.low.push(Op::Unary(UnaryOp::Abs, x)));
        let size_near = self.low.push(Op::Add(logits, maxima));
        let size_far = Op::Add(above.difference, below.difference);
        let size_far = self.low.push(size_far);
        let size_far = self.low.push(Op::Neg(size_far));
        // Of logits next to the ends of the floats one of the two may overflow.
        let is_near = self
            .low
            .push(Op::Compare(CompareOp::Le, size_near, size_far));
        let x = self.low.push(Op::Select(is_near, near, far));
        let lowest = self.low.push(Op::Lowest);
        let most = self.low.push(Op::Neg(lowest));
        let x = self.low.push(Op::Binary(BinaryOp::Max, x, lowest));
        let exponent = self.low.push(Op::Binary(BinaryOp::Min, x, most));

        let size = self.low.push(Op::Unary(UnaryOp::Abs, exponent));
        let size = self.low.push(Op::Neg(size));
        let less = self.low.push(Op::Unary(UnaryOp::Expm1, size));
        let less = self.low.push(Op::Neg(less));
        let larger = Op::Binary(BinaryOp::Max, above.exponential, below.exponential);
        let larger = self.low.push(larger);
        let difference = self.low.push(Op::Mul(larger, less));
        let difference = self.with_sign_of(exponent, difference);
        Beside {
            exponent,
            difference,
            total: self.fold(Fold::Sum, axes, difference),
            exponential: below.exponential,
            totals: [above.exponential, below.exponential]
                .map(|exponential| self.fold(Fold::Sum, axes, exponential)),
        }
    }

    /// A positive number with the sign of x.
    fn with_sign_of(&mut self, x: LowId, size: LowId) -> LowId {
        let zero = self.low.constant(Rational::ZERO);
        let is_less = self.low.push(Op::Compare(CompareOp::Lt, x, zero));
        let negative = self.low.push(Op::Neg(size));
        self.low.push(Op::Select(is_less, negative, size))
    }
}
