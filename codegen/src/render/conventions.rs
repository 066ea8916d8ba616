//! What was agreed on at kinks and singular points, as sentences for the documentation.

use std::collections::BTreeSet;

use crate::ir::{BinaryOp, Gradient, Node, Reducer, SoftmaxForm, UnaryOp};

/// The conventions that a loss and its gradients rely on, in the order of this list.
pub(super) fn of(gradient: &Gradient) -> Vec<String> {
    let loss = &gradient.loss;
    let mut roots = vec![loss.value];
    roots.extend(gradient.gradients.iter().map(|(_, node)| *node));
    let found: BTreeSet<_> = loss
        .graph
        .reachable(&roots)
        .into_iter()
        .filter_map(|id| convention(loss.graph.node(id)))
        .collect();
    found
        .into_iter()
        .map(|convention| convention.sentence().to_owned())
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Convention {
    Unit,
    Angle,
    Norm,
    Root,
    Absolute,
    Steps,
    Ties,
    Empty,
    Power,
    Xlogy,
    Certain,
    Detached,
}

impl Convention {
    fn sentence(self) -> &'static str {
        match self {
            Convention::Unit => "The unit vector of 0 is 0, and no gradient passes through it.",
            Convention::Angle => {
                "The angle to a zero vector is π/2. Where two vectors are aligned or opposite, the gradient of their angle is 0."
            }
            Convention::Norm => "The gradient of a norm at 0 is 0.",
            Convention::Root => "The slope of a square root at 0 is 0.",
            Convention::Absolute => "The slope of an absolute value at 0 is 0.",
            Convention::Steps => "Signs and roundings have slope 0.",
            Convention::Ties => "The slope of a minimum or maximum is shared equally among ties.",
            Convention::Empty => {
                "Over nothing, a sum is 0 and a maximum or log-sum-exp is −∞, with gradient 0."
            }
            Convention::Power => "0⁰ = 1.",
            Convention::Xlogy => "0 · ln 0 = 0.",
            Convention::Certain => "ln p / (1 − p) at p = 1 is its limit, −1.",
            Convention::Detached => "No gradient passes through what is detached.",
        }
    }
}

fn convention(node: &Node) -> Option<Convention> {
    Some(match node {
        Node::Unit { .. } => Convention::Unit,
        Node::Angle { .. } => Convention::Angle,
        Node::Reduce(Reducer::Norm, ..) => Convention::Norm,
        Node::Reduce(Reducer::Max, ..) | Node::Binary(BinaryOp::Min | BinaryOp::Max, ..) => {
            Convention::Ties
        }
        Node::NegInfinity => Convention::Empty,
        Node::Unary(UnaryOp::Sqrt, _) => Convention::Root,
        Node::Unary(UnaryOp::Abs, _) => Convention::Absolute,
        Node::Unary(UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round, _) => {
            Convention::Steps
        }
        Node::Unary(UnaryOp::SoftplusOverSigmoid, _) => Convention::Certain,
        Node::Softmax(s) if s.form == SoftmaxForm::LogOverComplement => Convention::Certain,
        Node::Binary(BinaryOp::Pow, ..) => Convention::Power,
        Node::Binary(BinaryOp::Xlogy, ..) => Convention::Xlogy,
        Node::Detach(_) => Convention::Detached,
        _ => return None,
    })
}
