//! Whether a node is another at some positions: `ln(n[C = y])` is `ln(n)` with the axis C replaced by the label.
//!
//! Gathers and renamings are substitutions, which leave no trace but the indices of loads, so the two nodes are matched from the
//! top, and every replaced axis has to be the same thing throughout.

use crate::ir::{AxisId, AxisSet, Graph, Index, Node, NodeId};
use crate::support::rational::Rational;

/// A sum as its constant and its terms.
pub(super) type Parts = (Rational, Vec<(NodeId, Rational)>);

/// Whether a node is the pattern with some of the pattern's axes replaced.
pub(super) fn is_instance(graph: &Graph, found: NodeId, pattern: NodeId) -> bool {
    found == pattern || Matching::new(graph, graph.free(pattern)).node(found, pattern)
}

/// A node as a sum.
pub(super) fn parts(graph: &Graph, id: NodeId) -> Parts {
    match graph.node(id) {
        Node::Rational(value) => (*value, Vec::new()),
        Node::Sum(constant, terms) => (*constant, terms.clone()),
        _ => (Rational::ZERO, vec![(id, Rational::ONE)]),
    }
}

/// An attempt to find one node as another with some axes replaced.
pub(super) struct Matching<'a> {
    graph: &'a Graph,
    /// The axes that may be replaced.
    axes: AxisSet,
    /// By what they are.
    bound: Vec<(AxisId, Index)>,
}

impl<'a> Matching<'a> {
    /// Nothing matched yet.
    pub(super) fn new(graph: &'a Graph, axes: AxisSet) -> Matching<'a> {
        Matching {
            graph,
            axes,
            bound: Vec::new(),
        }
    }

    /// Whether one sum is the other with axes replaced.
    pub(super) fn parts(&mut self, found: &Parts, pattern: &Parts) -> bool {
        found.0 == pattern.0 && self.all(&found.1, &pattern.1)
    }

    /// Whether the lists match in some order. The first order that fits is taken, so that a match may be missed.
    fn all<T: Copy + PartialEq>(&mut self, found: &[(NodeId, T)], pattern: &[(NodeId, T)]) -> bool {
        let mut left = found.to_vec();
        found.len() == pattern.len()
            && pattern.iter().all(|&(wanted, factor)| {
                let fits = |&(id, own): &(NodeId, T)| own == factor && self.attempt(id, wanted);
                let Some(at) = left.iter().position(fits) else {
                    return false;
                };
                left.remove(at);
                true
            })
    }

    /// A match that leaves nothing behind if it fails.
    fn attempt(&mut self, found: NodeId, pattern: NodeId) -> bool {
        let before = self.bound.clone();
        let fits = self.node(found, pattern);
        if !fits {
            self.bound = before;
        }
        fits
    }

    fn node(&mut self, found: NodeId, pattern: NodeId) -> bool {
        let graph = self.graph;
        if graph.free(pattern).intersection(self.axes).is_empty() {
            return found == pattern;
        }
        match (graph.node(found), graph.node(pattern)) {
            (Node::Load(a, at), Node::Load(b, wanted)) => {
                a == b
                    && at
                        .iter()
                        .zip(wanted)
                        .all(|(&at, &wanted)| self.index(at, wanted))
            }
            (Node::Sum(a, terms), Node::Sum(b, wanted)) => a == b && self.all(terms, wanted),
            (Node::Product(factors), Node::Product(wanted)) => self.all(factors, wanted),
            (a, b) => {
                let same = match (a, b) {
                    (Node::Unary(a, _), Node::Unary(b, _)) => a == b,
                    (Node::Binary(a, ..), Node::Binary(b, ..)) => a == b,
                    (Node::Reduce(a, over, _), Node::Reduce(b, wanted, _)) => {
                        a == b && over == wanted
                    }
                    (Node::Unit { axes: a, .. }, Node::Unit { axes: b, .. }) => a == b,
                    (Node::Detach(_), Node::Detach(_)) => true,
                    _ => false,
                };
                let (own, wanted) = (a.children(), b.children());
                same && own.into_iter().zip(wanted).all(|(a, b)| self.node(a, b))
            }
        }
    }

    fn index(&mut self, at: Index, wanted: Index) -> bool {
        match wanted {
            Index::Axis(axis) if self.axes.contains(axis) => {
                match self.bound.iter().find(|b| b.0 == axis) {
                    Some(known) => known.1 == at,
                    None => {
                        self.bound.push((axis, at));
                        true
                    }
                }
            }
            Index::Axis(_) | Index::At(_) => at == wanted,
        }
    }
}
