//! Norms, unit vectors and angles, without squares that leave the range of floats.

use super::Lowering;
use crate::ir::{AxisSet, BinaryOp, CompareOp, NodeId, UnaryOp};
use crate::schedule::low::{Fold, LowId, Op};
use crate::support::rational::Rational;

/// A norm as a product.
pub(super) struct Scaled {
    pub(super) scale: LowId,
    pub(super) norm: LowId,
}

impl Lowering<'_> {
    pub(super) fn lower_norm(&mut self, axes: AxisSet, body: NodeId) -> LowId {
        let scaled = self.scaled_norm(axes, body);
        self.low.push(Op::Mul(scaled.scale, scaled.norm))
    }

    /// `‖x‖ = M·‖x/M‖` with M = max |x|: the squares neither overflow nor underflow, whatever the
    /// length of the vector. M is kept from 0, so that a zero vector has the norm 0.
    pub(super) fn scaled_norm(&mut self, axes: AxisSet, body: NodeId) -> Scaled {
        let vector = self.lower(body);
        let size = self.low.push(Op::Unary(UnaryOp::Abs, vector));
        let largest = self.fold(Fold::Max, axes, size);
        let smallest = self.low.push(Op::Smallest);
        let scale = self.low.push(Op::Binary(BinaryOp::Max, largest, smallest));
        let scaled = self.low.push(Op::Div(vector, scale));
        let square = self.low.push(Op::Mul(scaled, scaled));
        let sum = self.fold(Fold::Sum, axes, square);
        let norm = self.low.push(Op::Unary(UnaryOp::Sqrt, sum));
        Scaled { scale, norm }
    }

    /// `value / ‖body‖` without the inverse of the norm, which overflows for a subnormal vector.
    pub(super) fn lower_unit(&mut self, axes: AxisSet, value: NodeId, body: NodeId) -> LowId {
        let scaled = self.scaled_norm(axes, body);
        let value = self.lower(value);
        let value = self.low.push(Op::Div(value, scaled.scale));
        let inverse = self.low.push(Op::Unary(UnaryOp::RecipOrZero, scaled.norm));
        self.low.push(Op::Mul(value, inverse))
    }

    /// θ = 2·atan(‖â − b̂‖ / ‖â + b̂‖), accurate at every angle (Kahan); π/2 if one vector or both are
    /// zero: then both lengths are the same.
    pub(super) fn lower_angle(&mut self, axes: AxisSet, a: NodeId, b: NodeId) -> LowId {
        let (a, b) = (self.lower_unit(axes, a, a), self.lower_unit(axes, b, b));
        let norm = |lowering: &mut Self, op: Op| {
            let vector = lowering.low.push(op);
            let square = lowering.low.push(Op::Mul(vector, vector));
            let sum = lowering.fold(Fold::Sum, axes, square);
            lowering.low.push(Op::Unary(UnaryOp::Sqrt, sum))
        };
        let apart = norm(self, Op::Sub(a, b));
        let together = norm(self, Op::Add(a, b));
        // 1 at right angles, which two zero vectors are.
        let one = self.low.constant(Rational::ONE);
        let same = self.low.push(Op::Compare(CompareOp::Eq, apart, together));
        let ratio = self.low.push(Op::Div(apart, together));
        let ratio = self.low.push(Op::Select(same, one, ratio));
        let half = self.low.push(Op::Unary(UnaryOp::Atan, ratio));
        let two = self.low.constant(Rational::TWO);
        self.low.push(Op::Mul(two, half))
    }
}
