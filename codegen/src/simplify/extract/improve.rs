//! Local search after the greedy choice: single choices are changed as long as all roots together get cheaper.
//!
//! This is what finds a form that costs more than another one alone and less where two roots share it, which no choice by
//! class can see. Descent by one exchange at a time, the roots first, in a fixed order, within a fixed number of trials.

use super::super::cost::Price;
use super::Problem;

/// The most alternatives that are tried.
const TRIALS: usize = 300;

impl Problem<'_> {
    /// Tries other members for the classes in use, in a fixed order. `None` if a choice is missing or they have a cycle.
    pub(crate) fn improve(&self, choice: &mut [Option<usize>]) -> Option<Price> {
        let mut cost = self.total(choice)?;
        let mut trials = 0;
        loop {
            let before = cost;
            for class in self.order(choice)?.into_iter().rev() {
                for candidate in 0..self.classes[class].candidates.len() {
                    if choice[class] == Some(candidate) || trials == TRIALS {
                        continue;
                    }
                    trials += 1;
                    let kept = choice[class].replace(candidate);
                    match self.total(choice) {
                        Some(lower) if lower < cost => cost = lower,
                        _ => choice[class] = kept,
                    }
                }
            }
            if cost == before || trials == TRIALS {
                return Some(cost);
            }
        }
    }
}
