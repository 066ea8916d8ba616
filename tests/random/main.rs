//! Random losses, compiled: their kernels against the interpreter, in f32 and f64.
//!
//! The build script writes the losses (`RANDOM_SEED` gives others, `RANDOM_LOSSES` more of them); what is right is the
//! literal derivation in arbitrary precision. A loss that is random may be ill-conditioned, so what is allowed is measured where it
//! is evaluated: what one rounding of the inputs changes, and how far the interpreter is off that computes the simplified
//! graph with numbers of the kernel's type, times [`FACTOR`].

#![forbid(unsafe_code)]

use loss_codegen::ir::eval::{Exact, Number};
use loss_tests::support::any;
use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;
use ndarray::ArrayD;

#[allow(
    dead_code,
    deprecated,
    clippy::all,
    clippy::pedantic,
    reason = "as random as their text"
)]
mod losses {
    use loss_tests::support::any::AnyLoss;

    include!(concat!(env!("OUT_DIR"), "/random.rs"));
}

/// How many times the measured error a kernel may be off: it sums in another order, and its elementwise functions have
/// bounds of a few units of the last place.
const FACTOR: f64 = 64.0;

/// What happened to a loss at a point.
enum Verdict {
    Right,
    /// The true value is no number of the type.
    Undefined,
    Wrong(String),
}

/// The inputs, and the cotangent.
struct Point {
    arrays: Arrays,
    cotangent: ArrayD<f64>,
}

impl Point {
    /// The same with each real number moved by one rounding, up or down.
    fn rounded(&self, epsilon: f64, seed: u64) -> Point {
        let mut random = Random::new(seed);
        let mut moved = |x: f64| x * (1.0 + epsilon * (random.below(3) as f64 - 1.0));
        let arrays = self.arrays.list.iter().map(|array| match array {
            Array::Real(array) => Array::Real(array.mapv(&mut moved)),
            other => other.clone(),
        });
        Point {
            arrays: Arrays::new(arrays.collect()),
            cotangent: self.cotangent.clone(),
        }
    }
}

fn largest(array: &ArrayD<f64>) -> f64 {
    array.iter().fold(0.0, |size, x| size.max(x.abs()))
}

fn apart(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    let gaps = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    gaps.fold(0.0, |gap, next| {
        if next.is_nan() {
            f64::INFINITY
        } else {
            gap.max(next)
        }
    })
}

/// Compares one loss at one point with numbers `F`.
fn compare<F: any::Number, T: Number>(subject: &Subject, point: &Point, single: bool) -> Verdict {
    let compiled = &subject.compiled;
    let loss = &subject.loss;
    let exact = |point: &Point| {
        let (arrays, cotangent) = (&point.arrays, &point.cotangent);
        subject.interpreted_with::<Exact>(&compiled.literal, loss, arrays, cotangent, single)
    };
    let (epsilon, limit) = if single {
        (f64::from(f32::EPSILON), 1e30)
    } else {
        (f64::EPSILON, 1e290)
    };
    let expected = exact(point);
    let representable = |x: &f64| x.is_finite() && x.abs() < limit;
    if !expected
        .arrays
        .iter()
        .all(|(_, array)| array.iter().all(representable))
    {
        return Verdict::Undefined;
    }
    let nearby: Vec<Outcome> = (1..5)
        .map(|seed| exact(&point.rounded(epsilon, seed)))
        .collect();
    let kernel = &compiled.simplified.kernel;
    let (arrays, cotangent) = (&point.arrays, &point.cotangent);
    let computed = subject.interpreted_with::<T>(kernel, loss, arrays, cotangent, single);
    let found = generated::<F>(loss, arrays, cotangent);
    for (i, (name, expected)) in expected.arrays.iter().enumerate() {
        let conditioned = nearby
            .iter()
            .map(|other| apart(&other.arrays[i].1, expected));
        let conditioned = conditioned.fold(epsilon * largest(expected), f64::max);
        let computed = apart(&computed.arrays[i].1, expected);
        let allowed = FACTOR * (conditioned + computed) + 64.0 * epsilon * epsilon;
        let error = apart(&found.arrays[i].1, expected);
        if error > allowed {
            return Verdict::Wrong(format!("{name} is off by {error:e}, not {allowed:e}"));
        }
    }
    Verdict::Right
}

#[test]
fn kernels_of_random_losses_compute_what_the_interpreter_does() {
    let mut wrong = Vec::new();
    let (mut right, mut undefined) = (0, 0);
    for (i, (source, loss)) in losses::ALL.iter().enumerate() {
        let subject = Subject::in_block(source.parse().expect("tokens"), loss());
        for seed in 1..=3 {
            let seed = 1000 * i as u64 + seed;
            let mut random = Random::new(seed);
            // Around one sample and around the lanes of a vector.
            let mut sizes: Vec<(String, usize)> = Vec::new();
            for dim in subject.dims() {
                let extent = [1, 2, 3, 2, 5, 17][random.below(6)];
                sizes.push((dim, extent));
            }
            let extent = |name: &str| sizes.iter().find(|(dim, _)| dim == name).map_or(1, |s| s.1);
            let arrays = subject.sample(extent, seed);
            let cotangent = subject.cotangent(&arrays, seed + 500);
            let point = Point { arrays, cotangent };
            for (verdict, what) in [
                (compare::<f64, f64>(&subject, &point, false), "f64"),
                (compare::<f32, f32>(&subject, &point, true), "f32"),
            ] {
                match verdict {
                    Verdict::Right => right += 1,
                    Verdict::Undefined => undefined += 1,
                    Verdict::Wrong(message) => {
                        wrong.push(format!("{source}\n{what}, {sizes:?}: {message}"));
                    }
                }
            }
        }
    }
    println!(
        "{} losses: {right} comparisons, {undefined} undefined",
        losses::ALL.len()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    assert!(
        undefined * 5 < right,
        "{undefined} undefined, {right} right"
    );
}
