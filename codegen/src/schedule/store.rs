//! What is kept in buffers, and in which step each buffer is filled.
//!
//! A value is *stored* if it is an output, a matrix product or an operand of one; if a
//! nest over other rows needs it and it is not cheap to recompute; or if two
//! nests need the same reduction. Everything else lives in registers within a row.
//!
//! Each stored value gets a *level*: one more than that of every stored value it reads,
//! except that values with the same rows which only meet row by row may share a level. What shares a level
//! and rows is one nest.

use std::collections::{BTreeMap, BTreeSet};

use super::low::{Fold, Index, Low, LowId, Op};
use super::nest;
use super::plan::{Buffer, BufferId, Operand, Output, Plan, Read, Step, Target};
use crate::ir::{AxisId, AxisSet, BinaryOp, CompareOp, Graph, UnaryOp};

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
}

/// Schedules the outputs.
pub(super) fn schedule(graph: &Graph, low: Low, batch: &[AxisId], outputs: &[Wanted]) -> Plan {
    let mut scheduler = Scheduler {
        graph,
        low,
        batch: batch.to_vec(),
        stored: vec![],
        known: BTreeMap::new(),
    };
    for wanted in outputs {
        scheduler.store_output(wanted);
    }
    loop {
        scheduler.store_what_is_needed();
        let levels = scheduler.levels();
        if !scheduler.store_shared_reductions(&levels) {
            return scheduler.finish(&levels);
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
            None => self.folded(*node).unwrap_or(How::Rows { rows: vec![] }),
        };
        self.stored.push(Stored {
            node: *node,
            axes: axes.clone(),
            how,
            output: Some(*output),
        });
        let read_in_order = self.low.free(*node) == declared;
        let index = self.stored.len() - 1;
        if read_in_order && !matches!(output, Output::Gradient(_)) {
            self.known.entry(*node).or_insert((index, axes.clone()));
        }
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

    /// Folding over rows, for a reduction that runs over all of the batch (or has no axes left).
    fn folded(&self, node: LowId) -> Option<How> {
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
    fn is_hit_sum(&self, node: LowId) -> bool {
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
    fn scatter(&self, node: LowId) -> Option<How> {
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
            folded
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

    /// A value that is this one with two axes of a dimension exchanged and that is to be preferred.
    fn renamed(&mut self, node: LowId) -> Option<(LowId, impl Fn(AxisId) -> AxisId + use<>)> {
        let free = self.low.free(node);
        let count = self.graph.axes().len() as u8;
        for a in (0..count).map(AxisId) {
            for b in (a.0 + 1..count).map(AxisId) {
                if self.graph.axis(a).dim != self.graph.axis(b).dim || !free.contains(b) {
                    continue;
                }
                let same = self.low.swap(node, a, b);
                if !free.contains(a) || self.known.contains_key(&same) {
                    return Some((same, move |axis| {
                        if axis == a {
                            b
                        } else if axis == b {
                            a
                        } else {
                            axis
                        }
                    }));
                }
            }
        }
        None
    }

    /// The axes of a value in the order of the array that it is computed from, so that what is
    /// neighbours there is neighbours in the buffer; in order of declaration if there is no such array.
    fn array_order(&self, node: LowId) -> Vec<AxisId> {
        let free = self.low.free(node);
        let mut seen = BTreeSet::new();
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let order = match self.low.op(id) {
                Op::Load(_, index) => axes_of(index),
                _ => match self.known.get(&id) {
                    Some((_, order)) if id != node => Some(order.clone()),
                    _ => None,
                },
            };
            if let Some(order) = order
                && order.iter().copied().collect::<AxisSet>() == free
                && order.len() == free.len()
            {
                return order;
            }
            stack.extend(self.low.op(id).children());
        }
        free.iter().collect()
    }

    fn contract_axes(&self, node: LowId) -> Vec<AxisId> {
        let Op::Contract { over, left, right } = *self.low.op(node) else {
            unreachable!("only called for matrix products")
        };
        let outer = |id: LowId| self.low.free(id).minus(over).iter().collect::<Vec<_>>();
        let (left, right) = (outer(left), outer(right));
        // As a parameter of the same axes has them, so that the two meet in rows.
        let turned = [right.clone(), left.clone()].concat();
        let is_parameter = self.graph.params().iter().any(|p| p.axes == turned);
        if is_parameter {
            turned
        } else {
            [left, right].concat()
        }
    }

    fn scatter_axes(&self, node: LowId) -> Vec<AxisId> {
        let Some(How::Scatter { source, .. }) = self.scatter(node) else {
            unreachable!("only called for scatters")
        };
        let hit = self.low.free(node).minus(self.low.free(source));
        let rest = self.low.free(node).minus(hit);
        hit.iter().chain(rest.iter()).collect()
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

    /// Stores what stored values need from other nests, until nothing is missing.
    fn store_what_is_needed(&mut self) {
        let mut next = 0;
        while next < self.stored.len() {
            let stored = self.stored[next].clone();
            let (sources, rows) = self.sources(&stored);
            match stored.how {
                How::Contract | How::Scatter { .. } => {
                    let plain = matches!(stored.how, How::Contract);
                    for source in sources {
                        if !(plain && self.is_matrix(source)) {
                            self.keep(source);
                        }
                    }
                }
                How::Rows { .. } | How::Folded { .. } => {
                    let rows: AxisSet = rows.iter().copied().collect();
                    for source in sources {
                        for node in self.foreign(source, rows, Some(next)) {
                            self.keep(node);
                        }
                    }
                }
            }
            next += 1;
        }
    }

    /// Whether a matrix product can take the node as it comes: a parameter of two axes.
    fn is_matrix(&self, node: LowId) -> bool {
        let Op::Load(_, index) = self.low.op(node) else {
            return false;
        };
        matches!(index.as_slice(), [Index::Axis(a), Index::Axis(b)] if a != b)
    }

    /// The nodes below `root` that a nest over `rows` cannot, or should not, compute itself.
    ///
    /// It cannot compute a reduction that differs within a row and binds an axis which a loop around it has
    /// given a position: what the reduction runs over would keep that position.
    fn foreign(&self, root: LowId, rows: AxisSet, of: Option<usize>) -> Vec<LowId> {
        let mut found = vec![];
        // The loops around each node beyond the rows. Parents have higher ids than their children, so
        // a node is taken when all of its parents have been.
        let around_root = of.map_or(AxisSet::EMPTY, |i| self.looped_axes(i).minus(rows));
        let mut around = BTreeMap::from([(root, around_root)]);
        while let Some((id, loops)) = around.pop_last() {
            let own = of.is_some_and(|i| self.stored[i].node == id);
            if self.known.contains_key(&id) && !own {
                found.push(id);
                continue;
            }
            let free = self.low.free(id);
            let outside = !rows.is_subset(free) || rows.is_empty();
            let in_front = free.is_subset(rows);
            let (costly, within) = match *self.low.op(id) {
                Op::Contract { .. } => (true, loops),
                Op::Reduce(_, over, _) => {
                    let captured = !in_front && !over.is_disjoint(loops);
                    let costly = outside || captured || self.is_hit_sum(id);
                    let loops = if in_front { AxisSet::EMPTY } else { loops };
                    (costly, loops.union(over))
                }
                Op::Unary(op, _) => (outside && !free.is_empty() && is_costly(op), loops),
                Op::Binary(BinaryOp::Pow | BinaryOp::Xlogy, _, _) => {
                    (outside && !free.is_empty(), loops)
                }
                _ => (false, loops),
            };
            if costly && !own {
                found.push(id);
                continue;
            }
            for child in self.low.op(id).children() {
                let known = around.entry(child).or_insert(AxisSet::EMPTY);
                *known = known.union(within);
            }
        }
        found.sort_unstable();
        found
    }

    /// The axes that a stored value's nest loops over, rows included, before any reduction below it.
    fn looped_axes(&self, i: usize) -> AxisSet {
        let stored = &self.stored[i];
        let own: AxisSet = stored.axes.iter().copied().collect();
        match (&stored.how, self.low.op(stored.node)) {
            (How::Folded { .. }, Op::Reduce(_, over, _)) => own.union(*over),
            _ => own,
        }
    }

    /// The level of every stored value.
    fn levels(&self) -> Vec<usize> {
        let mut levels: Vec<Option<usize>> = vec![None; self.stored.len()];
        for i in 0..self.stored.len() {
            self.level(i, &mut levels);
        }
        levels
            .into_iter()
            .map(|level| level.expect("levels are assigned to all"))
            .collect()
    }

    fn level(&self, i: usize, levels: &mut [Option<usize>]) -> usize {
        if let Some(level) = levels[i] {
            return level;
        }
        let stored = &self.stored[i];
        let (sources, rows) = self.sources(stored);
        let set: AxisSet = rows.iter().copied().collect();
        let mut level = 0;
        for source in sources {
            let looped = matches!(stored.how, How::Rows { .. } | How::Folded { .. });
            let needed = if looped {
                self.foreign(source, set, Some(i))
            } else if self.known.contains_key(&source) {
                vec![source]
            } else {
                vec![]
            };
            for node in needed {
                let (other, index) = &self.known[&node];
                let below = self.level(*other, levels);
                let together = looped && self.meets_row_by_row(*other, index, &rows);
                level = level.max(if together { below } else { below + 1 });
            }
        }
        levels[i] = Some(level);
        level
    }

    /// Whether a stored value with these rows is only ever read in the row that it belongs to.
    fn meets_row_by_row(&self, other: usize, index: &[AxisId], rows: &[AxisId]) -> bool {
        match &self.stored[other].how {
            How::Rows { rows: theirs } => {
                theirs == rows
                    && !rows.is_empty()
                    && index.starts_with(rows)
                    && self.stored[other].axes == index
            }
            How::Folded { .. } | How::Contract | How::Scatter { .. } => false,
        }
    }

    /// Reductions that nests of the same rows on two levels would both compute. True if there were any.
    fn store_shared_reductions(&mut self, levels: &[usize]) -> bool {
        let mut users: BTreeMap<LowId, BTreeSet<(usize, Vec<AxisId>)>> = BTreeMap::new();
        for (i, stored) in self.stored.iter().enumerate() {
            let (sources, rows) = self.sources(stored);
            if !matches!(stored.how, How::Rows { .. } | How::Folded { .. }) {
                continue;
            }
            for source in sources {
                for node in self.inline_reductions(source, i, levels, &rows) {
                    users
                        .entry(node)
                        .or_default()
                        .insert((levels[i], rows.clone()));
                }
            }
        }
        let shared: Vec<_> = users
            .into_iter()
            .filter(|(_, nests)| nests.len() > 1)
            .map(|(node, _)| node)
            .collect();
        for &node in &shared {
            self.keep(node);
        }
        !shared.is_empty()
    }

    /// The reductions that a stored value's nest computes within a row.
    fn inline_reductions(
        &self,
        root: LowId,
        of: usize,
        levels: &[usize],
        rows: &[AxisId],
    ) -> Vec<LowId> {
        let mut found = vec![];
        let mut seen = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some((other, index)) = self.known.get(&id)
                && *other != of
            {
                let fused =
                    levels[*other] == levels[of] && self.meets_row_by_row(*other, index, rows);
                if !fused {
                    continue;
                }
            } else if matches!(self.low.op(id), Op::Reduce(..)) && !self.known.contains_key(&id) {
                found.push(id);
            }
            stack.extend(self.low.op(id).children());
        }
        found
    }

    fn finish(mut self, levels: &[usize]) -> Plan {
        let buffers: Vec<_> = self
            .stored
            .iter()
            .map(|s| Buffer {
                node: s.node,
                axes: s.axes.clone(),
                output: s.output,
            })
            .collect();
        let reads: Vec<_> = self
            .known
            .iter()
            .map(|(&node, (i, index))| {
                (
                    node,
                    Read {
                        buffer: BufferId(*i as u16),
                        index: index.clone(),
                    },
                )
            })
            .collect();
        let mut steps = vec![];
        let top = levels.iter().max().map_or(0, |level| level + 1);
        for level in 0..top {
            let here: Vec<usize> = (0..levels.len()).filter(|&i| levels[i] == level).collect();
            let mut nests: BTreeMap<Vec<AxisId>, Vec<usize>> = BTreeMap::new();
            for &i in &here {
                match &self.stored[i].how {
                    How::Rows { rows } | How::Folded { rows, .. } => {
                        nests.entry(rows.clone()).or_default().push(i);
                    }
                    How::Contract => steps.push(self.contract_step(i)),
                    How::Scatter { index, source } => steps.push(Step::Scatter {
                        out: BufferId(i as u16),
                        index: *index,
                        source: *source,
                    }),
                }
            }
            for (rows, members) in nests {
                steps.push(self.nest_step(rows, &members));
            }
        }
        Plan {
            low: self.low,
            buffers,
            reads,
            steps,
        }
    }

    fn contract_step(&self, i: usize) -> Step {
        let stored = &self.stored[i];
        let Op::Contract { over, left, right } = *self.low.op(stored.node) else {
            unreachable!("only called for matrix products")
        };
        let operand = |node: LowId| Operand {
            node,
            outer: stored
                .axes
                .iter()
                .copied()
                .filter(|&a| self.low.free(node).contains(a))
                .collect(),
        };
        let (left, right) = (operand(left), operand(right));
        let swapped = stored.axes[0] != left.outer[0];
        let (left, right) = if swapped {
            (right, left)
        } else {
            (left, right)
        };
        Step::Contract {
            out: BufferId(i as u16),
            left,
            right,
            over: over.iter().collect(),
        }
    }

    fn nest_step(&mut self, rows: Vec<AxisId>, members: &[usize]) -> Step {
        let mut targets = vec![];
        let mut values = vec![];
        for &i in members {
            let stored = &self.stored[i];
            let (fold, axes, value) = match &stored.how {
                How::Rows { .. } => (None, stored.axes[rows.len()..].to_vec(), stored.node),
                How::Folded { fold, value, .. } => {
                    let Op::Reduce(_, over, _) = *self.low.op(stored.node) else {
                        unreachable!("only reductions are folded")
                    };
                    let inner = over.minus(rows.iter().copied().collect());
                    (
                        Some(*fold),
                        stored.axes.clone(),
                        self.low.reduce(*fold, inner, *value),
                    )
                }
                How::Contract | How::Scatter { .. } => unreachable!("not a nest"),
            };
            targets.push(Target {
                buffer: BufferId(i as u16),
                fold,
                axes,
            });
            values.push(value);
        }
        let own: BTreeSet<LowId> = members
            .iter()
            .filter(|&&i| matches!(self.stored[i].how, How::Rows { .. }))
            .map(|&i| self.stored[i].node)
            .collect();
        let stored: BTreeSet<LowId> = self
            .known
            .keys()
            .copied()
            .filter(|node| !own.contains(node))
            .collect();
        let nest = nest::build(&mut self.low, rows, targets, &values, stored);
        Step::Nest(nest)
    }
}

/// `first`, then the rest of `all`.
fn in_order(first: &[AxisId], all: &[AxisId]) -> Vec<AxisId> {
    let rest = all.iter().filter(|axis| !first.contains(axis));
    first.iter().chain(rest).copied().collect()
}

/// The axes of an index, if it has no computed positions.
fn axes_of(index: &[Index]) -> Option<Vec<AxisId>> {
    index
        .iter()
        .map(|i| match i {
            Index::Axis(axis) => Some(*axis),
            Index::At(_) => None,
        })
        .collect()
}

/// Whether an elementwise function is worth a buffer rather than being computed in every row.
pub(super) fn is_costly(op: UnaryOp) -> bool {
    !matches!(
        op,
        UnaryOp::Abs
            | UnaryOp::Sign
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Round
            | UnaryOp::Sqrt
            | UnaryOp::RecipOrZero
    )
}
