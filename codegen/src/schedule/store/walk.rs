//! The plan in tiles: which steps stand in which walk over the tiles.
//!
//! Every stored value has a *phase*: the number of walks that must be over before it can be computed. What exists for a
//! tile at a time and is needed in a later walk again is computed again.

use std::collections::{BTreeMap, BTreeSet};

use super::tile::mentions;
use super::{How, Scheduler};
use crate::ir::AxisId;
use crate::schedule::low::{LowId, Op};
use crate::schedule::plan::{
    BufferId, Nest, Output, Parked, Plan, Running, Step, Tiling, Walk, WalkStep,
};

/// What is computed in one nest: level, rows.
type Place = (usize, Vec<AxisId>);

impl Scheduler<'_> {
    /// The plan with tiles along the axis; None if something in it cannot be cut.
    pub(super) fn finish_in_walks(mut self, tile: AxisId, levels: &[usize]) -> Option<Plan> {
        let all: Vec<usize> = (0..self.stored.len()).collect();
        if !all.iter().all(|&i| self.can_be_cut(i, tile)) {
            return None;
        }
        let reads: Vec<BTreeSet<usize>> = all.iter().map(|&i| self.reads_of(i)).collect();
        let in_walk: Vec<bool> = all.iter().map(|&i| self.has_tiles(i, tile)).collect();
        let mut phases = vec![None; all.len()];
        for &i in &all {
            self.phase(i, &reads, &in_walk, &mut phases);
        }
        let phases: Vec<usize> = phases.into_iter().flatten().collect();
        let last = phases.iter().max().copied()?;
        let mut steps = vec![];
        for phase in 0..=last {
            let here = |walk: bool| {
                let of_phase = |&i: &usize| phases[i] == phase && in_walk[i] == walk;
                all.iter().copied().filter(of_phase).collect::<Vec<_>>()
            };
            let before = self.steps_by_level(&here(false), levels);
            steps.extend(before.into_iter().map(|step| step.1));
            let members = here(true);
            if members.is_empty() {
                continue;
            }
            let shifts = self.shifts(&members);
            let again = self.needed_again(&members, &reads, &in_walk, tile);
            let mut walk: Vec<(usize, WalkStep)> = vec![];
            for (members, again) in [(again, true), (members, false)] {
                for (level, step) in self.steps_by_level(&members, levels) {
                    walk.push((level, WalkStep { step, again }));
                }
            }
            walk.sort_by_key(|step| step.0);
            let steps_of_walk = walk.into_iter().map(|step| step.1).collect();
            steps.push(Step::Walk(Walk {
                steps: steps_of_walk,
                shifts,
            }));
        }
        let running_reads: Vec<Vec<BufferId>> = reads
            .iter()
            .map(|reads| {
                let running = reads.iter().filter(|&&i| self.running(i).is_some());
                running.map(|&i| BufferId(i as u16)).collect()
            })
            .collect();
        let (buffers, reads) = (self.buffers(), self.reads());
        let mut plan = Plan {
            low: self.low,
            buffers,
            reads,
            steps,
            tile: Some(tile),
            tiling: self.tiling,
            partial: BTreeSet::new(),
            parked: None,
        };
        if !grow_together(&plan, &running_reads) {
            return None;
        }
        if self.tiling != Tiling::ShardedWhole {
            plan.parked = parked(&plan, &self.batch, tile);
        }
        Some(plan)
    }

    /// The shifts of rescaled sums once more, from the maxima of all ranks.
    fn shifts(&mut self, members: &[usize]) -> Vec<Nest> {
        let mut nests: BTreeMap<Vec<AxisId>, Vec<usize>> = BTreeMap::new();
        if self.tiling.is_sharded() {
            for &i in members {
                if self.running(i) == Some(Running::Shift) {
                    let rows = self.sources(&self.stored[i]).1;
                    nests.entry(rows).or_default().push(i);
                }
            }
        }
        let nests = nests.into_iter();
        nests
            .map(|(rows, members)| self.nest(rows, &members))
            .collect()
    }

    /// Whether the stored value can be computed in tiles.
    fn can_be_cut(&self, i: usize, tile: AxisId) -> bool {
        let stored = &self.stored[i];
        if self.tiling == Tiling::ShardedWhole {
            return match &stored.how {
                How::Rows { rows } | How::Folded { rows, .. } => {
                    !rows.contains(&tile) || rows.len() == 1
                }
                How::Contract | How::Scatter { .. } => true,
            };
        }
        let tiled: Vec<usize> = (0..stored.axes.len())
            .filter(|&at| stored.axes[at] == tile)
            .collect();
        let output = match stored.output {
            None => true,
            Some(Output::Gradient(_)) => tiled.is_empty() || tiled == [0],
            Some(_) => tiled.is_empty(),
        };
        let rows = match &stored.how {
            How::Rows { rows } | How::Folded { rows, .. } => {
                !rows.contains(&tile) || rows.len() == 1
            }
            How::Contract => true,
            How::Scatter { .. } => tiled.is_empty() || tiled == [0],
        };
        let running = match (self.running(i), &stored.how) {
            (Some(Running::Fold(_)), How::Rows { rows }) => stored.axes == *rows,
            _ => true,
        };
        output && rows && running
    }

    /// Whether computing the stored value involves positions on the tiled axis.
    pub(super) fn has_tiles(&self, i: usize, tile: AxisId) -> bool {
        let stored = &self.stored[i];
        let (sources, rows) = self.sources(stored);
        let over = match self.low.op(stored.node) {
            Op::Contract { over, .. } if matches!(stored.how, How::Contract) => over.contains(tile),
            _ => false,
        };
        let is_known = |id: LowId| self.known.contains_key(&id) && !self.is_own(i, id);
        stored.axes.contains(&tile)
            || rows.contains(&tile)
            || over
            || self.running(i) == Some(Running::Shift)
            || mentions(&self.low, tile, &sources, is_known)
    }

    /// The stored values that a stored value reads.
    fn reads_of(&self, i: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut stack = self.sources(&self.stored[i]).0;
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.known.get(&id) {
                Some((other, _)) if !self.is_own(i, id) => {
                    found.insert(*other);
                }
                _ => stack.extend(self.low.op(id).children()),
            }
        }
        found
    }

    fn is_tile(&self, i: usize, tile: AxisId) -> bool {
        let stored = &self.stored[i];
        stored.output.is_none() && stored.axes.contains(&tile)
    }

    fn phase(
        &self,
        i: usize,
        reads: &[BTreeSet<usize>],
        in_walk: &[bool],
        phases: &mut [Option<usize>],
    ) -> usize {
        if let Some(phase) = phases[i] {
            return phase;
        }
        let mut phase = 0;
        for &other in &reads[i] {
            let below = self.phase(other, reads, in_walk, phases);
            let waits = in_walk[other] && self.waits_for_tiles(i, other);
            phase = phase.max(below + usize::from(waits));
        }
        phases[i] = Some(phase);
        phase
    }

    /// What exists for a tile at a time, was computed in an earlier walk, and is needed by `members`.
    fn needed_again(
        &self,
        members: &[usize],
        reads: &[BTreeSet<usize>],
        in_walk: &[bool],
        tile: AxisId,
    ) -> Vec<usize> {
        let mut needed = BTreeSet::new();
        let mut stack = members.to_vec();
        while let Some(i) = stack.pop() {
            for &other in &reads[i] {
                let is_of_tile = in_walk[other] && self.is_tile(other, tile);
                if is_of_tile && !members.contains(&other) && needed.insert(other) {
                    stack.push(other);
                }
            }
        }
        needed.into_iter().collect()
    }

    /// The steps that compute the stored values, each with its level, in order.
    fn steps_by_level(&mut self, members: &[usize], levels: &[usize]) -> Vec<(usize, Step)> {
        let mut steps = vec![];
        let mut nests: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for &i in members {
            match &self.stored[i].how {
                How::Rows { rows } | How::Folded { rows, .. } => {
                    let place = (levels[i], rows.clone());
                    nests.entry(place).or_default().push(i);
                }
                _ => steps.push((levels[i], self.whole_step(i))),
            }
        }
        for ((level, rows), members) in nests {
            steps.push((level, self.nest_step(rows, &members)));
        }
        steps.sort_by_key(|step| step.0);
        steps
    }
}

/// Whether every sum that is rescaled stands in one nest with its shift, and the shift with its maxima.
fn grow_together(plan: &Plan, running_reads: &[Vec<BufferId>]) -> bool {
    plan.all_steps().all(|step| {
        let Step::Nest(nest) = step else { return true };
        let here = |id: &BufferId| nest.targets.iter().any(|target| target.buffer == *id);
        nest.targets.iter().all(|target| {
            let id = target.buffer;
            match plan.buffer(id).running {
                Some(Running::Rescaled { shift }) => here(&shift),
                Some(Running::Shift) => running_reads[usize::from(id.0)].iter().all(here),
                _ => true,
            }
        })
    })
}

/// A product that one later walk computes again, and a gradient that is written in that walk after it: until then, the gradient's memory
/// can keep the product.
fn parked(plan: &Plan, batch: &[AxisId], tile: AxisId) -> Option<Parked> {
    let walks = || {
        plan.steps.iter().filter_map(|step| match step {
            Step::Walk(walk) => Some(walk),
            _ => None,
        })
    };
    let is_again = |step: &WalkStep, id: BufferId| {
        let out = matches!(step.step, Step::Contract { out, .. } if out == id);
        step.again && out
    };
    let of_batch = |id: BufferId| {
        let axes = &plan.buffer(id).axes;
        axes.starts_with(batch) && axes[batch.len()..] == [tile]
    };
    let matrix = walks()
        .flat_map(|walk| &walk.steps)
        .find_map(|s| match s.step {
            Step::Contract { out, .. } if s.again && of_batch(out) => Some(out),
            _ => None,
        })?;
    let mut users = walks().filter(|walk| walk.steps.iter().any(|s| is_again(s, matrix)));
    let walk = users.next()?;
    if users.next().is_some() {
        return None;
    }
    let after = walk.steps.iter().skip_while(|s| !is_again(s, matrix));
    let written = after.flat_map(|s| s.step.outputs());
    let is_gradient = |id: &BufferId| {
        let buffer = plan.buffer(*id);
        matches!(buffer.output, Some(Output::Gradient(_))) && buffer.axes.first() == Some(&tile)
    };
    let gradient = written.filter(is_gradient);
    let gradient = gradient.max_by_key(|&id| plan.buffer(id).axes.len())?;
    Some(Parked { matrix, gradient })
}
