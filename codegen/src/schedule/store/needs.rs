//! What else must be stored: values that a nest reads but cannot, or should not, compute itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{How, Scheduler};
use crate::ir::{AxisId, AxisSet, BinaryOp, UnaryOp};
use crate::schedule::low::{Index, LowId, Op};

impl Scheduler<'_> {
    /// Stores what stored values need from other nests, until nothing is missing.
    pub(super) fn store_what_is_needed(&mut self) {
        let mut next = 0;
        while next < self.stored.len() {
            self.order_scattered(next);
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
                        for (node, _) in self.foreign(source, rows, Some(next)) {
                            self.keep(node);
                        }
                    }
                }
            }
            next += 1;
        }
    }

    /// Whether a matrix product can take the node as it comes: a parameter of two axes.
    pub(super) fn is_matrix(&self, node: LowId) -> bool {
        let Op::Load(_, index) = self.low.op(node) else {
            return false;
        };
        matches!(index.as_slice(), [Index::Axis(a), Index::Axis(b)] if a != b)
    }

    /// The nodes below `root` that a nest over `rows` cannot, or should not, compute itself.
    ///
    /// It cannot compute a reduction that differs within a row and binds an axis which a loop around it has
    /// given a position: what the reduction runs over would keep that position. Beside each node: whether it is or holds such a
    /// reduction, so that even a nest of the same rows must find it computed.
    pub(super) fn foreign(
        &self,
        root: LowId,
        rows: AxisSet,
        of: Option<usize>,
    ) -> Vec<(LowId, bool)> {
        let mut found = vec![];
        let is_in_walk = of.is_some_and(|i| self.tile.is_some_and(|tile| self.has_tiles(i, tile)));
        // The loops around each node beyond the rows. Parents have higher ids than their children, so
        // a node is taken when all of its parents have been.
        let around_root = of.map_or(AxisSet::EMPTY, |i| self.looped_axes(i).minus(rows));
        let mut around = BTreeMap::from([(root, around_root)]);
        while let Some((id, loops)) = around.pop_last() {
            let own = of.is_some_and(|i| self.is_own(i, id));
            if self.known.contains_key(&id) && !own {
                found.push((id, self.captures(id, rows, loops)));
                continue;
            }
            let free = self.low.free(id);
            let outside = !rows.is_subset(free) || rows.is_empty();
            let in_front = free.is_subset(rows);
            let (costly, within) = match *self.low.op(id) {
                Op::Contract { .. } | Op::Join(_) => (true, loops),
                Op::Reduce(_, over, _) => {
                    let captured = !in_front && !over.is_disjoint(loops);
                    let costly = outside
                        || captured
                        || self.is_hit_sum(id)
                        || self.is_over_tiles(id)
                        || self.is_column_total(id);
                    let loops = if in_front { AxisSet::EMPTY } else { loops };
                    (costly, loops.union(over))
                }
                Op::Unary(op, _) => (outside && !free.is_empty() && is_costly(op), loops),
                Op::Binary(BinaryOp::Pow | BinaryOp::Xlogy, _, _) => {
                    (outside && !free.is_empty(), loops)
                }
                _ => (false, loops),
            };
            let repeated = || is_in_walk && of.is_some_and(|i| self.is_same_for_all_tiles(id, i));
            if !own && (costly || repeated()) {
                found.push((id, false));
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

    /// Whether a value, computed in a row inside of loops over these axes, would have to run over one of them again.
    fn captures(&self, root: LowId, rows: AxisSet, loops: AxisSet) -> bool {
        let mut seen = BTreeSet::new();
        let mut stack = vec![(root, loops)];
        while let Some((id, loops)) = stack.pop() {
            let apart = match self.known.get(&id) {
                Some((i, _)) => !matches!(self.stored[*i].how, How::Rows { .. }),
                None => false,
            };
            if apart || !seen.insert((id, loops)) {
                continue;
            }
            let mut within = loops;
            if let Op::Reduce(_, over, _) = *self.low.op(id) {
                if self.low.free(id).is_subset(rows) {
                    continue;
                }
                if !over.is_disjoint(loops) {
                    return true;
                }
                within = loops.union(over);
            }
            stack.extend(self.low.op(id).children().into_iter().map(|c| (c, within)));
        }
        false
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

    /// Reductions that nests of the same rows on two levels would both compute. True if there were any.
    pub(super) fn store_shared_reductions(&mut self, levels: &[usize]) -> bool {
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
    pub(super) fn inline_reductions(
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
}

/// Whether an elementwise function is worth a buffer rather than being computed in every row.
pub(in crate::schedule) fn is_costly(op: UnaryOp) -> bool {
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
