//! The level of every stored value: one more than that of what it reads, or the same where the two only
//! meet row by row and one nest can fill both without one loop inside another over the same axis.

use super::{How, Scheduler};
use crate::ir::{AxisId, AxisSet};

impl Scheduler<'_> {
    /// The level of every stored value.
    pub(super) fn levels(&self) -> Vec<usize> {
        let mut levels: Vec<Option<usize>> = vec![None; self.stored.len()];
        for i in 0..self.stored.len() {
            self.level(i, &mut levels);
        }
        levels
            .into_iter()
            .map(|level| level.expect("levels are assigned to all"))
            .collect()
    }

    pub(super) fn level(&self, i: usize, levels: &mut [Option<usize>]) -> usize {
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
                vec![(source, false)]
            } else {
                vec![]
            };
            for (node, captured) in needed {
                let (other, index) = &self.known[&node];
                let below = self.level(*other, levels);
                let together = looped
                    && !captured
                    && self.meets_row_by_row(*other, index, &rows)
                    && !self.waits_for_tiles(i, *other)
                    && !self.is_join(self.stored[*other].node);
                level = level.max(if together { below } else { below + 1 });
            }
        }
        levels[i] = Some(level);
        level
    }

    /// Whether a stored value with these rows is only ever read in the row that it belongs to.
    pub(super) fn meets_row_by_row(&self, other: usize, index: &[AxisId], rows: &[AxisId]) -> bool {
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
}
