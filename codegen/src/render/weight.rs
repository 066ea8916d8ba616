//! How much there is to read in an expression.
//!
//! Roughly the number of symbols that it is written with, where what has a name counts as one.
//! Decides which shared parts are worth a name.

use std::collections::{BTreeMap, BTreeSet};

use super::share::Spelled;
use crate::ir::{Graph, Index, Kind, Node, NodeId, Reducer, SoftmaxForm, UnaryOp};

/// Whether a name would never be shorter or clearer than the thing itself, or would hide what a sum
/// could take out in front.
pub(super) fn is_trivial(graph: &Graph, spelled: &Spelled, id: NodeId) -> bool {
    if graph.kind(id) != Kind::Real || spelled.by_share.contains(&id) {
        return true;
    }
    match graph.node(id) {
        Node::Rational(_)
        | Node::Pi
        | Node::NegInfinity
        | Node::Scalar(_)
        | Node::Size(_)
        | Node::Load(..)
        | Node::Number(_)
        | Node::Unary(UnaryOp::RecipOrZero, _) => true,
        Node::Detach(a) => is_trivial(graph, spelled, *a),
        // A multiple is written as such, a reciprocal goes below the bar.
        Node::Sum(constant, terms) => constant.is_zero() && terms.len() == 1,
        Node::Product(factors) => factors.len() == 1,
        Node::Select(_, a, b) => graph.is_zero(*a) || graph.is_zero(*b),
        Node::Unit { body, .. } => is_hat(graph, spelled, *body),
        _ => false,
    }
}

/// Weights of the nodes of a graph, remembered.
pub(super) struct Weights<'a> {
    graph: &'a Graph,
    spelled: &'a Spelled,
    known: BTreeMap<NodeId, usize>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(graph: &'a Graph, spelled: &'a Spelled) -> Self {
        Weights {
            graph,
            spelled,
            known: BTreeMap::new(),
        }
    }

    /// The weight of a node whose named parts count as one symbol. Children must not gain names
    /// after their parents were weighed.
    pub(super) fn of(&mut self, id: NodeId, names: &BTreeSet<NodeId>) -> usize {
        if names.contains(&id) {
            return 1;
        }
        if let Some(&known) = self.known.get(&id) {
            return known;
        }
        let weight = if self.spelled.by_share.contains(&id) {
            2
        } else {
            self.written_out(id, names)
        };
        self.known.insert(id, weight);
        weight
    }

    /// The weight of a node itself, were it not named.
    pub(super) fn written_out(&mut self, id: NodeId, names: &BTreeSet<NodeId>) -> usize {
        let graph = self.graph;
        match graph.node(id) {
            Node::Sum(constant, terms) => {
                let parts = terms.iter().map(|term| self.of(term.0, names));
                parts.sum::<usize>() + usize::from(!constant.is_zero())
            }
            Node::Product(factors) => factors.iter().map(|factor| self.of(factor.0, names)).sum(),
            Node::Load(_, index) => {
                let moved = index.iter().any(|index| matches!(index, Index::At(_)));
                1 + usize::from(moved)
            }
            Node::Reduce(Reducer::Norm, _, body) => 1 + self.of(*body, names),
            Node::Reduce(_, _, body) => 3 + self.of(*body, names),
            Node::Softmax(s) => {
                let form = usize::from(s.form != SoftmaxForm::Prob);
                1 + form + self.of(s.body, names) + usize::from(s.hit.is_some())
            }
            Node::Unit { body, .. } if is_hat(graph, self.spelled, *body) => 1,
            Node::Unit { body, .. } => 1 + self.of(*body, names),
            Node::Angle { a, b, .. } => 2 + self.of(*a, names) + self.of(*b, names),
            Node::Number(a) | Node::Detach(a) | Node::Unary(UnaryOp::RecipOrZero, a) => {
                self.of(*a, names)
            }
            node => {
                let children = node.children();
                let parts = children.into_iter().map(|child| self.of(child, names));
                1 + parts.sum::<usize>()
            }
        }
    }
}

fn is_hat(graph: &Graph, spelled: &Spelled, body: NodeId) -> bool {
    matches!(graph.node(body), Node::Load(param, _) if spelled.hats.contains_key(param))
}
