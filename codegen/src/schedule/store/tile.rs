//! Tiles: when a plan runs along an axis in pieces, and what that asks of the stored values.
//!
//! A head multiplies features with the weights of its classes. The logits are a matrix of batch and classes which no output
//! is; in tiles of classes, only a piece of it exists at a time, and stays in cache. Within a tile everything goes as in a
//! plan without tiles, except for totals over the axis: they are complete only after the last tile, so whatever reads
//! them stands in another walk over the tiles, or after all.
//!
//! The exception is the sum of exponentials less their maximum, which need not wait for the maximum. With m the maximum
//! so far and t a tile (Milakov and Gimelshein 2018, arXiv:1805.02867, algorithm 3),
//!
//! ```text
//! m' = max(m, max_t z),    s' = s e^(m − m') + Σ_t e^(z − m')
//! ```
//!
//! Any sum qualifies whose terms are proportional to `e^(−shift)`, with the shift a function of maxima.

use std::collections::BTreeSet;

use super::{How, Scheduler};
use crate::ir::{AxisId, AxisSet, Graph, UnaryOp};
use crate::schedule::low::{Fold, Low, LowId, LowKind, Op};
use crate::schedule::plan::{BufferId, Plan, Running, Step};

/// The axis along which tiles save memory: one that a matrix product has beside the batch, where neither the product nor any array of the
/// caller's has both. No other axis of the plan may have its dimension.
pub(super) fn axis(graph: &Graph, plan: &Plan, batch: &[AxisId]) -> Option<AxisId> {
    let nodes = nodes(plan);
    let used = nodes
        .iter()
        .fold(AxisSet::EMPTY, |all, &id| all.union(plan.low.free(id)));
    let alone = |axis: AxisId| {
        let dim = graph.axis(axis).dim;
        !used.iter().any(|a| a != axis && graph.axis(a).dim == dim)
    };
    let given = nodes.iter().filter_map(|&id| match plan.low.op(id) {
        Op::Load(param, _) | Op::Label(param, _) | Op::Mask(param, _) => {
            Some(graph.param(*param).axes.as_slice())
        }
        _ => None,
    });
    let outputs = plan.buffers.iter().filter(|b| b.output.is_some());
    let arrays: Vec<&[AxisId]> = given.chain(outputs.map(|b| b.axes.as_slice())).collect();
    let beside_batch = |axes: &[AxisId], axis: &AxisId| {
        let batched = batch.iter().all(|a| axes.contains(a));
        batched && !batch.is_empty() && axes.contains(axis) && !batch.contains(axis)
    };
    plan.steps.iter().find_map(|step| {
        let Step::Contract { out, .. } = step else {
            return None;
        };
        let out = plan.buffer(*out);
        let saves = |axis: &&AxisId| {
            let is_array = arrays.iter().any(|axes| beside_batch(axes, axis));
            out.output.is_none() && beside_batch(&out.axes, axis) && !is_array && alone(**axis)
        };
        out.axes.iter().find(saves).copied()
    })
}

/// All expressions of the plan.
fn nodes(plan: &Plan) -> BTreeSet<LowId> {
    let mut seen = BTreeSet::new();
    let mut stack: Vec<LowId> = plan.buffers.iter().map(|buffer| buffer.node).collect();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            stack.extend(plan.low.op(id).children());
        }
    }
    seen
}

/// How an expression depends on maxima that still grow.
enum Scaling {
    /// Not at all.
    Fixed,
    /// It is proportional to `e^(−shift)`.
    Shift(LowId),
}

impl Scheduler<'_> {
    /// Whether the value is a total over the tiled axis.
    pub(super) fn is_over_tiles(&self, id: LowId) -> bool {
        let Some(tile) = self.tile else { return false };
        matches!(self.low.op(id), Op::Reduce(_, over, _) if over.contains(tile))
    }

    /// Whether the value is a total over the batch for each position on the tiled axis: folded over rows, since a tile is
    /// stored row by row.
    pub(super) fn is_column_total(&self, id: LowId) -> bool {
        let Some(tile) = self.tile else { return false };
        let own = self.low.free(id) == AxisSet::of(tile);
        own && matches!(self.low.op(id), Op::Reduce(_, over, _) if self.is_batched(*over))
    }

    /// With tiles, what is folded over rows is first totalled over the tiled axis within each row.
    pub(super) fn within_rows(&mut self, node: LowId, how: How) -> How {
        match (how, self.tile) {
            (How::Folded { rows, fold, value }, Some(tile))
                if !rows.contains(&tile) && self.is_over_tiles(node) =>
            {
                let value = self.low.reduce(fold, AxisSet::of(tile), value);
                How::Folded { rows, fold, value }
            }
            (how, _) => how,
        }
    }

    /// Whether the stored value grows from tile to tile, and how.
    pub(super) fn running(&self, i: usize) -> Option<Running> {
        let tile = self.tile?;
        let stored = &self.stored[i];
        let holds_tile = stored.axes.contains(&tile);
        if let Some(&shift) = self.rescaled.get(&i) {
            let shift = BufferId(shift as u16);
            return Some(Running::Rescaled { shift });
        }
        if self.rescaled.values().any(|&shift| shift == i) && !self.is_over_tiles(stored.node) {
            return Some(Running::Shift);
        }
        if holds_tile {
            return None;
        }
        match (&stored.how, self.low.op(stored.node)) {
            (How::Rows { .. }, Op::Reduce(fold, over, _))
                if over.contains(tile) && self.is_own(i, stored.node) =>
            {
                Some(Running::Fold(*fold))
            }
            (How::Folded { rows, fold, .. }, _) if rows.contains(&tile) => {
                Some(Running::Fold(*fold))
            }
            (How::Contract, Op::Contract { over, .. }) if over.contains(tile) => {
                Some(Running::Product)
            }
            _ => None,
        }
    }

    /// Whether the stored value i, which reads the other, has to wait until all tiles have been seen: unless the two grow
    /// together, a shift with its maxima and a rescaled sum with both.
    pub(super) fn waits_for_tiles(&self, i: usize, other: usize) -> bool {
        let Some(running) = self.running(other) else {
            return false;
        };
        let shift = match self.running(i) {
            Some(Running::Shift) => Some(i),
            Some(Running::Rescaled { .. }) => self.rescaled.get(&i).copied(),
            _ => None,
        };
        let together = shift.is_some_and(|shift| {
            let is_maximum = running == Running::Fold(Fold::Max);
            shift == other || is_maximum
        });
        !together
    }

    /// Whether the expression, computed within a row of a nest that stands in a walk, is the same for every tile and worth to be
    /// computed once: anything but what is only read.
    ///
    /// Asked of every expression of the row: whether the nest stands in a walk is known by the caller, once.
    pub(super) fn is_same_for_all_tiles(&self, id: LowId, of: usize) -> bool {
        let Some(tile) = self.tile else { return false };
        let leaf = matches!(
            self.low.op(id),
            Op::Load(..) | Op::Label(..) | Op::Mask(..) | Op::Number(_) | Op::Neg(_)
        ) || self.low.op(id).is_atom();
        let is_known = |id: LowId| self.known.contains_key(&id);
        !leaf
            && self.low.kind(id) == LowKind::Real
            && !self.low.free(id).is_empty()
            && self.stored[of].node != id
            && !mentions(&self.low, tile, &[id], is_known)
    }

    /// Stores the shifts of sums that need not wait for their maximum. True if there are new ones.
    pub(super) fn store_shifts(&mut self) -> bool {
        let Some(tile) = self.tile else { return false };
        let mut found = false;
        for i in 0..self.stored.len() {
            let stored = &self.stored[i];
            let Op::Reduce(Fold::Sum, over, body) = *self.low.op(stored.node) else {
                continue;
            };
            let How::Rows { rows } = stored.how.clone() else {
                continue;
            };
            if !over.contains(tile) || self.rescaled.contains_key(&i) || stored.axes != rows {
                continue;
            }
            let Some(Scaling::Shift(shift)) = self.scaling(body, &rows) else {
                continue;
            };
            if !self.known.contains_key(&shift) {
                let how = How::Rows { rows: rows.clone() };
                self.store(shift, rows, how, None);
            }
            self.rescaled.insert(i, self.known[&shift].0);
            found = true;
        }
        found
    }

    /// How an expression depends on maxima over the tiled axis, if it is in a way that can be made up for later.
    fn scaling(&mut self, id: LowId, rows: &[AxisId]) -> Option<Scaling> {
        if !self.grows(id) {
            return Some(Scaling::Fixed);
        }
        let children = match *self.low.op(id) {
            Op::Unary(UnaryOp::Exp, exponent) => {
                return self.shift_of(exponent, rows).map(Scaling::Shift);
            }
            Op::Neg(a) => vec![a],
            Op::Mul(a, b) => match (self.scaling(a, rows)?, self.scaling(b, rows)?) {
                (Scaling::Shift(shift), Scaling::Fixed)
                | (Scaling::Fixed, Scaling::Shift(shift)) => return Some(Scaling::Shift(shift)),
                _ => return None,
            },
            Op::Div(a, b) if !self.grows(b) => vec![a],
            Op::Select(condition, a, b) if !self.grows(condition) => vec![a, b],
            Op::Add(a, b) | Op::Sub(a, b) => vec![a, b],
            _ => return None,
        };
        let mut common = None;
        for child in children {
            if self.low.is_zero(child) {
                continue;
            }
            match (self.scaling(child, rows)?, common) {
                (Scaling::Shift(shift), None) => common = Some(shift),
                (Scaling::Shift(shift), Some(other)) if shift == other => {}
                _ => return None,
            }
        }
        common.map(Scaling::Shift)
    }

    /// The s of an exponent `f − s`, where s is what depends on maxima that still grow.
    fn shift_of(&mut self, exponent: LowId, rows: &[AxisId]) -> Option<LowId> {
        let row: AxisSet = rows.iter().copied().collect();
        match *self.low.op(exponent) {
            Op::Sub(a, s) if !self.grows(a) => {
                let alone = self.low.free(s).is_subset(row) && self.is_of_maxima(s);
                alone.then_some(s)
            }
            Op::Mul(a, b) | Op::Mul(b, a)
                if !self.grows(a) && self.low.free(a).is_subset(row) && self.grows(b) =>
            {
                let s = self.shift_of(b, rows)?;
                Some(self.low.push(Op::Mul(a, s)))
            }
            Op::Div(a, b) if !self.grows(b) && self.low.free(b).is_subset(row) => {
                let s = self.shift_of(a, rows)?;
                Some(self.low.push(Op::Div(s, b)))
            }
            _ => None,
        }
    }

    /// Whether a total over the tiled axis is part of the expression.
    fn grows(&self, root: LowId) -> bool {
        !self.totals(root).is_empty()
    }

    /// Whether all totals over the tiled axis in the expression are maxima of what depends on none.
    fn is_of_maxima(&self, root: LowId) -> bool {
        self.totals(root).into_iter().all(
            |id| matches!(*self.low.op(id), Op::Reduce(Fold::Max, _, body) if !self.grows(body)),
        )
    }

    /// The outermost totals over the tiled axis in an expression.
    fn totals(&self, root: LowId) -> Vec<LowId> {
        let mut found = vec![];
        let mut seen = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if self.is_over_tiles(id) {
                found.push(id);
            } else {
                stack.extend(self.low.op(id).children());
            }
        }
        found
    }
}

/// Whether any expression below has the axis, or binds it; what `is_known` is not looked into.
pub(super) fn mentions(
    low: &Low,
    axis: AxisId,
    roots: &[LowId],
    is_known: impl Fn(LowId) -> bool,
) -> bool {
    let mut seen = BTreeSet::new();
    let mut stack = roots.to_vec();
    while let Some(id) = stack.pop() {
        if !low.mentioned(id).contains(axis) {
            continue;
        }
        if low.free(id).contains(axis) {
            return true;
        }
        if is_known(id) || !seen.insert(id) {
            continue;
        }
        // What has the axis below and is no function of it binds it, or something below does.
        if let Op::Reduce(_, over, _) | Op::Contract { over, .. } = low.op(id)
            && over.contains(axis)
        {
            return true;
        }
        stack.extend(low.op(id).children());
    }
    false
}
