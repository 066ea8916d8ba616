//! Loops along an axis: in blocks of lanes where the body is elementwise, a point at a time else.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, Goal, Item};
use crate::ir::{AxisId, AxisSet};
use crate::schedule::low::{LowId, Op};
use crate::schedule::plan::{Accumulator, Loop, Stmt, Vector};

impl Builder<'_> {
    /// One loop per first axis.
    pub(super) fn loops(&mut self, at: AxisSet, items: Vec<Item>) -> Vec<Stmt> {
        let mut by_axis: BTreeMap<AxisId, Vec<Item>> = BTreeMap::new();
        for mut item in items {
            let axis = item.axes.remove(0);
            by_axis.entry(axis).or_default().push(item);
        }
        by_axis
            .into_iter()
            .map(|(axis, items)| self.axis_loop(at, axis, items))
            .collect()
    }

    pub(super) fn axis_loop(&mut self, at: AxisSet, axis: AxisId, items: Vec<Item>) -> Stmt {
        let inside = at.union(AxisSet::of(axis));
        let mut accumulators = vec![];
        let mut inner = vec![];
        for item in items {
            match item.goal {
                Goal::Reduce { result, fold } => {
                    let rest: AxisSet = item.axes.iter().copied().collect();
                    let value = self.low.reduce(fold, rest, item.value);
                    accumulators.push(Accumulator {
                        result,
                        fold,
                        value,
                    });
                }
                Goal::Store { .. } | Goal::Fold { .. } => inner.push(item),
            }
        }
        let flat = inner.iter().all(|item| item.axes.is_empty())
            && inner
                .iter()
                .map(|item| item.value)
                .chain(accumulators.iter().map(|a| a.value))
                .all(|value| self.is_elementwise(at, inside, value));
        if flat {
            let mut vector = Vector {
                axis,
                accumulators,
                stores: vec![],
                folds: vec![],
                saves: vec![],
                saved: vec![],
            };
            for item in inner {
                match item.goal {
                    Goal::Store { target } => vector.stores.push((target, item.value)),
                    Goal::Fold { target, .. } => vector.folds.push((target, item.value)),
                    Goal::Reduce { .. } => unreachable!("reductions are accumulators"),
                }
            }
            return Stmt::Vector(vector);
        }
        let results: Vec<_> = accumulators.iter().map(|a| a.value).collect();
        let body = self.body(inside, inner, &results);
        Stmt::Loop(Loop {
            axis,
            accumulators,
            body,
        })
    }

    /// Whether a value needs no loop inside a loop over the axes `inside`.
    pub(super) fn is_elementwise(&self, at: AxisSet, inside: AxisSet, root: LowId) -> bool {
        let mut stack = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            let known = self.bound.contains(&id) || self.low.free(id).is_subset(at);
            if known || self.stored.contains(&id) || !seen.insert(id) {
                continue;
            }
            if matches!(self.low.op(id), Op::Reduce(..)) || !self.low.free(id).is_subset(inside) {
                return false;
            }
            stack.extend(self.low.op(id).children());
        }
        true
    }
}
