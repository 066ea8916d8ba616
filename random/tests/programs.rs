//! Random programs, interpreted; see the library's documentation for what is checked.
//!
//! They are the same in every run. `RANDOM_SEED` gives others, `RANDOM_CASES` more of them (a thousand by default, twenty thousand for a long check); a failure prints
//! the definition that it shrinks to, and the point.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use loss_codegen::simplify::rules;
use loss_random::check::Tally;
use loss_random::drive::run;

/// Programs in one portion, which one thread checks.
const PORTION: u64 = 500;

fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn random_programs_keep_their_values_and_have_their_slopes() {
    let seed = setting("RANDOM_SEED", 1);
    let cases = setting("RANDOM_CASES", 1_000);
    let portions = cases.div_ceil(PORTION);
    let next = AtomicU64::new(0);
    let results = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        loop {
            let portion = next.fetch_add(1, Ordering::Relaxed);
            if portion >= portions {
                return;
            }
            let result = run((seed << 32) + portion, PORTION as u32);
            let mut results = results.lock().expect("no thread panics");
            match result {
                Ok(tally) => results.0.add(&tally),
                Err(message) => results.1.push(message),
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (tally, failures) = results.into_inner().expect("no thread panics");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    println!("{tally}");
    let share = |part: usize| part as f64 / tally.programs as f64;
    assert!(share(tally.finite) > 0.9, "few values are finite:\n{tally}");
    assert!(
        share(tally.dual) > 0.85,
        "few slopes are compared:\n{tally}"
    );
    assert!(
        share(tally.differences) > 0.85,
        "few slopes are compared with differences:\n{tally}"
    );
    assert!(share(tally.jumps) < 0.02, "many jumps:\n{tally}");
    assert!(
        share(tally.degenerate) < 0.01,
        "many degenerate points:\n{tally}"
    );
    assert!(share(tally.leaks) < 0.005, "many leaks:\n{tally}");
    assert!(share(tally.refused) < 0.02, "many are refused:\n{tally}");
    // Some rules are for what is rarely written.
    let rules = if cases < 20_000 { vec![] } else { rules::all() };
    for rule in rules {
        assert!(
            tally.rules.contains_key(rule.name),
            "{} never fires:\n{tally}",
            rule.name
        );
    }
}
