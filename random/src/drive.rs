//! Many programs, and the smallest that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::{Tally, check};
use crate::point::Random;
use crate::shrink::shrink;
use crate::writer::program;

/// The most choices of a program.
const CHOICES: usize = 200;

/// How many programs are tried for a smaller one that fails.
const TRIES: usize = 400;

/// Checks `cases` programs; they are the same for the same seed.
///
/// # Errors
/// The definition that the first program to fail shrinks to, and what is wrong with it.
pub fn run(seed: u64, cases: u32) -> Result<Tally, String> {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    for case in 0..cases {
        let choices = 1 + random.below(CHOICES);
        let choices: Vec<u32> = (0..choices).map(|_| random.bits() as u32).collect();
        let point = random.bits();
        let checked = |choices: &[u32], tally: &mut Tally| {
            let source = program("Random", choices);
            // A compiler that panics is wrong too.
            let caught = catch_unwind(AssertUnwindSafe(|| check(&source, point, tally)));
            let result = caught.unwrap_or_else(|_| Err("a panic".to_owned()));
            result.map_err(|reason| format!("{source}{reason}"))
        };
        if let Err(first) = checked(&choices, &mut tally) {
            let mut found = first;
            shrink(choices, TRIES, |smaller| {
                let result = checked(smaller, &mut Tally::default());
                result.map_err(|message| found = message).is_err()
            });
            return Err(format!(
                "program {case} of seed {seed}, at point {point}:\n{found}"
            ));
        }
    }
    Ok(tally)
}
