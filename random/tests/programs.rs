//! Random programs, interpreted; see the library's documentation for what is checked.
//!
//! They are the same in every run. `RANDOM_SEED` gives others, `RANDOM_CASES` more or fewer of them than fifteen hundred; from twenty thousand
//! on, every rewrite rule has to have fired. A failure prints the
//! seed, the definition that it shrinks to, and the point: the example `check` repeats it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use loss_codegen::simplify::rules;
use loss_random::check::{Tally, check};
use loss_random::drive::run;
use loss_random::setting;

/// Programs in every run.
const CASES: u64 = 1_500;

/// Fewer programs than these need not show everything.
const ENOUGH: u64 = 20_000;

/// So many failures are enough to see, and to shrink.
const FAILURES: usize = 5;

/// Programs in one portion, which one thread checks.
const PORTION: u64 = 250;

#[test]
fn random_programs_keep_their_values_and_have_their_slopes() {
    let seed = setting("RANDOM_SEED", 1);
    let cases = setting("RANDOM_CASES", CASES);
    let portions = cases.div_ceil(PORTION);
    let next = AtomicU64::new(0);
    let results = Mutex::new((Tally::default(), Vec::<String>::new()));
    let work = || {
        loop {
            let portion = next.fetch_add(1, Ordering::Relaxed);
            let failures = results.lock().expect("no thread panics").1.len();
            if portion >= portions || failures >= FAILURES {
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
    let rules = if cases < ENOUGH { vec![] } else { rules::all() };
    for rule in rules {
        assert!(
            tally.rules.contains_key(rule.name),
            "{} never fires:\n{tally}",
            rule.name
        );
    }
}

/// What was held against a program once, and must not be again.
#[test]
fn programs_that_failed_hold() {
    let cases = [
        // A slope of 2⁻²⁶⁴⁰⁰, of which dual numbers know no bit.
        (
            3_709_074_713_512_552_088,
            "Random(x1: [D] where x1 > 0, x2: [C]) {
                axis B like C;
                let z = sum[D](if D == 0 { ln(2) / x1 } else { 0 }) * x2[C -> B];
                lse[B](z) - z[B = 0]
            }",
        ),
        // The form that is chosen has a third axis over N, which simplification made.
        (
            1,
            "Random(x1: [N], s2: scalar = 0.5) {
                axis M like N;
                norm[N](dot[M](unit[M](x1 * x1[N -> M]), unit[M](s2 * x1[N -> M])))
            }",
        ),
        // A power that is its base: x^1, of a softmax over one class.
        (
            15_496_346_728_872_787_544,
            "Random(x1: [N, C] where x1 > 0, x2: [C]) {
                axis B like C;
                let p = 2 * softmax[B](x2[C -> B]) - 1;
                sum[C](max[B](pow(x1, p)))
            }",
        ),
        // The angle of a vector that is 0 but for rounding.
        (
            7_788_523_434_731_336_811,
            "Random(s1: scalar = 0.25 where -1 < s1 && s1 < 1, x2: [N], s3: scalar = 0.5, x4: [C], y5: [N] in C, s6: scalar = 0.5) {
    cos(acos(dot[N](unit[N](cos(acos(s1) + x2)), unit[N]((lse[C]((s3 * x4)) - 0.9 * (s3 * x4)[C = y5] - 0.1 * mean[C]((s3 * x4)))))) + s6)
}",
        ),
        // A step of an infinity, of which dual numbers know no slope.
        (
            16_526_399_028_634_025_996,
            "Random(l1: learn scalar = 0.5, x2: [C]) {
    sign((l1 / (1 - softmax[C]((l1 * x2))[C = 0])))
}",
        ),
        // The element of a test for the largest, in another form than the maximum's body: pow(a, x4 + x5).
        (
            8_001_452_042_996_090_119,
            "Random(x1: [C] where x1 > 0, x2: [C, T], x3: [C], x4: [T], x5: [N]) {
       axis B like C;
       min[B]((pow((x1[C -> B] / sum[C](exp((x2[C -> B] * x3)))), x4) * pow((x1[C -> B] / sum[C](exp((x2[C -> B] * x3)))), x5)))
   }",
        ),
        // The same, with its factors multiplied in another order.
        (
            2_680_936_678_518_166_342,
            "Random(x1: [C], x2: [T] where 0 < x2 && x2 < 1, s3: scalar = 0.5, x4: [N]) {
    axis B like C;
    let v5 = (softmax[B]((1 * x1[C -> B])) * (x2 * softmax[N]((s3 * x4))));
    let v6 = v5;
    max[B](v6)
}",
        ),
        // The same within a sum, for which the slope was wrong by a share.
        (
            16_666_350_985_702_456_929,
            "Random(x1: [N, C], x3: [C], x4: [D], s5: scalar = 0.5, s6: scalar = 1.5 where s6 > 0) {
    axis B like C;
    let v2 = sigmoid(x1);
    max[C](xlogy(((1 + sum[D](square((max[B](((acos(v2) + v2) * x3[C -> B]) + v2) * x4)))) * softplus(cos(acos(0.1) + s5))), s6))
}",
        ),
    ];
    for (point, source) in cases {
        let checked = check(source, point, &mut Tally::default());
        assert!(checked.is_ok(), "{source}\n{checked:?}");
    }
}
