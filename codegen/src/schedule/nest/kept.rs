//! Values that are dear and that several loops along an axis need: the first keeps them in scratch.

use std::collections::{BTreeMap, BTreeSet};

use super::Builder;
use crate::ir::{AxisId, AxisSet, BinaryOp};
use crate::schedule::low::{LowId, Op};
use crate::schedule::plan::{Stmt, Vector};
use crate::schedule::store::is_costly;

impl Builder<'_> {
    /// Finds values that several loops along an axis compute, and lets the first keep them.
    pub(super) fn keep_dear_values(&self, at: AxisSet, statements: &mut [Stmt]) {
        let mut first: BTreeMap<(AxisId, LowId), usize> = BTreeMap::new();
        for i in 0..statements.len() {
            let Stmt::Vector(vector) = &statements[i] else {
                continue;
            };
            let axis = vector.axis;
            for node in self.dear_values(at, vector) {
                match first.get(&(axis, node)) {
                    None => {
                        first.insert((axis, node), i);
                    }
                    Some(&from) => {
                        if let Stmt::Vector(source) = &mut statements[from]
                            && !source.saves.contains(&node)
                        {
                            source.saves.push(node);
                        }
                        if let Stmt::Vector(vector) = &mut statements[i] {
                            vector.saved.push(node);
                        }
                    }
                }
            }
        }
    }

    /// The outermost dear values in a loop.
    pub(super) fn dear_values(&self, at: AxisSet, vector: &Vector) -> Vec<LowId> {
        let mut found = vec![];
        let mut seen = BTreeSet::new();
        let mut stack: Vec<LowId> = vector.values().collect();
        while let Some(id) = stack.pop() {
            if self.stored.contains(&id) || self.low.free(id).is_subset(at) || !seen.insert(id) {
                continue;
            }
            let dear = match self.low.op(id) {
                Op::Unary(op, _) => is_costly(*op),
                Op::Binary(BinaryOp::Pow | BinaryOp::Xlogy, _, _) => true,
                _ => false,
            };
            if dear {
                found.push(id);
            } else {
                stack.extend(self.low.op(id).children());
            }
        }
        found.sort_unstable();
        found
    }
}
