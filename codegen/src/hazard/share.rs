//! Exponentials that are shares: `e^(u − lse z)` with `u` one of the logits `z` is at most 1, however large the logits are.

use super::instance::{Matching, parts};
use crate::ir::{Graph, Node, NodeId, Reducer};
use crate::support::rational::Rational;

/// Whether an exponent is one of some logits less their log-sum-exp. Logits that are left out do not count: nobody
/// asks for their share.
pub(super) fn is_log_of_share(graph: &Graph, exponent: NodeId) -> bool {
    let (constant, terms) = parts(graph, exponent);
    terms.iter().enumerate().any(|(at, &(lse, coefficient))| {
        let Node::Reduce(Reducer::Lse, axes, logits) = graph.node(lse) else {
            return false;
        };
        let logits = match graph.node(*logits) {
            Node::Select(_, counted, rest) if *graph.node(*rest) == Node::NegInfinity => *counted,
            Node::Select(_, rest, counted) if *graph.node(*rest) == Node::NegInfinity => *counted,
            _ => *logits,
        };
        let mut logit = terms.clone();
        logit.remove(at);
        coefficient == Rational::MINUS_ONE
            && Matching::new(graph, *axes).parts(&(constant, logit), &parts(graph, logits))
    })
}
