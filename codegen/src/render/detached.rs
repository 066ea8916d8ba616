//! What a definition detaches, put back into the formulas that people read.
//!
//! A value does not care about `detach`, and simplification drops it. A reader does: without it the
//! gradients are not the slopes of the value that is shown. If every detached expression can be
//! found in the simplified formulas, and nowhere but where it is detached, it is marked there. Else (a sum that
//! was merged with another) value and outputs are shown as they were built, and the gradients use their parts.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Gradient, Graph, Node, NodeId};

/// `shown`, a simplified form of `literal`, with what that detaches.
pub fn with_detached(literal: &Gradient, shown: Gradient) -> Gradient {
    let source = &literal.loss.graph;
    let parts = source.reachable(&outputs(literal));
    if !parts
        .iter()
        .any(|&id| matches!(source.node(id), Node::Detach(_)))
    {
        return shown;
    }
    let mut shown = shown;
    let forms = Forms::of(source, &parts, &mut shown.loss.graph);
    if let Some(detached) = forms.unambiguous(literal, &shown) {
        let all = outputs(&shown).into_iter();
        let all: Vec<NodeId> = all.chain(shown.gradients.iter().map(|g| g.1)).collect();
        let moved = rebuilt(&mut shown.loss.graph, &all, |graph, id, new| {
            if detached.contains(&id) {
                graph.detach(new)
            } else {
                new
            }
        });
        shown.loss.value = moved[&shown.loss.value];
        for output in &mut shown.loss.auxiliary {
            output.node = moved[&output.node];
        }
        shown.gradients.iter_mut().for_each(|g| g.1 = moved[&g.1]);
        return shown;
    }
    let gradients: Vec<NodeId> = shown.gradients.iter().map(|g| g.1).collect();
    let marked = forms.marked(source, &shown.loss.graph);
    let moved = rebuilt(&mut shown.loss.graph, &gradients, |_, id, new| {
        marked.get(&id).copied().unwrap_or(new)
    });
    shown.gradients.iter_mut().for_each(|g| g.1 = moved[&g.1]);
    shown.loss.value = forms.built[&literal.loss.value];
    for (output, own) in shown.loss.auxiliary.iter_mut().zip(&literal.loss.auxiliary) {
        output.node = forms.built[&own.node];
    }
    shown
}

/// The value and the auxiliary outputs.
fn outputs(gradient: &Gradient) -> Vec<NodeId> {
    let auxiliary = gradient.loss.auxiliary.iter().map(|output| output.node);
    [gradient.loss.value].into_iter().chain(auxiliary).collect()
}

/// Everything below `roots` built again, each node passed through `change` with what it was.
fn rebuilt(
    graph: &mut Graph,
    roots: &[NodeId],
    mut change: impl FnMut(&mut Graph, NodeId, NodeId) -> NodeId,
) -> BTreeMap<NodeId, NodeId> {
    let mut moved: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in graph.reachable(roots) {
        let node = graph.node(id).clone();
        let new = graph.rebuild(&node, &mut |_, child| moved[&child]);
        let new = change(graph, id, new);
        moved.insert(id, new);
    }
    moved
}

/// The parts of the literal outputs in the graph of the simplified ones.
struct Forms {
    /// As they were built.
    built: BTreeMap<NodeId, NodeId>,
    /// Without any `detach`.
    plain: BTreeMap<NodeId, NodeId>,
}

impl Forms {
    fn of(source: &Graph, parts: &[NodeId], graph: &mut Graph) -> Forms {
        let mut built: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        let mut plain: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for &id in parts {
            let node = source.node(id);
            let with = graph.rebuild(node, &mut |_, child| built[&child]);
            let without = match node {
                Node::Detach(a) => plain[a],
                _ => graph.rebuild(node, &mut |_, child| plain[&child]),
            };
            built.insert(id, with);
            plain.insert(id, without);
        }
        Forms { built, plain }
    }

    /// What is detached, if each simplified output holds all of its own and none of it is met undetached.
    fn unambiguous(&self, literal: &Gradient, shown: &Gradient) -> Option<BTreeSet<NodeId>> {
        let mut all = BTreeSet::new();
        let mut open = BTreeSet::new();
        for (own, simplified) in outputs(literal).into_iter().zip(outputs(shown)) {
            let graph = &shown.loss.graph;
            let found: BTreeSet<NodeId> = graph.reachable(&[simplified]).into_iter().collect();
            let mut seen = BTreeSet::new();
            let mut stack = vec![own];
            while let Some(id) = stack.pop() {
                match literal.loss.graph.node(id) {
                    Node::Detach(a) if !found.contains(&self.plain[a]) => return None,
                    Node::Detach(a) => {
                        all.insert(self.plain[a]);
                    }
                    node if seen.insert(id) => stack.extend(node.children()),
                    _ => {}
                }
            }
            open.extend(seen.iter().map(|id| self.plain[id]));
        }
        all.is_disjoint(&open).then_some(all)
    }

    /// The parts that hold something detached, by what they are without; but for those that are less without: `u − detach(u)` is
    /// 0, which stands for many other things.
    fn marked(&self, source: &Graph, shown: &Graph) -> BTreeMap<NodeId, NodeId> {
        let parts = self.built.iter().filter(|(id, with)| {
            let plain = self.plain[id];
            let is_less =
                shown.as_rational(plain).is_some() || shown.free(plain) != shown.free(**with);
            **with != plain && !is_less && !matches!(source.node(**id), Node::Detach(_))
        });
        parts.map(|(id, with)| (self.plain[id], *with)).collect()
    }
}
