//! The plan: level by level, the nests, matrix products and scatters that fill the buffers.

use std::collections::{BTreeMap, BTreeSet};

use super::{How, Scheduler};
use crate::ir::AxisId;
use crate::schedule::low::{LowId, Op};
use crate::schedule::nest;
use crate::schedule::plan::{Buffer, BufferId, Nest, Operand, Plan, Read, Step, Target, Tiling};

impl Scheduler<'_> {
    /// All stored values as buffers.
    pub(super) fn buffers(&self) -> Vec<Buffer> {
        let buffer = |i: usize| {
            let stored = &self.stored[i];
            Buffer {
                node: stored.node,
                axes: stored.axes.clone(),
                output: stored.output,
                running: self.running(i),
            }
        };
        (0..self.stored.len()).map(buffer).collect()
    }

    /// Where each stored value is read from.
    pub(super) fn reads(&self) -> Vec<(LowId, Read)> {
        let read = |(&node, (i, index)): (&LowId, &(usize, Vec<AxisId>))| {
            let (buffer, index) = (BufferId(*i as u16), index.clone());
            (node, Read { buffer, index })
        };
        self.known.iter().map(read).collect()
    }

    pub(super) fn finish(mut self, levels: &[usize]) -> Plan {
        let (buffers, reads) = (self.buffers(), self.reads());
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
                    _ => steps.push(self.whole_step(i)),
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
            tile: None,
            tiling: Tiling::Local,
            partial: BTreeSet::new(),
            parked: None,
        }
    }

    /// The step of a value that one operation computes as a whole.
    pub(super) fn whole_step(&self, i: usize) -> Step {
        match &self.stored[i].how {
            How::Contract => self.contract_step(i),
            How::Scatter { index, source } => Step::Scatter {
                out: BufferId(i as u16),
                index: *index,
                source: *source,
            },
            How::Rows { .. } | How::Folded { .. } => unreachable!("computed in a nest"),
        }
    }

    pub(super) fn contract_step(&self, i: usize) -> Step {
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

    pub(super) fn nest_step(&mut self, rows: Vec<AxisId>, members: &[usize]) -> Step {
        Step::Nest(self.nest(rows, members))
    }

    pub(super) fn nest(&mut self, rows: Vec<AxisId>, members: &[usize]) -> Nest {
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
                    let inner = inner.intersection(self.low.free(*value));
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
            .filter(|&&i| self.is_own(i, self.stored[i].node))
            .map(|&i| self.stored[i].node)
            .collect();
        let stored: BTreeSet<LowId> = self
            .known
            .keys()
            .copied()
            .filter(|node| !own.contains(node))
            .collect();
        nest::build(&mut self.low, rows, targets, &values, stored)
    }
}
