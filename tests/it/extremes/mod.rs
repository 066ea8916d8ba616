//! Inputs at which formulas as written overflow, divide 0 by 0 or cancel: values and gradients are finite, and right, wherever
//! the true ones are.
//!
//! What is right, the interpreter says in f64 at the same inputs, or a closed form.

mod angles;
mod errors;
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

/// Fills all that is differentiated; the patterns of two inputs are shifted, for a pair of equal vectors has no gradient but
/// rounding.
fn fill<L: Loss>(arrays: &mut Arrays, pattern: Pattern) {
    let mut random = Random::new(11);
    let differentiable: Vec<_> = L::spec().differentiable().map(|p| p.name).collect();
    let mut shift = 0;
    for (parameter, array) in L::spec().arrays().zip(&mut arrays.list) {
        if let (Array::Real(array), true) = (array, differentiable.contains(&parameter.name)) {
            for (at, element) in array.iter_mut().enumerate() {
                *element = pattern(shift + at, &mut random);
            }
            shift += 7;
        }
    }
}

/// Losses whose value is an exponential of what is predicted: at 1e4 it is beyond f64, and so must be what is found.
const EXPONENTIAL: [&str; 2] = ["GaussianNllLogVar", "PoissonNll"];

/// Losses whose literal gradient cancels in f64 too, so that the simplified one is asked for the truth; closed forms are in
/// [`errors`].
const CANCELLING: [&str; 1] = ["GemanMcClure"];

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
        let truth = match CANCELLING.contains(&L::NAME) {
            true => &subject.compiled.simplified.kernel,
            false => &subject.compiled.literal,
        };
        let expected = |single| subject.interpreted(truth, &loss, &arrays, &cotangent, single);
        let double = expected(false);
        let mut elements = double.arrays.iter().flat_map(|(_, array)| array);
        let infinite = EXPONENTIAL.contains(&L::NAME);
        assert!(
            elements.all(|e| e.is_finite() || (infinite && e.is_infinite())),
            "{name}: the truth is not finite"
        );
        let found = generated::<L, f64>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&double);
        if error > DOUBLE {
            failures.push(format!("{name}: {array} in f64 off by {error:.1e}"));
        }
        let found = generated::<L, f32>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&in_single(&expected(true), &found));
        if error > SINGLE {
            failures.push(format!("{name}: {array} in f32 off by {error:.1e}"));
        }
    }
    assert!(failures.is_empty(), "{}\n{}", L::NAME, failures.join("\n"));
}

loss_tests::for_each_built_in!(at_patterns);

/// A NaN in one sample is in that sample's loss, in its gradient unless that does not depend on the sample (a hinge's, says the
/// interpreter), and in no other's.
fn nan_stays_in_its_row<L: Loss + Default>(subject: &Subject) {
    if L::spec().coupled || L::spec().value_axes.is_empty() {
        return;
    }
    let batch = L::spec().value_axes[0];
    let loss = L::default();
    let arrays = subject.sample(sizes, 8);
    let cotangent = subject.cotangent(&arrays, 9);
    let clean = generated::<L, f32>(&loss, &arrays, &cotangent);
    let place = |p: &loss_dsl::ParameterSpec| p.axes.iter().position(|&axis| axis == batch);
    let parameter = L::spec()
        .differentiable()
        .find(|p| place(p).is_some())
        .expect("a tensor with samples");
    let axis = Axis(place(parameter).unwrap_or_default());
    let at = L::spec()
        .arrays()
        .position(|p| p.name == parameter.name)
        .expect("an array");
    let mut spoilt = arrays.clone();
    let sample = 2;
    spoilt
        .real_mut(at)
        .index_axis_mut(axis, sample)
        .fill(f64::NAN);
    let literal = &subject.compiled.literal;
    let expected = subject.interpreted(literal, &loss, &spoilt, &cotangent, true);
    let spoilt = generated::<L, f32>(&loss, &spoilt, &cotangent);
    let has_nan = |row: &ndarray::ArrayViewD<'_, f64>| row.iter().any(|e| e.is_nan());
    for (name, axis) in [
        ("value".to_owned(), Axis(0)),
        (format!("d{}", parameter.name), axis),
    ] {
        let rows = clean
            .get(&name)
            .axis_iter(axis)
            .zip(spoilt.get(&name).axis_iter(axis));
        let wanted = name == "value" || has_nan(&expected.get(&name).index_axis(axis, sample));
        for (n, (clean, spoilt)) in rows.enumerate() {
            if n == sample {
                assert!(!wanted || has_nan(&spoilt), "{name}: no NaN in {spoilt}");
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
    let Some(&batch) = L::spec().value_axes.first() else {
        return;
    };
    let batch = L::spec().dims[batch].name;
    let arrays = subject.sample(|dim| if dim == batch { 0 } else { 3 }, 1);
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
