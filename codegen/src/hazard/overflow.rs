//! Exponentials that leave the floats while the result does not.
//!
//! `e^x` of a large `x` is infinite, and so is a loss that grows like it: that is its definition. The hazard is a quotient
//! or a difference of two such numbers (NaN), or a logarithm or root of one (infinite, though the true result is small).

use super::proof::Known;
use super::share::is_log_of_share;
use super::singular::{Place, Shown, Singularity};
use crate::ir::{BinaryOp, HazardKind, Node, NodeId, Range, Reducer, UnaryOp};

/// e^88 is the end of f32; arguments within this are left alone.
const LARGE: f64 = 80.0;

/// That a node overflows.
#[derive(Clone, Copy)]
struct Infinite {
    /// The exponential that makes it.
    cause: NodeId,
    /// Whether it is then +∞, if that is known.
    positive: Option<bool>,
}

impl Infinite {
    fn times(self, sign: Option<bool>) -> Infinite {
        let positive = self.positive.zip(sign).map(|(a, b)| a == b);
        Infinite { positive, ..self }
    }

    /// One of two that may be.
    fn or(self, other: Infinite) -> Infinite {
        let positive = self.positive.filter(|_| self.positive == other.positive);
        Infinite { positive, ..self }
    }
}

/// The nodes that overflow; they are added children first.
#[derive(Default)]
pub(super) struct Growth {
    /// By node; nodes that were not added do not grow.
    found: Vec<Option<Infinite>>,
}

impl Growth {
    fn of(&self, id: NodeId) -> Option<Infinite> {
        self.found.get(id.0 as usize).copied().flatten()
    }

    /// Adds a node. A hazard, if infinity met a function that it is no good argument of.
    pub(super) fn add(&mut self, known: Known<'_>, id: NodeId) -> Option<Singularity> {
        let Some(exponential) = self.hazard(known, id) else {
            let infinite = self.infinite(known, id);
            let count = self.found.len().max(id.0 as usize + 1);
            self.found.resize(count, None);
            self.found[id.0 as usize] = infinite;
            return None;
        };
        // The node counts as finite: what has been reported is not reported again further up.
        Some(Singularity {
            kind: HazardKind::Overflow,
            shown: Shown::Node(exponential),
            argument: known.graph.node(exponential).children()[0],
            place: Place::Large,
        })
    }

    fn infinite(&self, known: Known<'_>, id: NodeId) -> Option<Infinite> {
        let any = |ids: &[NodeId]| {
            let found = ids.iter().filter_map(|&id| self.of(id));
            found.reduce(Infinite::or)
        };
        let here = |positive| {
            Some(Infinite {
                cause: id,
                positive,
            })
        };
        match known.graph.node(id) {
            Node::Unary(op, a) => match op {
                UnaryOp::Exp | UnaryOp::Expm1 => {
                    let bounded = known.range(*a).hi <= LARGE || is_log_of_share(known.graph, *a);
                    here(Some(true)).filter(|_| !bounded)
                }
                UnaryOp::Cosh if is_wide(known.range(*a)) => here(Some(true)),
                UnaryOp::Sinh if is_wide(known.range(*a)) => here(None),
                UnaryOp::Abs | UnaryOp::LnCosh => {
                    let found = self.of(*a)?;
                    Some(found.times(found.positive))
                }
                UnaryOp::Softplus => self.of(*a),
                _ => None,
            },
            Node::Sum(_, terms) => terms
                .iter()
                .filter_map(|&(term, c)| Some(self.of(term)?.times(Some(!c.is_negative()))))
                .reduce(Infinite::or),
            Node::Product(factors) => factors.iter().filter(|f| f.1 > 0).find_map(|large| {
                let others = factors.iter().filter(|f| f.0 != large.0);
                let found = self.of(large.0)?;
                let own = if large.1 % 2 == 0 {
                    found.times(found.positive)
                } else {
                    found
                };
                Some(others.fold(own, |found, &(factor, e)| {
                    found.times(sign(known, factor, e))
                }))
            }),
            Node::Select(_, a, b) | Node::Binary(BinaryOp::Max, a, b) => any(&[*a, *b]),
            Node::Binary(BinaryOp::Min, a, b) => self.of(*a).and(self.of(*b)),
            Node::Reduce(Reducer::Sum | Reducer::Max | Reducer::Norm, _, a) | Node::Detach(a) => {
                self.of(*a)
            }
            _ => None,
        }
    }

    /// The exponential whose overflow the node does not survive.
    fn hazard(&self, known: Known<'_>, id: NodeId) -> Option<NodeId> {
        match known.graph.node(id) {
            Node::Unary(UnaryOp::Ln | UnaryOp::Log1p | UnaryOp::Sqrt, a) => {
                Some(self.of(*a)?.cause)
            }
            Node::Product(factors) => {
                let growing = |f: &&(NodeId, i32)| self.of(f.0).is_some();
                let above = factors.iter().filter(growing).find(|f| f.1 > 0)?;
                factors.iter().filter(growing).find(|f| f.1 < 0)?;
                Some(self.of(above.0)?.cause)
            }
            Node::Sum(_, terms) => {
                let mut growing = terms
                    .iter()
                    .filter_map(|&(term, c)| Some(self.of(term)?.times(Some(!c.is_negative()))));
                let first = growing.next()?;
                let apart = |other: Infinite| first.or(other).positive.is_none();
                growing.any(apart).then_some(first.cause)
            }
            _ => None,
        }
    }
}

/// Whether a power is ≥ 0, if its sign is known.
fn sign(known: Known<'_>, id: NodeId, exponent: i32) -> Option<bool> {
    let range = known.range(id);
    if exponent % 2 == 0 || range.is_nonnegative() {
        Some(true)
    } else {
        (range.hi <= 0.0).then_some(false)
    }
}

fn is_wide(range: Range) -> bool {
    range.lo < -LARGE || range.hi > LARGE
}
