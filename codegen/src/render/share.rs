//! What of a graph is an element of what, and which probabilities a loss speaks of.
//!
//! A gather is a substitution, so `c[C = y]` and `c` are two unrelated nodes of the graph. Doing all
//! substitutions that the graph's labels and axes allow finds the relation again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::symbol::{Symbol, SymbolRole};
use super::weight::is_trivial;
use crate::ir::{
    AxisId, AxisSet, Graph, Index, Kind, Node, NodeId, ParamId, Softmax, SoftmaxForm, UnaryOp,
};

/// How some nodes are spelled.
#[derive(Default)]
pub(super) struct Spelled {
    /// One-letter tensors whose unit vector over these axes has a hat.
    pub(super) hats: BTreeMap<ParamId, AxisSet>,
    /// Softmaxes (at every position and at one) and sigmoids that the value has as probabilities, not
    /// only by their logarithms at a label. Their logarithms are written `ln p`.
    pub(super) shares: BTreeSet<NodeId>,
    /// Nodes that are written in terms of those: `1 − p`, `ln p`, `ln(1 − p)`.
    pub(super) by_share: BTreeSet<NodeId>,
}

impl Spelled {
    /// What the `forward` roots speak of, and how that spells what all `roots` need.
    pub(super) fn new(graph: &mut Graph, forward: &[NodeId], roots: &[NodeId]) -> Spelled {
        let mut spelled = Spelled {
            hats: hats(graph, roots),
            ..Spelled::default()
        };
        for id in graph.reachable(forward) {
            spelled.collect_shares(graph, id);
        }
        for id in graph.reachable(roots) {
            if spelled.is_by_share(graph, id) {
                spelled.by_share.insert(id);
            }
        }
        spelled
    }

    /// Without a word for probabilities.
    pub(super) fn hats_only(graph: &Graph, roots: &[NodeId]) -> Spelled {
        Spelled {
            hats: hats(graph, roots),
            ..Spelled::default()
        }
    }

    fn collect_shares(&mut self, graph: &mut Graph, id: NodeId) {
        match graph.node(id).clone() {
            Node::Softmax(s) if s.form != SoftmaxForm::Log || s.hit.is_none() => {
                self.shares.insert(prob(graph, &s));
                self.shares.insert(whole(graph, &s));
            }
            // Of σ(a) and σ(−a) = 1 − σ(a), the one without the sign.
            Node::Unary(UnaryOp::Sigmoid, a) => {
                let (sign, _) = graph.split_coefficient(a);
                let a = if sign.is_negative() { graph.neg(a) } else { a };
                self.shares.insert(graph.unary(UnaryOp::Sigmoid, a));
            }
            _ => {}
        }
    }

    fn is_by_share(&self, graph: &mut Graph, id: NodeId) -> bool {
        match graph.node(id).clone() {
            Node::Softmax(s) => {
                let simple = !matches!(s.form, SoftmaxForm::Prob | SoftmaxForm::LogOverComplement);
                let whole = whole(graph, &s);
                simple && self.shares.contains(&whole)
            }
            Node::Unary(UnaryOp::Sigmoid, a) => {
                let minus = graph.neg(a);
                let other = graph.unary(UnaryOp::Sigmoid, minus);
                !self.shares.contains(&id) && self.shares.contains(&other)
            }
            Node::Unary(UnaryOp::Softplus, a) => {
                let minus = graph.neg(a);
                let (rest, share) = (
                    graph.unary(UnaryOp::Sigmoid, a),
                    graph.unary(UnaryOp::Sigmoid, minus),
                );
                self.shares.contains(&share) || self.shares.contains(&rest)
            }
            _ => false,
        }
    }
}

/// The probability that a form of a softmax speaks of.
pub(super) fn prob(graph: &mut Graph, s: &Softmax) -> NodeId {
    graph.softmax(Softmax {
        form: SoftmaxForm::Prob,
        ..s.clone()
    })
}

/// The probabilities at every position.
pub(super) fn whole(graph: &mut Graph, s: &Softmax) -> NodeId {
    graph.softmax(Softmax {
        form: SoftmaxForm::Prob,
        axes: s.axes,
        body: s.body,
        value: s.body,
        hit: None,
    })
}

/// Which one-letter tensors are written with a hat for their unit vector, over which axes: those of
/// the first unit vector of each, should there be several.
fn hats(graph: &Graph, roots: &[NodeId]) -> BTreeMap<ParamId, AxisSet> {
    let mut hats = BTreeMap::new();
    for id in graph.reachable(roots) {
        if let Node::Unit { axes, value, body } = graph.node(id)
            && value == body
            && let Node::Load(param, _) = graph.node(*body)
            && Symbol::named(&graph.param(*param).name, SymbolRole::Tensor).is_letter()
        {
            hats.entry(*param).or_insert(*axes);
        }
    }
    hats
}

/// Nodes that are another node at a position or under another axis: element → (whole, index).
pub(super) fn elements(
    graph: &mut Graph,
    roots: &[NodeId],
    spelled: &Spelled,
) -> BTreeMap<NodeId, (NodeId, Vec<(AxisId, Index)>)> {
    let mut elements = BTreeMap::new();
    let mut memos: BTreeMap<Vec<(AxisId, Index)>, HashMap<NodeId, NodeId>> = BTreeMap::new();
    let reachable = graph.reachable(roots);
    let places: Vec<_> = reachable
        .iter()
        .copied()
        .filter(|&id| matches!(graph.kind(id), Kind::Index(_)))
        .filter(|&id| !matches!(graph.node(id), Node::Position(_)))
        .collect();
    // Larger parts first: of what is an element twice over, the outermost whole counts.
    for &whole in reachable.iter().rev() {
        if is_trivial(graph, spelled, whole) {
            continue;
        }
        let inside: BTreeSet<_> = graph.reachable(&[whole]).into_iter().collect();
        let mut maps = Vec::new();
        for axis in graph.free(whole).iter() {
            let indices = indices(graph, axis, &places).into_iter();
            maps.extend(indices.map(|index| vec![(axis, index)]));
        }
        maps.extend(exchanges(graph, whole));
        for map in maps {
            let memo = memos.entry(map.clone()).or_default();
            let element = graph.substitute_remembering(whole, &map, memo);
            // Of two that are each other's exchange the first is the whole.
            let is_other = map.len() == 1 || element > whole;
            // What the whole contains is written in its definition anyway.
            if is_other && !inside.contains(&element) && !is_trivial(graph, spelled, element) {
                elements.entry(element).or_insert_with(|| (whole, map));
            }
        }
    }
    elements
}

/// Two axes over one dimension, each in the place of the other: of a matrix over pairs, its transpose.
fn exchanges(graph: &Graph, whole: NodeId) -> Vec<Vec<(AxisId, Index)>> {
    let free: Vec<_> = graph.free(whole).iter().collect();
    let mut exchanges = Vec::new();
    for (i, &a) in free.iter().enumerate() {
        for &b in &free[i + 1..] {
            if graph.axis(a).dim == graph.axis(b).dim {
                exchanges.push(vec![(a, Index::Axis(b)), (b, Index::Axis(a))]);
            }
        }
    }
    exchanges
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
