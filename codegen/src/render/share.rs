//! What of a graph is an element of what, and which probabilities a loss speaks of.
//!
//! A gather is a substitution, so `c[C = y]` and `c` are two unrelated nodes of the graph. Doing all
//! substitutions that the graph's labels and axes allow finds the relation again.

use std::collections::{BTreeMap, BTreeSet};

use super::weight::Weights;
use crate::ir::{
    AxisId, AxisSet, Graph, Index, Kind, Node, NodeId, ParamId, Softmax, SoftmaxForm, UnaryOp,
};

/// Softmaxes (at every position and at one) and sigmoids that occur as probabilities, not only by
/// their logarithms, in what `roots` need.
pub(super) fn shares(graph: &mut Graph, roots: &[NodeId]) -> BTreeSet<NodeId> {
    let mut shares = BTreeSet::new();
    for id in graph.reachable(roots) {
        match graph.node(id).clone() {
            Node::Softmax(s) if s.form != SoftmaxForm::Log => {
                shares.insert(graph.softmax(Softmax {
                    form: SoftmaxForm::Prob,
                    value: s.body,
                    hit: None,
                    ..s.clone()
                }));
                shares.insert(graph.softmax(Softmax {
                    form: SoftmaxForm::Prob,
                    ..s
                }));
            }
            // Of σ(a) and σ(−a) = 1 − σ(a), the one without the sign.
            Node::Unary(UnaryOp::Sigmoid, a) => {
                let (sign, _) = graph.split_coefficient(a);
                let a = if sign.is_negative() { graph.neg(a) } else { a };
                shares.insert(graph.unary(UnaryOp::Sigmoid, a));
            }
            _ => {}
        }
    }
    shares
}

/// Nodes that are another node at a position or under another axis: element → (whole, index).
pub(super) fn elements(
    graph: &mut Graph,
    roots: &[NodeId],
    hats: &BTreeMap<ParamId, AxisSet>,
) -> BTreeMap<NodeId, (NodeId, Vec<(AxisId, Index)>)> {
    let mut elements = BTreeMap::new();
    let reachable = graph.reachable(roots);
    let places: Vec<_> = reachable
        .iter()
        .copied()
        .filter(|&id| matches!(graph.kind(id), Kind::Index(_)))
        .filter(|&id| !matches!(graph.node(id), Node::Position(_)))
        .collect();
    // Larger parts first: of what is an element twice over, the outermost whole counts.
    for &whole in reachable.iter().rev() {
        if Weights::is_trivial(graph, hats, whole) {
            continue;
        }
        for axis in graph.free(whole).iter() {
            for index in indices(graph, axis, &places) {
                let element = graph.substitute(whole, &[(axis, index)]);
                if element != whole && !Weights::is_trivial(graph, hats, element) {
                    elements
                        .entry(element)
                        .or_insert_with(|| (whole, vec![(axis, index)]));
                }
            }
        }
    }
    elements
}

/// What may stand for an axis: positions on its dimension, and axes declared after it.
fn indices(graph: &Graph, axis: AxisId, places: &[NodeId]) -> Vec<Index> {
    let dim = graph.axis(axis).dim;
    let at = places
        .iter()
        .filter(|&&place| graph.kind(place) == Kind::Index(dim))
        .map(|&place| Index::At(place));
    let axes = (axis.0 + 1..graph.axes().len() as u8)
        .map(AxisId)
        .filter(|&other| graph.axis(other).dim == dim)
        .map(Index::Axis);
    at.chain(axes).collect()
}
