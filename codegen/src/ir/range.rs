//! What is proven of the values of nodes: an interval for each, from those of its children.

use super::interval;
use super::{Graph, Node, NodeId, Range, Role};

/// The interval of a node.
pub(super) fn range_of(graph: &Graph, node: &Node) -> Range {
    match node {
        Node::Rational(r) => Range::of(*r),
        Node::Pi => Range::pi(),
        Node::NegInfinity => Range::closed(f64::NEG_INFINITY, f64::NEG_INFINITY),
        Node::Size(_) => Range::SIZE,
        Node::Number(_) => Range::NONNEGATIVE,
        Node::Scalar(id) | Node::Load(id, _) => match graph.param(*id).role {
            Role::Tensor { .. } | Role::Scalar { .. } => graph.param(*id).range,
            Role::Label(_)
            | Role::Identity
            | Role::Mask
            | Role::Flag(_)
            | Role::Static(_)
            | Role::Cotangent => Range::REAL,
        },
        Node::Sum(c, terms) => terms
            .iter()
            .fold(Range::of(*c), |total, (id, coefficient)| {
                total.plus(graph.range(*id).scaled(*coefficient))
            }),
        Node::Product(factors) => factors
            .iter()
            .map(|&(id, exponent)| graph.range(id).to_power(exponent))
            .reduce(Range::times)
            .unwrap_or(Range::closed(1.0, 1.0)),
        Node::Unary(op, a) => interval::unary(*op, graph.range(*a)),
        Node::Binary(op, a, b) => interval::binary(*op, graph.range(*a), graph.range(*b)),
        Node::Select(_, a, b) => graph.range(*a).hull(graph.range(*b)),
        Node::Reduce(reducer, _, body) => interval::reduce(*reducer, graph.range(*body)),
        Node::Softmax(s) => interval::softmax(s.form),
        Node::Unit { .. } => Range::closed(-1.0, 1.0),
        Node::Angle { .. } => Range::closed(0.0, Range::pi().hi),
        Node::Detach(a) => graph.range(*a),
        Node::Bool(_)
        | Node::Place(..)
        | Node::Flag(_)
        | Node::Position(_)
        | Node::Compare(..)
        | Node::Not(_)
        | Node::And(..) => Range::EXTENDED,
    }
}

impl Graph {
    /// Whether every value of the node is proven to be > 0.
    pub fn is_positive(&self, id: NodeId) -> bool {
        self.range(id).is_positive()
    }

    /// Whether a value of the node may be −∞, the logit that a filter leaves out.
    pub fn may_be_left_out(&self, id: NodeId) -> bool {
        self.range(id).contains(f64::NEG_INFINITY)
    }

    /// Whether every value of the node is proven to be ≥ 0.
    pub fn is_nonnegative(&self, id: NodeId) -> bool {
        self.range(id).is_nonnegative()
    }
}
