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

use crate::ir::{AxisSet, Graph, Index, Node, NodeId, UnaryOp};

impl Graph {
    /// `body` itself and its elements at every position known on the axis, each with the condition
    /// that tells where it stands.
    pub(super) fn elements(
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

    /// `x` for `e^x`, or for `e^x` behind a filter, which leaves −∞ elsewhere. The branches of a
    /// filter `!c` stand in the order of `c`.
    pub(in crate::ir::build) fn as_exponential(&mut self, node: NodeId) -> Option<NodeId> {
        match *self.node(node) {
            Node::Unary(UnaryOp::Exp, x) => Some(x),
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
}
