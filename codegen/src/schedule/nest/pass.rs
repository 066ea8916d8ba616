//! The scalars at a point of the nest, and the pass of each.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use crate::ir::AxisSet;
use crate::schedule::low::{LowId, Op};

impl Builder<'_> {
    /// The scalars at this point that the roots need and that are not variables yet.
    pub(super) fn needed(&self, at: AxisSet, roots: &[LowId]) -> BTreeSet<LowId> {
        let mut scalars = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut stack: Vec<LowId> = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.bound.contains(&id) {
                continue;
            }
            if self.low.free(id).is_subset(at) {
                scalars.insert(id);
            }
            stack.extend(self.children(id));
        }
        scalars
    }

    /// The children that are computed here: none below a stored value.
    pub(super) fn children(&self, id: LowId) -> Vec<LowId> {
        if self.stored.contains(&id) {
            vec![]
        } else {
            self.low.op(id).children()
        }
    }

    pub(super) fn is_atom(&self, id: LowId) -> bool {
        !self.stored.contains(&id) && self.low.op(id).is_atom()
    }

    /// The pass of every needed scalar.
    pub(super) fn passes(&self, at: AxisSet, needed: &BTreeSet<LowId>) -> BTreeMap<LowId, usize> {
        let mut passes = BTreeMap::new();
        // Ids ascend from children to parents.
        for &node in needed {
            let is_reduction =
                matches!(self.low.op(node), Op::Reduce(..)) && !self.stored.contains(&node);
            let below = self
                .children(node)
                .into_iter()
                .map(|child| self.latest(at, child, &passes))
                .max()
                .unwrap_or(0);
            passes.insert(node, below + usize::from(is_reduction));
        }
        passes
    }

    /// The latest pass among the scalars in an expression.
    pub(super) fn latest(
        &self,
        at: AxisSet,
        root: LowId,
        passes: &BTreeMap<LowId, usize>,
    ) -> usize {
        let mut latest = 0;
        let mut seen = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.bound.contains(&id) {
                continue;
            }
            if self.low.free(id).is_subset(at) {
                latest = latest.max(passes.get(&id).copied().unwrap_or(0));
            } else {
                stack.extend(self.children(id));
            }
        }
        latest
    }
}
