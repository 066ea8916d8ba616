//! Recognition: textbook spellings become primitives.
//!
//! Each function looks at one sum, product or function application that is about to be
//! built and returns what it is, if it is something better. The primitives carry stable
//! kernels and closed-form adjoints; recognising them here, before differentiation, is what makes
//! `−ln(exp(z[C = y]) / sum[C](exp(z)))` the same loss as `lse[C](z) − z[C = y]`.
//!
//! `unary`, `sum` and `product` are the three places where that happens; here is what they share.

mod product;
mod removable;
mod sum;
mod unary;

use crate::ir::{AxisSet, Graph, Index, Node, NodeId, Role, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// `body` itself and its elements at every position known on the axis, each with the condition
    /// that tells where it stands.
    pub(crate) fn elements(
        &mut self,
        axes: AxisSet,
        body: NodeId,
    ) -> Vec<(NodeId, Option<NodeId>)> {
        let mut elements = vec![(body, None)];
        let Some(axis) = axes.iter().next().filter(|_| axes.len() == 1) else {
            return elements;
        };
        for place in self.places(self.axis(axis).dim) {
            if self.free(place).contains(axis) {
                continue;
            }
            let value = self.substitute(body, &[(axis, Index::At(place))]);
            let position = self.position(axis);
            let hit = self.equal(position, place);
            elements.push((value, Some(hit)));
        }
        elements
    }

    /// `x` for `e^x`, or for `e^x` behind a filter, which leaves −∞ elsewhere; `x + ln w` for `w · e^x`. The
    /// branches of a filter `!c` stand in the order of `c`.
    pub(in crate::ir::build) fn as_exponential(&mut self, node: NodeId) -> Option<NodeId> {
        if self.is_literal() {
            return None;
        }
        match *self.node(node) {
            Node::Unary(UnaryOp::Exp, x) => Some(x),
            Node::Product(ref factors) => {
                let factors = factors.clone();
                self.as_weighted_exponential(&factors)
            }
            Node::Select(c, f, g) if self.is_zero(g) => {
                let x = self.as_exponential(f)?;
                let outside = self.neg_infinity();
                Some(self.select(c, x, outside))
            }
            Node::Select(c, f, g) if self.is_zero(f) => {
                let x = self.as_exponential(g)?;
                let outside = self.neg_infinity();
                Some(self.select(c, outside, x))
            }
            _ => None,
        }
    }

    /// `x + ln w` for `w · e^x`, w ≥ 0. Where w may be 0 it must be data: ln w has no slope there.
    fn as_weighted_exponential(&mut self, factors: &[(NodeId, i32)]) -> Option<NodeId> {
        let is_exp = |f: &(NodeId, i32)| matches!(self.node(f.0), Node::Unary(UnaryOp::Exp, _));
        let at = factors.iter().position(|f| f.1 == 1 && is_exp(f))?;
        let Node::Unary(UnaryOp::Exp, x) = *self.node(factors[at].0) else {
            return None;
        };
        let mut terms = vec![(x, Rational::ONE)];
        for (i, &(weight, exponent)) in factors.iter().enumerate() {
            if i == at {
                continue;
            }
            let may_vanish = exponent > 0 && self.is_nonnegative(weight) && self.is_data(weight);
            if !(may_vanish || self.is_positive(weight)) {
                return None;
            }
            let log = self.unary(UnaryOp::Ln, weight);
            terms.push((log, Rational::from_int(exponent.into())));
        }
        Some(self.sum(Rational::ZERO, &terms))
    }

    /// Whether the node is an element of a tensor that is not differentiated.
    fn is_data(&self, id: NodeId) -> bool {
        let Node::Load(param, _) = *self.node(id) else {
            return false;
        };
        let role = &self.param(param).role;
        matches!(
            role,
            Role::Tensor {
                differentiable: false
            }
        )
    }
}
