//! Constructors that keep the graph in its normal form.
//!
//! Every expression is made through these methods of [`Graph`]; they apply, bottom up
//! and in time linear in the expression, what an e-graph would have to search for:
//!
//! * sums and products are flat, sorted and collected ([`arith`]);
//! * constants are folded exactly, as rationals;
//! * what does not depend on the axis of a reduction leaves it, and a one-hot inside a
//!   sum over its axis becomes a gather ([`reduce`]);
//! * textbook spellings of numerically delicate functions become the primitive that has
//!   a stable kernel and a closed-form derivative ([`recognise`]).
//!
//! A rewrite here is directed and may widen the domain (`x/x → 1`): the limit is taken
//! at a removable singularity.

mod arith;
mod elementwise;
mod leaf;
mod logic;
mod recognise;
mod reduce;

use super::{Graph, Index, Node, NodeId, Softmax};

impl Graph {
    /// The node with each child replaced by what `child` makes of it, through the constructors.
    pub fn rebuild(
        &mut self,
        node: &Node,
        child: &mut dyn FnMut(&mut Graph, NodeId) -> NodeId,
    ) -> NodeId {
        match node {
            Node::Rational(_)
            | Node::Pi
            | Node::NegInfinity
            | Node::Bool(_)
            | Node::Place(..)
            | Node::Scalar(_)
            | Node::Flag(_)
            | Node::Size(_)
            | Node::Position(_) => self.intern(node.clone()),
            Node::Load(param, index) => {
                let index = index
                    .iter()
                    .map(|i| match i {
                        Index::Axis(axis) => Index::Axis(*axis),
                        Index::At(id) => Index::At(child(self, *id)),
                    })
                    .collect();
                self.load(*param, index)
            }
            Node::Number(a) => {
                let a = child(self, *a);
                self.number(a)
            }
            Node::Sum(constant, terms) => {
                let terms: Vec<_> = terms.iter().map(|&(id, c)| (child(self, id), c)).collect();
                self.sum(*constant, &terms)
            }
            Node::Product(factors) => {
                let factors: Vec<_> = factors
                    .iter()
                    .map(|&(id, e)| (child(self, id), e))
                    .collect();
                self.product(&factors)
            }
            Node::Unary(op, a) => {
                let a = child(self, *a);
                self.unary(*op, a)
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (child(self, *a), child(self, *b));
                self.binary(*op, a, b)
            }
            Node::Compare(op, a, b) => {
                let (a, b) = (child(self, *a), child(self, *b));
                self.compare(*op, a, b)
            }
            Node::Not(a) => {
                let a = child(self, *a);
                self.not(a)
            }
            Node::And(a, b) => {
                let (a, b) = (child(self, *a), child(self, *b));
                self.and(a, b)
            }
            Node::Select(c, a, b) => {
                let (c, a, b) = (child(self, *c), child(self, *a), child(self, *b));
                self.select(c, a, b)
            }
            Node::Reduce(reducer, axes, body) => {
                let body = child(self, *body);
                self.reduce(*reducer, *axes, body)
            }
            Node::Softmax(s) => {
                let softmax = Softmax {
                    body: child(self, s.body),
                    value: child(self, s.value),
                    hit: s.hit.map(|hit| child(self, hit)),
                    ..s.clone()
                };
                self.softmax(softmax)
            }
            Node::Unit { axes, value, body } => {
                let (value, body) = (child(self, *value), child(self, *body));
                self.unit_element(*axes, value, body)
            }
            Node::Angle { axes, a, b } => {
                let (a, b) = (child(self, *a), child(self, *b));
                self.angle(*axes, a, b)
            }
            Node::Detach(a) => {
                let a = child(self, *a);
                self.detach(a)
            }
        }
    }
}
