//! Which elements a maximum is attained at: the slope of `max f` is shared among the positions whose f *equals* the maximum.
//!
//! Such a test may have its element at another axis than the maximum has its body, as in the slope of `max[B](z[C -> B])`, and the two are then
//! different expressions. However they are rounded must be the same for both, or no position would be one of the largest: so every
//! stage makes the element of such a test from the body of the maximum, with its axes replaced.

use std::collections::BTreeMap;

use super::{AxisId, AxisSet, CompareOp, Graph, Index, Node, NodeId, Reducer};

/// A test whether an element is the largest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tie {
    /// The element.
    pub(crate) element: NodeId,
    /// The maximum.
    pub(crate) largest: NodeId,
    /// What it is the maximum of.
    pub(crate) body: NodeId,
    /// Axes of the maximum, each with the axis that the element has for it.
    pub(crate) renamed: Vec<(AxisId, AxisId)>,
}

impl Graph {
    /// The tests among the nodes that some roots need whose element is the body of the maximum at other axes.
    pub(crate) fn ties(&self, roots: &[NodeId]) -> BTreeMap<NodeId, Tie> {
        let mut ties = BTreeMap::new();
        // Substitution adds nodes; few definitions have any use for it.
        let mut scratch: Option<Graph> = None;
        for id in self.reachable(roots) {
            let Node::Compare(CompareOp::Eq, a, b) = *self.node(id) else {
                continue;
            };
            for (element, largest) in [(a, b), (b, a)] {
                let Some((body, renamed)) = self.renaming(element, largest) else {
                    continue;
                };
                let graph = scratch.get_or_insert_with(|| self.clone());
                if graph.renamed(body, &renamed) == element {
                    let tie = Tie {
                        element,
                        largest,
                        body,
                        renamed,
                    };
                    ties.insert(id, tie);
                }
            }
        }
        ties
    }

    /// The body of a maximum and the axes to put in the place of its own, if that may make it the element. Of several axes of one dimension
    /// they are taken in the order in which they are declared.
    fn renaming(
        &self,
        element: NodeId,
        largest: NodeId,
    ) -> Option<(NodeId, Vec<(AxisId, AxisId)>)> {
        let Node::Reduce(Reducer::Max, axes, body) = *self.node(largest) else {
            return None;
        };
        let others = self.free(body).minus(axes);
        let new: AxisSet = self.free(element).minus(others);
        let dims = |axes: AxisSet| axes.iter().map(|axis| self.axis(axis).dim);
        let fits = axes.len() == new.len() && dims(axes).eq(dims(new));
        (body != element && fits).then(|| (body, axes.iter().zip(new.iter()).collect()))
    }

    /// A node with axes replaced by others.
    pub(crate) fn renamed(&mut self, node: NodeId, pairs: &[(AxisId, AxisId)]) -> NodeId {
        let to = |&(from, to): &(AxisId, AxisId)| (from, Index::Axis(to));
        let map: Vec<_> = pairs.iter().map(to).collect();
        self.substitute(node, &map)
    }
}
