//! What is kept in buffers, and in which step each buffer is filled.
//!
//! A value is *stored* if it is an output, a matrix product or an operand of one; if a
//! nest over other rows needs it and it is not cheap to recompute; or if two
//! nests need the same reduction. Everything else lives in registers within a row.
//!
//! Each stored value gets a *level*: one more than that of every stored value it reads,
//! except that values with the same rows which only meet row by row may share a level. What shares a level
//! and rows is one nest.
//!
//! `form` says how a value is computed if it is stored, `layout` in which order of axes, `needs` what else has to
//! be stored for it, `level` in which step; `step` writes the plan. `tile` and `walk` do so for plans that are tiled along an axis,
//! `owner` prepares the expressions of an axis whose positions are spread over ranks.

mod form;
mod layout;
mod level;
mod needs;
mod owner;
mod step;
mod tile;
mod walk;

use std::collections::BTreeMap;

use super::low::{Fold, Low, LowId, Op};
use super::plan::{Output, Plan, Tiling};
use crate::ir::{AxisId, AxisSet, Graph};

pub(super) use needs::is_costly;

/// An output of the kernel.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) node: LowId,
    pub(super) axes: Vec<AxisId>,
    pub(super) output: Output,
}

/// How a stored value is computed.
#[derive(Clone, PartialEq, Eq, Debug)]
enum How {
    /// A chunk per row.
    Rows { rows: Vec<AxisId> },
    /// Folded over the rows: `value` within a row.
    Folded {
        rows: Vec<AxisId>,
        fold: Fold,
        value: LowId,
    },
    /// A matrix product.
    Contract,
    /// A sum over a one-hot.
    Scatter { index: LowId, source: LowId },
}

/// A stored value.
#[derive(Clone, Debug)]
struct Stored {
    node: LowId,
    axes: Vec<AxisId>,
    how: How,
    output: Option<Output>,
}

struct Scheduler<'g> {
    graph: &'g Graph,
    low: Low,
    batch: Vec<AxisId>,
    stored: Vec<Stored>,
    /// Which stored value holds a node, and under which axes.
    known: BTreeMap<LowId, (usize, Vec<AxisId>)>,
    /// The axis of tiles.
    tile: Option<AxisId>,
    tiling: Tiling,
    /// Sums that are rescaled when their shift grows: the stored value of the shift.
    rescaled: BTreeMap<usize, usize>,
}

/// Schedules the outputs: in tiles where that saves a matrix that no output is.
pub(super) fn schedule(graph: &Graph, low: Low, batch: &[AxisId], outputs: &[Wanted]) -> Plan {
    let whole = attempt(graph, low.clone(), batch, outputs, None);
    let whole = whole.expect("without tiles, everything can be scheduled");
    match tile::axis(graph, &whole, batch) {
        Some(axis) => {
            let tile = Some((axis, Tiling::Local));
            attempt(graph, low, batch, outputs, tile).unwrap_or(whole)
        }
        None => whole,
    }
}

/// Schedules the outputs for an axis whose positions are spread over ranks: in tiles if the axis `is_cut`, so that a shard is a range of
/// tiles, as a single tile otherwise. None if that cannot be.
pub(super) fn schedule_sharded(
    graph: &Graph,
    low: &Low,
    batch: &[AxisId],
    outputs: &[Wanted],
    axis: AxisId,
    is_cut: bool,
) -> Option<Plan> {
    let owned = owner::owners_contribute(graph, low, axis, outputs)?;
    let in_tiles = |tiling| {
        let (low, tile) = (owned.low.clone(), Some((axis, tiling)));
        let plan = attempt(graph, low, batch, &owned.outputs, tile)?;
        let partial = owned.partial.clone();
        Some(Plan { partial, ..plan })
    };
    let cut = is_cut.then(|| in_tiles(Tiling::Sharded)).flatten();
    cut.or_else(|| in_tiles(Tiling::ShardedWhole))
}

fn attempt(
    graph: &Graph,
    low: Low,
    batch: &[AxisId],
    outputs: &[Wanted],
    tile: Option<(AxisId, Tiling)>,
) -> Option<Plan> {
    let mut scheduler = Scheduler {
        graph,
        low,
        batch: batch.to_vec(),
        stored: vec![],
        known: BTreeMap::new(),
        tile: tile.map(|tile| tile.0),
        tiling: tile.map_or(Tiling::Local, |tile| tile.1),
        rescaled: BTreeMap::new(),
    };
    for wanted in outputs {
        scheduler.store_output(wanted);
    }
    loop {
        let before = scheduler.stored.len();
        scheduler.store_what_is_needed();
        // What is stored last may decide what stands in a walk.
        if scheduler.store_shifts() || tile.is_some() && scheduler.stored.len() > before {
            continue;
        }
        let levels = scheduler.levels();
        if !scheduler.store_shared_reductions(&levels) {
            return match tile {
                Some((axis, _)) => scheduler.finish_in_walks(axis, &levels),
                None => Some(scheduler.finish(&levels)),
            };
        }
    }
}

impl Scheduler<'_> {
    fn is_batched(&self, free: AxisSet) -> bool {
        !self.batch.is_empty() && self.batch.iter().all(|&axis| free.contains(axis))
    }

    fn store_output(&mut self, wanted: &Wanted) {
        let Wanted { node, axes, output } = wanted;
        let declared: AxisSet = axes.iter().copied().collect();
        // What a walk writes for the caller it does not read: it has its own.
        let is_part = self.tiling.is_sharded()
            && self.tile.is_some_and(|tile| declared.contains(tile))
            && !matches!(output, Output::Gradient(_));
        if is_part {
            self.keep(*node);
        }
        if let Op::Contract { left, right, .. } = *self.low.op(*node)
            && self.low.free(*node) == declared
            && !self.known.contains_key(node)
        {
            let sides = [self.low.free(left), self.low.free(right)];
            let split = axes
                .iter()
                .position(|&a| sides[0].contains(a) != sides[0].contains(axes[0]));
            let grouped = split.is_some_and(|at| {
                let first = sides[0].contains(axes[0]);
                axes[at..].iter().all(|&a| sides[0].contains(a) != first)
            });
            if grouped {
                self.store(*node, axes.clone(), How::Contract, Some(*output));
                return;
            }
        }
        let how = match axes.first() {
            _ if axes.starts_with(&self.batch) && !self.batch.is_empty() => How::Rows {
                rows: self.batch.clone(),
            },
            Some(&first) => How::Rows { rows: vec![first] },
            None => match self.folded(*node) {
                Some(folded) => self.within_rows(*node, folded),
                None => How::Rows { rows: vec![] },
            },
        };
        if let How::Rows { rows } = &how
            && matches!(self.low.op(*node), Op::Reduce(..))
            && !rows.iter().all(|&row| self.low.free(*node).contains(row))
        {
            // The same in every row: computed once, since it may run over the rows itself.
            self.keep(*node);
        }
        if self.is_over_tiles(*node) || self.is_column_total(*node) || self.is_join(*node) {
            self.keep(*node);
        }
        self.stored.push(Stored {
            node: *node,
            axes: axes.clone(),
            how,
            output: Some(*output),
        });
        // A constant is never read back: it may stand anywhere, also in steps before this one.
        let read_in_order = self.low.free(*node) == declared && !self.low.op(*node).is_atom();
        let index = self.stored.len() - 1;
        if read_in_order && !is_part && !matches!(output, Output::Gradient(_)) {
            self.known.entry(*node).or_insert((index, axes.clone()));
        }
    }

    /// Whether the value becomes known to all ranks in a step of its own.
    fn is_join(&self, node: LowId) -> bool {
        matches!(self.low.op(node), Op::Join(_))
    }

    /// Whether a stored value is computed from what its node is made of, not read from where the kernel keeps the same.
    fn is_own(&self, i: usize, node: LowId) -> bool {
        let kept = |other: usize| other != i && self.stored[other].output.is_none();
        let elsewhere = self.known.get(&node).is_some_and(|k| kept(k.0));
        self.stored[i].node == node && !elsewhere
    }

    fn store(&mut self, node: LowId, axes: Vec<AxisId>, how: How, output: Option<Output>) {
        self.stored.push(Stored {
            node,
            axes: axes.clone(),
            how,
            output,
        });
        // A gradient may be laid out as the caller likes: it is never read back.
        if !matches!(output, Some(Output::Gradient(_))) {
            self.known.insert(node, (self.stored.len() - 1, axes));
        }
    }

    /// Stores a value of the kernel's own, unless it is one that is stored already under other names.
    fn keep(&mut self, node: LowId) {
        if self.known.contains_key(&node) {
            return;
        }
        if let Some((same, axes)) = self.renamed(node) {
            self.keep(same);
            let (index, order) = self.known[&same].clone();
            let order = order.into_iter().map(axes).collect();
            self.known.insert(node, (index, order));
            return;
        }
        let free = self.low.free(node);
        let how = if matches!(self.low.op(node), Op::Contract { .. }) {
            How::Contract
        } else if let Some(scatter) = self.scatter(node) {
            scatter
        } else if let Some(folded) = self.folded(node) {
            self.within_rows(node, folded)
        } else if self.is_batched(free) {
            How::Rows {
                rows: self.batch.clone(),
            }
        } else {
            How::Rows {
                rows: self.array_order(node).into_iter().take(1).collect(),
            }
        };
        let axes = match &how {
            How::Rows { rows } => in_order(rows, &self.array_order(node)),
            How::Folded { .. } => free.iter().collect(),
            How::Contract => self.contract_axes(node),
            How::Scatter { .. } => self.scatter_axes(node),
        };
        self.store(node, axes, how, None);
    }

    /// The values that a stored value is computed from, and within which rows.
    fn sources(&self, stored: &Stored) -> (Vec<LowId>, Vec<AxisId>) {
        match &stored.how {
            How::Rows { rows } => (vec![stored.node], rows.clone()),
            How::Folded { rows, value, .. } => (vec![*value], rows.clone()),
            How::Contract => (self.low.op(stored.node).children(), vec![]),
            How::Scatter { source, .. } => (vec![*source], vec![]),
        }
    }
}

/// `first`, then the rest of `all`.
fn in_order(first: &[AxisId], all: &[AxisId]) -> Vec<AxisId> {
    let rest = all.iter().filter(|axis| !first.contains(axis));
    first.iter().chain(rest).copied().collect()
}
