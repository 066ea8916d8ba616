//! Exponentials that leave the floats while the result does not.
//!
//! `e^x` of a large `x` is infinite, and so is a loss that grows like it: that is its definition. The hazard is a quotient
//! or a difference of two such numbers (NaN), or a logarithm or root of one (infinite, though the true result is small).

use super::proof::Known;
use super::singular::{Place, Shown, Singularity};
use crate::ir::{BinaryOp, HazardKind, Node, NodeId, Range, Reducer, UnaryOp};

/// e^88 is the end of f32; arguments within this are left alone.
const LARGE: f64 = 80.0;

/// For each node an exponential that makes it overflow, if there is one; children have to come first.
#[derive(Default)]
pub(super) struct Growth {
    /// By node; nodes that were not asked for do not grow.
    cause: Vec<Option<NodeId>>,
}

impl Growth {
    fn of(&self, id: NodeId) -> Option<NodeId> {
        self.cause.get(id.0 as usize).copied().flatten()
    }

    /// Adds a node. A hazard, if infinity met a function that it is no good argument of.
    pub(super) fn add(&mut self, known: Known<'_>, id: NodeId) -> Option<Singularity> {
        let hazard = self.hazard(known, id);
        // What has been reported is not reported again further up.
        if hazard.is_none() {
            let cause = self.cause_of(known, id);
            self.cause
                .resize((id.0 as usize + 1).max(self.cause.len()), None);
            self.cause[id.0 as usize] = cause;
        }
        let exponential = hazard?;
        let argument = known.graph.node(exponential).children()[0];
        Some(Singularity {
            kind: HazardKind::Overflow,
            shown: Shown::Node(exponential),
            argument,
            place: Place::Large,
        })
    }

    fn cause_of(&self, known: Known<'_>, id: NodeId) -> Option<NodeId> {
        let any = |ids: &[NodeId]| ids.iter().find_map(|&id| self.of(id));
        match known.graph.node(id) {
            Node::Unary(op, a) => match op {
                UnaryOp::Exp | UnaryOp::Expm1 if known.range(*a).hi > LARGE => Some(id),
                UnaryOp::Sinh | UnaryOp::Cosh if is_wide(known.range(*a)) => Some(id),
                UnaryOp::Abs | UnaryOp::Softplus | UnaryOp::LnCosh => self.of(*a),
                _ => None,
            },
            Node::Sum(_, terms) => terms.iter().find_map(|t| self.of(t.0)),
            Node::Product(factors) => factors
                .iter()
                .filter(|f| f.1 > 0)
                .find_map(|f| self.of(f.0)),
            Node::Select(_, a, b) | Node::Binary(BinaryOp::Max, a, b) => any(&[*a, *b]),
            Node::Binary(BinaryOp::Min, a, b) => self.of(*a).and(self.of(*b)),
            Node::Reduce(Reducer::Sum | Reducer::Max | Reducer::Norm, _, a) | Node::Detach(a) => {
                self.of(*a)
            }
            _ => None,
        }
    }

    fn hazard(&self, known: Known<'_>, id: NodeId) -> Option<NodeId> {
        match known.graph.node(id) {
            Node::Unary(UnaryOp::Ln | UnaryOp::Log1p | UnaryOp::Sqrt, a) => self.of(*a),
            Node::Product(factors) => {
                let growing = |f: &&(NodeId, i32)| self.of(f.0).is_some();
                let above = factors.iter().filter(growing).find(|f| f.1 > 0)?;
                factors.iter().filter(growing).find(|f| f.1 < 0)?;
                self.of(above.0)
            }
            Node::Sum(_, terms) => {
                let mut positive = terms.iter().filter_map(|&(term, c)| {
                    let cause = self.of(term)?;
                    let range = known.range(term);
                    let sign = if range.is_nonnegative() {
                        Some(!c.is_negative())
                    } else if range.hi <= 0.0 {
                        Some(c.is_negative())
                    } else {
                        None
                    };
                    Some((cause, sign))
                });
                let (cause, sign) = positive.next()?;
                positive
                    .any(|(_, other)| other.is_none() || sign != other)
                    .then_some(cause)
            }
            _ => None,
        }
    }
}

fn is_wide(range: Range) -> bool {
    range.lo < -LARGE || range.hi > LARGE
}
