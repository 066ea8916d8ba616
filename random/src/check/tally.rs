//! What happened in a run: how much was compared, and how often each rule fired.

use loss_codegen::simplify::{Report, Stop};
use std::collections::BTreeMap;
use std::fmt;

/// Counts of a run.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Programs.
    pub programs: usize,
    /// Programs that are not compiled: they divide by 0, or have too many axes.
    pub refused: usize,
    /// Programs with a finite value and gradients at their point.
    pub finite: usize,
    /// Points at which the literal graph jumps, and the simplified one is on the other side.
    pub jumps: usize,
    /// Points at which a NaN of a branch that is not taken comes out of a simplified graph.
    pub leaks: usize,
    /// Points at which something differs because rounding makes up a number, or a vector is 0.
    pub degenerate: usize,
    /// Points at which gradients were compared with dual numbers.
    pub dual: usize,
    /// Points at which gradients were compared with differences.
    pub differences: usize,
    /// Points at kinks, where slopes by different means differ.
    pub kinks: usize,
    /// Programs whose rules found nothing more.
    pub saturated: usize,
    /// The most e-nodes.
    pub largest: usize,
    /// How often each rule told something new.
    pub rules: BTreeMap<&'static str, usize>,
}

impl Tally {
    pub(super) fn count(&mut self, report: &Report) {
        self.programs += 1;
        self.saturated += usize::from(report.stop == Stop::Saturated);
        self.largest = self.largest.max(report.nodes);
        for (rule, times) in &report.rules_fired {
            *self.rules.entry(rule).or_default() += times;
        }
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Tally) {
        self.programs += other.programs;
        self.refused += other.refused;
        self.finite += other.finite;
        self.jumps += other.jumps;
        self.leaks += other.leaks;
        self.degenerate += other.degenerate;
        self.dual += other.dual;
        self.differences += other.differences;
        self.kinks += other.kinks;
        self.saturated += other.saturated;
        self.largest = self.largest.max(other.largest);
        for (rule, times) in &other.rules {
            *self.rules.entry(rule).or_default() += times;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} programs ({} more refused): {} finite, {} saturated (at most {} e-nodes), {} with dual numbers, {} with differences; {} at jumps, {} at kinks, {} leaks, {} degenerate",
            self.programs,
            self.refused,
            self.finite,
            self.saturated,
            self.largest,
            self.dual,
            self.differences,
            self.jumps,
            self.kinks,
            self.leaks,
            self.degenerate
        )?;
        for (rule, times) in &self.rules {
            writeln!(f, "{times:8} {rule}")?;
        }
        Ok(())
    }
}
