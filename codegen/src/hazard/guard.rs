//! Under which conditions a node has an effect.
//!
//! `if n > 0 { x / n } else { 0 }` divides by `n`, yet never by 0: the branch that is not taken has no
//! effect. A node stands under the conditions of the branches that it is in; where several paths lead to it, under those
//! that all paths share, which one sweep from the roots to the leaves finds: every parent has a larger id than its
//! children. A condition on a bound axis says nothing of what a reduction over that axis has inside.

use std::collections::BTreeSet;

use crate::ir::{AxisSet, Graph, Node, NodeId};

/// Comparisons with their outcomes.
pub(super) type Conditions = BTreeSet<(NodeId, bool)>;

/// The conditions of every node that the roots need; `None` for the others.
pub(super) fn conditions(graph: &Graph, roots: &[NodeId]) -> Vec<Option<Conditions>> {
    let mut found: Vec<Option<Conditions>> = vec![None; graph.len()];
    for &root in roots {
        found[root.0 as usize] = Some(Conditions::new());
    }
    for id in (0..graph.len() as u32).rev().map(NodeId) {
        let Some(own) = found[id.0 as usize].clone() else {
            continue;
        };
        for (child, conditions) in inherited(graph, id, &own) {
            let place = &mut found[child.0 as usize];
            *place = Some(match place.take() {
                Some(known) => known.intersection(&conditions).copied().collect(),
                None => conditions,
            });
        }
    }
    found
}

/// What the children of a node stand under.
fn inherited(graph: &Graph, id: NodeId, own: &Conditions) -> Vec<(NodeId, Conditions)> {
    let within = |axes: AxisSet| -> Conditions {
        let outside = |c: &&(NodeId, bool)| graph.free(c.0).intersection(axes).is_empty();
        own.iter().filter(outside).copied().collect()
    };
    match graph.node(id) {
        Node::Select(condition, a, b) => vec![
            (*condition, own.clone()),
            (*a, with(graph, own, *condition, true)),
            (*b, with(graph, own, *condition, false)),
        ],
        Node::Reduce(_, axes, body) => vec![(*body, within(*axes))],
        Node::Softmax(s) => {
            let bound = [Some(s.body), s.hit].into_iter().flatten();
            let inside = bound.map(|child| (child, within(s.axes)));
            inside.chain([(s.value, own.clone())]).collect()
        }
        Node::Unit { axes, value, body } => vec![(*value, own.clone()), (*body, within(*axes))],
        Node::Angle { axes, a, b } => vec![(*a, within(*axes)), (*b, within(*axes))],
        node => {
            let children = node.children().into_iter();
            children.map(|child| (child, own.clone())).collect()
        }
    }
}

/// Some conditions and the outcome of one more.
pub(super) fn with(graph: &Graph, own: &Conditions, condition: NodeId, holds: bool) -> Conditions {
    let mut all = own.clone();
    assume(graph, condition, holds, &mut all);
    all
}

/// The comparisons that are known where a condition holds, or does not.
fn assume(graph: &Graph, condition: NodeId, holds: bool, known: &mut Conditions) {
    match graph.node(condition) {
        Node::Not(a) => assume(graph, *a, !holds, known),
        Node::And(a, b) if holds => {
            assume(graph, *a, true, known);
            assume(graph, *b, true, known);
        }
        _ => {
            known.insert((condition, holds));
        }
    }
}
