//! Many programs, and the smallest that fails.

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use loss_codegen::support::Diagnostics;
use loss_codegen::{sema, syntax};

use crate::check::{Tally, check};
use crate::point::Random;
use crate::writer::program;

/// The most choices of a program.
const CHOICES: usize = 200;

/// Checks `cases` programs; they are the same for the same seed.
///
/// # Errors
/// The definition that the first program to fail shrinks to, and what is wrong with it.
pub fn run(seed: u64, cases: u32) -> Result<Tally, String> {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tally = RefCell::new(Tally::default());
    let strategy = (vec(any::<u32>(), 1..=CHOICES), any::<u64>());
    let result = runner.run(&strategy, |(choices, point)| {
        let source = program("Random", &choices);
        let checked = check(&source, point, &mut tally.borrow_mut());
        checked.map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => Ok(tally.into_inner()),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
        Err(TestError::Fail(reason, (choices, point))) => {
            let source = program("Random", &choices);
            Err(format!("at point {point}:\n{source}\n{reason}"))
        }
    }
}

/// The texts of `count` losses that the compiler accepts, of moderate size, each called `pub Random`.
pub fn sources(seed: u64, count: usize) -> impl Iterator<Item = String> {
    let mut random = Random::new(seed);
    let next = move || {
        let choices = 10 + random.below(80);
        let choices: Vec<u32> = (0..choices).map(|_| random.bits() as u32).collect();
        program("pub Random", &choices)
    };
    std::iter::repeat_with(next)
        .filter(|source| is_accepted(source))
        .take(count)
}

fn is_accepted(source: &str) -> bool {
    let mut diagnostics = Diagnostics::new();
    let Ok(tokens) = source.parse() else {
        return false;
    };
    let definitions = syntax::parse(tokens, &mut diagnostics);
    sema::analyse(&definitions, &mut diagnostics);
    diagnostics.is_empty()
}
