//! What holds where a one-hot `C == y` is true: computed by the IR, which can replace C by y.
//!
//! The e-graph has no substitution; it would have to be pushed through every operator and past every
//! binder. The few substituted forms that rules need are put into it at the start.

use crate::ir::{AxisSet, CompareOp, Graph, Index, Node, NodeId, Reducer, Softmax, SoftmaxForm};

/// Where a one-hot holds its axis stands at the hit: `if C == y { f } else { g }` is also
/// `if C == y { f[C = y] } else { g }`, which needs f once a row and not for every class.
pub(crate) fn place_hits(graph: &mut Graph, roots: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let mut placed = vec![];
    for id in graph.reachable(roots) {
        let Node::Select(condition, yes, no) = *graph.node(id) else {
            continue;
        };
        let free = graph.free(yes);
        let parts = graph.conjuncts(condition);
        let hit = parts.into_iter().find_map(|part| graph.one_hot(part, free));
        if let Some((axis, place)) = hit {
            let there = graph.substitute(yes, &[(axis, Index::At(place))]);
            placed.push((id, graph.select(condition, there, no)));
        }
    }
    placed
}

/// A [`Hit`](super::analysis::Hit) among the nodes of the graph.
pub(crate) struct Place {
    pub(crate) softmax: NodeId,
    pub(crate) condition: NodeId,
    pub(crate) complement: NodeId,
}

/// The axis that says which share of a softmax over one axis is meant: its own, or that of the position which its
/// value is at (the share of row N in column M of a matrix over pairs).
fn positions(graph: &Graph, s: &Softmax) -> Option<AxisSet> {
    let Some(hit) = s.hit else {
        return (s.axes.len() == 1).then_some(s.axes);
    };
    let (_, place) = graph.one_hot(hit, s.axes).filter(|_| s.axes.len() == 1)?;
    match *graph.node(place) {
        Node::Position(axis) => Some(AxisSet::of(axis)),
        _ => None,
    }
}

/// For every softmax over one axis and every one-hot on that axis: one minus the softmax at the hit.
pub(crate) fn find_hits(graph: &mut Graph, roots: &[NodeId]) -> Vec<Place> {
    let reachable = graph.reachable(roots);
    let mut hits = vec![];
    for &softmax in &reachable {
        let Node::Softmax(s) = graph.node(softmax).clone() else {
            continue;
        };
        let Some(over) = positions(graph, &s).filter(|_| s.form == SoftmaxForm::Prob) else {
            continue;
        };
        for &condition in &reachable {
            if !matches!(graph.node(condition), Node::Compare(CompareOp::Eq, ..)) {
                continue;
            }
            let Some((axis, place)) = graph.one_hot(condition, over) else {
                continue;
            };
            let there = graph.substitute(softmax, &[(axis, Index::At(place))]);
            if let Node::Softmax(found) = graph.node(there).clone()
                && found.hit.is_some()
                && found.form == SoftmaxForm::Prob
            {
                let complement = graph.softmax(Softmax {
                    form: SoftmaxForm::Complement,
                    ..found
                });
                hits.push(Place {
                    softmax,
                    condition,
                    complement,
                });
            }
        }
    }
    hits
}

/// A [`LogHit`](super::analysis::LogHit) among the nodes of the graph.
pub(crate) struct LogPlace {
    pub(crate) lse: NodeId,
    pub(crate) value: NodeId,
    pub(crate) log: NodeId,
}

/// For every `lse` over one axis that stands in a sum, and every place on that axis whose logit is in use: the logarithm
/// of its share.
pub(crate) fn find_log_hits(graph: &mut Graph, roots: &[NodeId]) -> Vec<LogPlace> {
    let reachable = graph.reachable(roots);
    let mut hits = vec![];
    for &lse in &reachable {
        let Node::Reduce(Reducer::Lse, axes, body) = *graph.node(lse) else {
            continue;
        };
        for (value, hit) in graph.elements(axes, body) {
            if hit.is_some() && reachable.contains(&value) {
                let log = graph.softmax(Softmax {
                    form: SoftmaxForm::Log,
                    axes,
                    body,
                    value,
                    hit,
                });
                hits.push(LogPlace { lse, value, log });
            }
        }
    }
    hits
}
