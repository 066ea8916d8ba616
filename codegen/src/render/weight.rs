//! How much there is to read in an expression.
//!
//! Roughly the number of symbols that it is written with, where what has a name counts as one.
//! Decides which shared parts are worth a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{AxisSet, Graph, Index, Kind, Node, NodeId, ParamId};

/// Weights of the nodes of a graph, remembered.
pub(super) struct Weights<'a> {
    graph: &'a Graph,
    hats: &'a BTreeMap<ParamId, AxisSet>,
    known: BTreeMap<NodeId, usize>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(graph: &'a Graph, hats: &'a BTreeMap<ParamId, AxisSet>) -> Self {
        Weights {
            graph,
            hats,
            known: BTreeMap::new(),
        }
    }

    /// Whether a name would never be shorter or clearer than the thing itself.
    pub(super) fn is_trivial(graph: &Graph, hats: &BTreeMap<ParamId, AxisSet>, id: NodeId) -> bool {
        if graph.kind(id) != Kind::Real {
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
            | Node::Detach(_) => true,
            // A multiple is written as such.
            Node::Sum(constant, terms) => constant.is_zero() && terms.len() == 1,
            Node::Product(factors) => factors.len() == 1,
            Node::Unit { body, .. } => is_hat(graph, hats, *body),
            _ => false,
        }
    }

    /// The weight of a node whose named parts count as one symbol. Children must not gain names
    /// after their parents were weighed.
    pub(super) fn of(&mut self, id: NodeId, names: &BTreeSet<NodeId>) -> usize {
        if let Some(&known) = self.known.get(&id) {
            return if names.contains(&id) { 1 } else { known };
        }
        let graph = self.graph;
        let weight = match graph.node(id) {
            Node::Sum(constant, terms) => {
                let parts = terms.iter().map(|term| self.of(term.0, names));
                parts.sum::<usize>() + usize::from(!constant.is_zero())
            }
            Node::Product(factors) => factors.iter().map(|factor| self.of(factor.0, names)).sum(),
            Node::Load(_, index) => {
                let moved = index.iter().any(|index| matches!(index, Index::At(_)));
                1 + usize::from(moved)
            }
            Node::Reduce(_, _, body) => 3 + self.of(*body, names),
            Node::Softmax(s) => 1 + self.of(s.body, names) + usize::from(s.hit.is_some()),
            Node::Unit { body, .. } if is_hat(graph, self.hats, *body) => 1,
            Node::Unit { body, .. } => 1 + self.of(*body, names),
            Node::Angle { a, b, .. } => 2 + self.of(*a, names) + self.of(*b, names),
            Node::Number(a) | Node::Detach(a) => self.of(*a, names),
            node => {
                let children = node.children();
                let parts = children.into_iter().map(|child| self.of(child, names));
                1 + parts.sum::<usize>()
            }
        };
        self.known.insert(id, weight);
        if names.contains(&id) { 1 } else { weight }
    }
}

fn is_hat(graph: &Graph, hats: &BTreeMap<ParamId, AxisSet>, body: NodeId) -> bool {
    matches!(graph.node(body), Node::Load(param, _) if hats.contains_key(param))
}
