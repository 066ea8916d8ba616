//! What must be equal by mathematics alone: special cases of one loss that are another, and what leaves a loss as it is.
//!
//! No reference values are needed here, and no compiler: the generated code is asked twice.

mod batches;
mod heads;
mod invariances;
mod logits;
mod norms;
mod pairs;
mod regression;
mod tables;

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, distance};
use loss_tests::support::random::Random;
use ndarray::{ArrayD, IxDyn};
use proptest::test_runner::{Config, RngSeed};

/// Allowed error in f64, relative to the largest element of an array. Heads multiply cosines by a scale of up to 64.
const EQUAL: f64 = 1e-11;

/// The same cases on every run.
fn cases(seed: u64) -> Config {
    Config {
        cases: 24,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 16,
        ..Config::default()
    }
}

/// About normal numbers.
fn normal(shape: &[usize], seed: u64) -> Array {
    let mut random = Random::new(seed);
    Array::Real(ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        random.normal()
    }))
}

/// Uniform labels below `classes`.
fn labels(shape: &[usize], classes: usize, seed: u64) -> Array {
    let mut random = Random::new(seed);
    let label = || random.below(classes) as i64;
    Array::Labels(ArrayD::from_shape_simple_fn(IxDyn(shape), label))
}

/// As likely true as false.
fn mask(shape: &[usize], seed: u64) -> Array {
    let mut random = Random::new(seed);
    Array::Mask(ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        random.below(2) == 1
    }))
}

/// The real elements mapped.
fn mapped(array: &Array, f: impl Fn(f64) -> f64) -> Array {
    Array::Real(real(array).mapv(f))
}

fn real(array: &Array) -> &ArrayD<f64> {
    match array {
        Array::Real(array) => array,
        other => panic!("{other:?} is not real"),
    }
}

/// 1 at the label, 0 elsewhere.
fn one_hot(labels: &Array, classes: usize) -> ArrayD<f64> {
    let Array::Labels(labels) = labels else {
        panic!("{labels:?} are no labels");
    };
    let hit = |at: IxDyn| f64::from(u8::from(labels[at[0]] == at[1] as i64));
    ArrayD::from_shape_fn(IxDyn(&[labels.len(), classes]), hit)
}

/// Two arrays are equal but for rounding, relative to the largest element of the second.
#[track_caller]
fn close(found: &ArrayD<f64>, expected: &ArrayD<f64>) {
    let scale = expected.fold(1e-300_f64, |scale, e| scale.max(e.abs()));
    let off = (found - expected).fold(0.0_f64, |off, e| off.max(e.abs()));
    assert!(off <= EQUAL * scale, "off by {off:e}: {found} {expected}");
}

/// Both calls agree in every array that both yield.
#[track_caller]
fn equal(left: &Call, right: &Call) {
    equal_times(left, 1.0, right);
}

/// The first call is `factor` times the second.
#[track_caller]
fn equal_times(left: &Call, factor: f64, right: &Call) {
    let error = distance(left, factor, right);
    assert!(
        error <= EQUAL,
        "{:?} and {:?} differ by {error:.1e}",
        left.loss,
        right.loss
    );
}

/// Both calls agree to the last bit.
#[track_caller]
fn identical(left: &Call, right: &Call) {
    let error = distance(left, 1.0, right);
    assert!(
        error == 0.0,
        "{:?} and {:?} differ by {error:.1e}",
        left.loss,
        right.loss
    );
}
