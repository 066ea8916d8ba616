//! The nodes of the expression graph.
//!
//! A node is a function of its free axes. There are no bound index variables: a
//! reduction closes the axes that it names, and a gather is no node at all but a
//! substitution (`z[C = y]` is `z` with its axis `C` replaced by the label), which
//! ends in the index list of a [`Node::Load`]. Positions, one-hots, renamed axes
//! and diagonals all come out of that one mechanism.

use super::{AxisId, AxisSet, BinaryOp, CompareOp, DimId, Reducer, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

/// A node of a [`Graph`](super::Graph). Children always have smaller ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

/// A parameter of the definition, in order of declaration; the cotangent is one more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ParamId(pub u16);

/// How one array axis of a parameter is indexed in a load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Index {
    /// By an axis: the load has that free axis.
    Axis(AxisId),
    /// At a position computed by a node of kind [`Kind::Index`] (a label).
    At(NodeId),
}

/// The kind of value that a node stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A real number.
    Real,
    /// A truth value.
    Bool,
    /// A position on a dimension.
    Index(DimId),
    /// The name of what a sample belongs to.
    Identity,
}

/// An expression, hash-consed in a [`Graph`](super::Graph).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Node {
    /// An exact constant.
    Rational(Rational),
    /// π.
    Pi,
    /// −∞: the value of a filtered-out element under `max` and `lse`.
    NegInfinity,
    /// A constant truth value.
    Bool(bool),
    /// A constant position on a dimension.
    Place(DimId, u32),
    /// A run-time scalar parameter.
    Scalar(ParamId),
    /// A run-time boolean parameter.
    Flag(ParamId),
    /// The extent of a dimension, as a real number.
    Size(DimId),
    /// An element of a tensor, label or mask parameter: an index per array axis.
    Load(ParamId, Vec<Index>),
    /// The position on an axis.
    Position(AxisId),
    /// A position as a real number.
    Number(NodeId),
    /// `constant + Σ coefficient · term`. Terms ascend, are distinct, are neither
    /// sums nor constants; coefficients are not 0. Negation and scaling are sums
    /// of one term.
    Sum(Rational, Vec<(NodeId, Rational)>),
    /// `Π factor^exponent`. Factors ascend, are distinct, are neither products nor
    /// constants nor scaled; exponents are not 0. Reciprocals are products of one
    /// factor. Never empty.
    Product(Vec<(NodeId, i32)>),
    /// An elementwise function.
    Unary(UnaryOp, NodeId),
    /// An elementwise function of two arguments.
    Binary(BinaryOp, NodeId, NodeId),
    /// A comparison.
    Compare(CompareOp, NodeId, NodeId),
    /// Negation of a truth value.
    Not(NodeId),
    /// Conjunction. (`a || b` is `!(!a && !b)`.)
    And(NodeId, NodeId),
    /// `if condition { a } else { b }`, elementwise. The branch not taken has no effect.
    Select(NodeId, NodeId, NodeId),
    /// A reduction over the axes; all of them are free in the body.
    Reduce(Reducer, AxisSet, NodeId),
    /// Of the softmax of `body` over `axes`, the share that belongs to the logit `value`.
    Softmax(Softmax),
    /// An element of a unit vector: `value / ‖body‖`, 0 where the norm is 0. `value` is `body`, or
    /// `body` with some of `axes` replaced.
    Unit {
        /// The axes of the norm.
        axes: AxisSet,
        /// The element.
        value: NodeId,
        /// The vector, a function of `axes`, which are bound here.
        body: NodeId,
    },
    /// The angle between two vectors over `axes` (bound), in radians, in [0, π]; π/2 if one is zero.
    Angle {
        /// The axes of the vectors.
        axes: AxisSet,
        /// One vector.
        a: NodeId,
        /// The other.
        b: NodeId,
    },
    /// The value of the body, with no gradient through it.
    Detach(NodeId),
}

/// See [`Node::Softmax`]: `p = e^value / Σ_axes e^body`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Softmax {
    /// What of it is meant.
    pub form: SoftmaxForm,
    /// The axes of the normaliser, bound in `body` and `hit`.
    pub axes: AxisSet,
    /// The logits.
    pub body: NodeId,
    /// The logit in question: `body` itself (the softmax at every position), or `body` at one position.
    pub value: NodeId,
    /// Where `value` stands among the logits: a condition on `axes` that is true at exactly that
    /// position. `None`: at the same position, `value` is `body`.
    pub hit: Option<NodeId>,
}

impl Node {
    /// The children, in order.
    pub fn children(&self) -> Vec<NodeId> {
        match self {
            Node::Rational(_)
            | Node::Pi
            | Node::NegInfinity
            | Node::Bool(_)
            | Node::Place(..)
            | Node::Scalar(_)
            | Node::Flag(_)
            | Node::Size(_)
            | Node::Position(_) => vec![],
            Node::Load(_, index) => index
                .iter()
                .filter_map(|i| match i {
                    Index::At(id) => Some(*id),
                    Index::Axis(_) => None,
                })
                .collect(),
            Node::Sum(_, terms) => terms.iter().map(|t| t.0).collect(),
            Node::Product(factors) => factors.iter().map(|f| f.0).collect(),
            Node::Number(a)
            | Node::Unary(_, a)
            | Node::Not(a)
            | Node::Detach(a)
            | Node::Reduce(_, _, a) => vec![*a],
            Node::Binary(_, a, b) | Node::Compare(_, a, b) | Node::And(a, b) => vec![*a, *b],
            Node::Select(c, a, b) => vec![*c, *a, *b],
            Node::Softmax(s) => [s.body, s.value].into_iter().chain(s.hit).collect(),
            Node::Unit { value, body, .. } => vec![*value, *body],
            Node::Angle { a, b, .. } => vec![*a, *b],
        }
    }
}
