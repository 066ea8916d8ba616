//! Where in the source a hazard comes from.
//!
//! The kernel is another graph than the one that the definition was checked into. An argument of the source is built
//! again in the graph of the kernel: nodes that are built alike are one node. Where simplification has
//! changed the argument, the operator still tells the place if the source has it once.

use std::collections::HashMap;

use crate::ir::{Graph, Loss, Node, NodeId};

/// The delicate operators of the source in the graph of a kernel.
pub(super) struct Sites<'a> {
    loss: &'a Loss,
    /// The argument of each.
    arguments: Vec<NodeId>,
}

impl<'a> Sites<'a> {
    /// Adds the arguments to the graph.
    pub(super) fn new(loss: &'a Loss, kernel: &mut Graph) -> Sites<'a> {
        let mut built = HashMap::new();
        let sites = loss.annotations.sites.iter();
        let arguments =
            sites.map(|site| transplant(&loss.graph, site.argument, kernel, &mut built));
        Sites {
            loss,
            arguments: arguments.collect(),
        }
    }

    /// The place of an operator with that argument, by its number.
    pub(super) fn find(&self, operator: &str, argument: NodeId) -> Option<usize> {
        let sites = &self.loss.annotations.sites;
        let all = || 0..sites.len();
        let same = |&at: &usize| sites[at].operator == operator;
        let meant = |&at: &usize| self.arguments[at] == argument;
        let mut alike = all().filter(same);
        all()
            .filter(same)
            .find(meant)
            .or_else(|| all().find(meant))
            .or_else(|| alike.next().filter(|_| alike.next().is_none()))
    }
}

/// The node of one graph, built in another with the same parameters and axes. `detach` is dropped: a value does not care.
fn transplant(
    from: &Graph,
    id: NodeId,
    to: &mut Graph,
    built: &mut HashMap<NodeId, NodeId>,
) -> NodeId {
    if let Some(&known) = built.get(&id) {
        return known;
    }
    let node = match from.node(id) {
        Node::Detach(a) => transplant(from, *a, to, built),
        node => to.rebuild(node, &mut |to, child| transplant(from, child, to, built)),
    };
    built.insert(id, node);
    node
}
