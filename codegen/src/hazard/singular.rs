//! The singular points of every operator, and whether a node is kept away from them.

use std::f64::consts::FRAC_PI_2;

use super::proof::Known;
use crate::ir::{BinaryOp, HazardKind, Node, NodeId, UnaryOp};

/// Where on the real line an operator goes wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Place {
    /// At a number.
    At(i64),
    /// At the number and below.
    UpTo(i64),
    /// At the number and above.
    From(i64),
    /// Below 0.
    Negative,
    /// Beyond ±1.
    BeyondOnes,
    /// At ±1.
    Ones,
    /// At odd multiples of π/2.
    RightAngles,
    /// Where it is large.
    Large,
}

impl Place {
    /// The number at which it begins, if it is one.
    pub(super) fn number(self) -> Option<i64> {
        match self {
            Place::At(number) | Place::UpTo(number) | Place::From(number) => Some(number),
            Place::Negative => Some(0),
            Place::BeyondOnes | Place::Ones | Place::RightAngles | Place::Large => None,
        }
    }
}

/// What is shown of a hazard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Shown {
    /// The node.
    Node(NodeId),
    /// A negative power of the node.
    Power(NodeId, i32),
}

/// A singular point that inputs within their declared ranges can reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Singularity {
    pub(super) kind: HazardKind,
    pub(super) shown: Shown,
    /// The argument that decides.
    pub(super) argument: NodeId,
    pub(super) place: Place,
}

/// The singular points of one node that are within reach.
pub(super) fn of(known: Known<'_>, id: NodeId) -> Vec<Singularity> {
    let found = |kind, shown, argument, place| Singularity {
        kind,
        shown,
        argument,
        place,
    };
    let here = |kind, argument, place| vec![found(kind, Shown::Node(id), argument, place)];
    let log = |argument, place| here(HazardKind::LogOfZero, argument, place);
    let at_or_below = |argument| {
        if known.is_nonnegative(argument) {
            Place::At(0)
        } else {
            Place::UpTo(0)
        }
    };
    match known.graph.node(id) {
        Node::Unary(op, a) => {
            let range = known.range(*a);
            match op {
                UnaryOp::Ln if !known.is_positive(*a) => log(*a, at_or_below(*a)),
                UnaryOp::Log1p if range.lo == -1.0 && !range.lo_open => log(*a, Place::At(-1)),
                UnaryOp::Log1p if range.lo < -1.0 => log(*a, Place::UpTo(-1)),
                UnaryOp::Log1mExp if range.hi == 0.0 && !range.hi_open => log(*a, Place::At(0)),
                UnaryOp::Log1mExp if range.hi > 0.0 => log(*a, Place::From(0)),
                UnaryOp::Sqrt if !known.is_nonnegative(*a) => {
                    here(HazardKind::OutsideDomain, *a, Place::Negative)
                }
                UnaryOp::Acos | UnaryOp::Asin if range.lo < -1.0 || range.hi > 1.0 => {
                    here(HazardKind::OutsideDomain, *a, Place::BeyondOnes)
                }
                UnaryOp::Tan if range.lo <= -FRAC_PI_2 || range.hi >= FRAC_PI_2 => {
                    here(HazardKind::DivisionByZero, *a, Place::RightAngles)
                }
                UnaryOp::RecipOrZero => slope(known, *a).into_iter().collect(),
                _ => vec![],
            }
        }
        Node::Binary(BinaryOp::Pow, a, b) => {
            let base = known.range(*a);
            // A negative base has exponents that are integers.
            if base.hi >= 0.0 && !known.is_nonnegative(*a) {
                here(HazardKind::OutsideDomain, *a, Place::Negative)
            } else if !known.is_nonnegative(*b) && !known.is_nonzero(*a) {
                here(HazardKind::DivisionByZero, *a, Place::At(0))
            } else {
                vec![]
            }
        }
        // x ln x is 0 at 0 by convention.
        Node::Binary(BinaryOp::Xlogy, a, b) if !known.is_positive(*b) => {
            if a == b && known.is_nonnegative(*b) {
                vec![]
            } else {
                log(*b, at_or_below(*b))
            }
        }
        Node::Product(factors) => factors
            .iter()
            .filter(|f| f.1 < 0 && !known.is_nonzero(f.0))
            .map(|&(factor, exponent)| {
                slope(known, factor).unwrap_or_else(|| {
                    let shown = Shown::Power(factor, exponent);
                    found(HazardKind::DivisionByZero, shown, factor, Place::At(0))
                })
            })
            .collect(),
        _ => vec![],
    }
}

/// The infinite slope of the function whose derivative is `1 / divisor`. Where that function is a norm, or the divisor
/// counts what a mean is over, 0 was agreed on.
fn slope(known: Known<'_>, divisor: NodeId) -> Option<Singularity> {
    let Node::Unary(outer, inner) = known.graph.node(divisor) else {
        return None;
    };
    let found = |function, argument, place| {
        Some(Singularity {
            kind: HazardKind::InfiniteSlope,
            shown: Shown::Node(function),
            argument,
            place,
        })
    };
    match (outer, known.graph.node(*inner)) {
        (UnaryOp::Sqrt, _) if !known.is_positive(*inner) => found(divisor, *inner, Place::At(0)),
        (UnaryOp::Sin, Node::Unary(UnaryOp::Acos, c))
        | (UnaryOp::Cos, Node::Unary(UnaryOp::Asin, c))
            if !known.is_inner_cosine(*c) =>
        {
            found(*inner, *c, Place::Ones)
        }
        _ => None,
    }
}
