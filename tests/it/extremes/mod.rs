//! Inputs at which formulas as written overflow, divide 0 by 0 or cancel: values and gradients are finite, and right, wherever
//! the true ones are.
//!
//! What is right, the interpreter says in f64 at the same inputs, or a closed form.

mod angles;
mod logits;

use loss_dsl::{Loss, Reduction};
use ndarray::{ArrayD, Axis};

use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;

/// Allowed error, relative to the largest element of an array.
const DOUBLE: f64 = 1e-11;
const SINGLE: f64 = 2e-5;

/// Losses that add a logarithm to the logits: f32 holds 1e4 + ln n to 5e-4, which is the relative error of the shares.
const ADJUSTED: [&str; 2] = ["BalancedSoftmax", "LogitAdjusted"];

fn allowed_in_single(name: &str) -> f64 {
    if ADJUSTED.contains(&name) {
        5e-4
    } else {
        SINGLE
    }
}

/// A pattern: the element number `at` of a real input.
type Pattern = fn(usize, &mut Random) -> f64;

const PATTERNS: [(&str, Pattern); 7] = [
    ("1e4 either way", |_, random| {
        if random.below(2) == 0 { 1e4 } else { -1e4 }
    }),
    ("all 1e4", |_, _| 1e4),
    ("all -1e4", |_, _| -1e4),
    ("all 0", |_, _| 0.0),
    ("thousands", |_, random| 1024.0 * random.normal()),
    ("subnormal", |at, _| {
        f64::from(f32::from_bits(1 + 1000 * at as u32))
    }),
    ("one of 80", |at, _| if at % 3 == 0 { 80.0 } else { 0.0 }),
];

fn fill<L: Loss>(arrays: &mut Arrays, pattern: Pattern) {
    let mut random = Random::new(11);
    let differentiable: Vec<_> = L::spec().differentiable().map(|p| p.name).collect();
    for (parameter, array) in L::spec().arrays().zip(&mut arrays.list) {
        if let (Array::Real(array), true) = (array, differentiable.contains(&parameter.name)) {
            for (at, element) in array.iter_mut().enumerate() {
                *element = pattern(at, &mut random);
            }
        }
    }
}

fn sizes(dim: &str) -> usize {
    match dim {
        "N" => 6,
        "C" => 5,
        "D" => 4,
        _ => 2,
    }
}

/// What f32 can hold of it. Of an array that goes beyond the range of f32 nothing is required: the gradient of a subnormal
/// centre has 1/‖w‖ as a factor, and its parts, infinite each, may add up to NaN.
fn in_single(exact: &Outcome, found: &Outcome) -> Outcome {
    let narrowed = |(name, exact): &(String, ArrayD<f64>)| {
        let narrow = exact.mapv(|e| f64::from(e as f32));
        let is_out = narrow.iter().any(|e| e.is_infinite());
        let compared = if is_out {
            found.get(name).clone()
        } else {
            narrow
        };
        (name.clone(), compared)
    };
    Outcome {
        arrays: exact.arrays.iter().map(narrowed).collect(),
    }
}

fn at_patterns<L: Loss + Default>(subject: &Subject) {
    let loss = L::default();
    let mut failures = Vec::new();
    for (name, pattern) in PATTERNS {
        let mut arrays = subject.sample(sizes, 3);
        fill::<L>(&mut arrays, pattern);
        let cotangent = subject.cotangent(&arrays, 4);
        let literal = &subject.compiled.literal;
        let expected = |single| subject.interpreted(literal, &loss, &arrays, &cotangent, single);
        let double = expected(false);
        let mut elements = double.arrays.iter().flat_map(|(_, array)| array);
        assert!(
            elements.all(|e| e.is_finite()),
            "{name}: the truth is not finite"
        );
        let found = generated::<L, f64>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&double);
        if error > DOUBLE {
            failures.push(format!("{name}: {array} in f64 off by {error:.1e}"));
        }
        let found = generated::<L, f32>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&in_single(&expected(true), &found));
        if error > allowed_in_single(L::NAME) {
            failures.push(format!("{name}: {array} in f32 off by {error:.1e}"));
        }
    }
    assert!(failures.is_empty(), "{}\n{}", L::NAME, failures.join("\n"));
}

loss_tests::for_each_built_in!(at_patterns);

/// A NaN in one sample is in that sample's loss and gradient, and in no other's.
fn nan_stays_in_its_row<L: Loss + Default>(subject: &Subject) {
    if L::spec().coupled || L::spec().value_axes.is_empty() {
        return;
    }
    let batch = L::spec().value_axes[0];
    let loss = L::default();
    let arrays = subject.sample(sizes, 8);
    let cotangent = subject.cotangent(&arrays, 9);
    let clean = generated::<L, f32>(&loss, &arrays, &cotangent);
    let with_batch = |p: &&loss_dsl::ParameterSpec| p.axes.first() == Some(&batch);
    let parameter = L::spec()
        .differentiable()
        .find(with_batch)
        .expect("a tensor with samples");
    let at = L::spec()
        .arrays()
        .position(|p| p.name == parameter.name)
        .expect("an array");
    let mut spoilt = arrays.clone();
    let sample = 2;
    spoilt
        .real_mut(at)
        .index_axis_mut(Axis(0), sample)
        .fill(f64::NAN);
    let spoilt = generated::<L, f32>(&loss, &spoilt, &cotangent);
    for name in ["value".to_owned(), format!("d{}", parameter.name)] {
        let rows = clean
            .get(&name)
            .outer_iter()
            .zip(spoilt.get(&name).outer_iter());
        for (n, (clean, spoilt)) in rows.enumerate() {
            if n == sample {
                assert!(
                    spoilt.iter().any(|e| e.is_nan()),
                    "{name}: no NaN in {spoilt}"
                );
            } else {
                assert_eq!(clean, spoilt, "{name}, sample {n}");
            }
        }
    }
}

mod nan {
    use super::nan_stays_in_its_row;

    loss_tests::for_each_built_in!(nan_stays_in_its_row);
    crate::written::for_each_written!(nan_stays_in_its_row);
}

/// No samples: the value is 0 and every gradient of a shared tensor is 0.
fn nothing<L: Loss + Default>(subject: &Subject) {
    let arrays = subject.sample(|dim| if dim == "N" { 0 } else { 3 }, 1);
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let loss = L::default().with_reduction(reduction);
        let (value, gradients) = loss
            .differentiate(&arrays.inputs::<f32>())
            .expect("a correct call");
        assert_eq!(value.total(), 0.0);
        for gradient in &gradients.tensors {
            assert!(gradient.iter().all(|&slope| slope == 0.0));
        }
    }
}

mod no_samples {
    use super::nothing;

    loss_tests::for_each_built_in!(nothing);
}
