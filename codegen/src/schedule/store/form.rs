//! How a value is computed if it is stored: in chunks per row, folded over rows, as a matrix product or
//! as a scatter.

use super::layout::axes_of;
use super::{How, Scheduler};
use crate::ir::{AxisSet, CompareOp};
use crate::schedule::low::{Fold, LowId, Op};

impl Scheduler<'_> {
    /// Folding over rows, for a reduction that runs over all of the batch (or has no axes left).
    pub(super) fn folded(&self, node: LowId) -> Option<How> {
        let Op::Reduce(fold, axes, body) = *self.low.op(node) else {
            return None;
        };
        let free = self.low.free(node);
        let over_batch = self.is_batched(axes);
        if !(free.is_empty() || (over_batch && free.len() == 1)) {
            return None;
        }
        let rows = if over_batch {
            self.batch.clone()
        } else {
            vec![axes.iter().next()?]
        };
        Some(How::Folded {
            rows,
            fold,
            value: body,
        })
    }

    /// A sum over the batch of what only concerns the class of each sample's label: a step of its own,
    /// since within a row of that class it would look at every sample.
    pub(super) fn is_hit_sum(&self, node: LowId) -> bool {
        let Op::Reduce(Fold::Sum, axes, body) = *self.low.op(node) else {
            return false;
        };
        let Op::Select(condition, _, zero) = *self.low.op(body) else {
            return false;
        };
        let Op::Compare(CompareOp::Eq, a, b) = *self.low.op(condition) else {
            return false;
        };
        let is_label = |id| matches!(self.low.op(id), Op::Label(..));
        let labelled = is_label(a) || is_label(b);
        labelled
            && self.low.is_zero(zero)
            && (self.scatter(node).is_some()
                || self.is_batched(axes) && self.low.free(node).len() == 1)
    }

    /// `Σ_A [c = label] f` over several axes: rows of f added into rows of the result.
    pub(super) fn scatter(&self, node: LowId) -> Option<How> {
        let Op::Reduce(Fold::Sum, axes, body) = *self.low.op(node) else {
            return None;
        };
        let Op::Select(condition, source, zero) = *self.low.op(body) else {
            return None;
        };
        let Op::Compare(CompareOp::Eq, a, b) = *self.low.op(condition) else {
            return None;
        };
        if !self.low.is_zero(zero) || self.low.free(node).len() < 2 {
            return None;
        }
        for (index, position) in [(a, b), (b, a)] {
            let Op::Position(axis) = *self.low.op(position) else {
                continue;
            };
            let Op::Label(_, by) = self.low.op(index) else {
                continue;
            };
            let exactly = axes_of(by).is_some_and(|by| by.into_iter().collect::<AxisSet>() == axes);
            let free = self.low.free(source);
            if exactly && axes.is_subset(free) && !free.contains(axis) && !axes.contains(axis) {
                return Some(How::Scatter { index, source });
            }
        }
        None
    }
}
