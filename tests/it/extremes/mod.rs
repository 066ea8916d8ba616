//! Inputs at which formulas as written overflow, divide 0 by 0 or cancel: values and gradients are finite, and right, wherever
//! the true ones are.
//!
//! What is right, the interpreter says in f64 at the same inputs, or a closed form.

mod angles;
mod conditioning;
mod errors;
mod logits;
mod pairs;

use loss_dsl::{Reduction, Spec};
use ndarray::{ArrayD, Axis};

use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;

use conditioning::{of_rounded_inputs, within};

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

/// Fills all that is differentiated; the patterns of two inputs are shifted, for a pair of equal vectors has no gradient but
/// rounding.
fn fill(spec: &Spec, arrays: &mut Arrays, pattern: Pattern) {
    let mut random = Random::new(11);
    let differentiable: Vec<_> = spec.differentiable().map(|p| p.name).collect();
    let mut shift = 0;
    for (parameter, array) in spec.arrays().zip(&mut arrays.list) {
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

/// Losses whose gradients at vectors shorter than 1e-38 f32 has no room for: they are of moderate size, the quotient of a short
/// vector that is not normalised by the length of one that is, and are computed as its product with an infinite 1/‖·‖.
const BEYOND_SINGLE: [&str; 5] = [
    "ASoftmax",
    "ASoftmax1",
    "ASoftmax2",
    "ASoftmax3",
    "L2Softmax",
];

/// Losses of which some patterns leave nothing but rounding: the samples are equal, or equal and orthogonal, and slopes cancel to
/// nothing; or logits are products of inputs that are not normalised both, ties up to 4e8, whose last bit is 6e-8 in f64
/// and 32 in f32. What is required of them is finite, and off by no more than that of inputs rounded once.
const CONDITIONED: [&str; 14] = [
    "ASoftmax",
    "ASoftmax1",
    "ASoftmax2",
    "ASoftmax3",
    "Clip",
    "InfoNce",
    "L2Softmax",
    "LSoftmax",
    "LSoftmax1",
    "LSoftmax2",
    "LSoftmax3",
    "NPairs",
    "SigLip",
    "TripletMargin",
];

fn is_finite(outcome: &Outcome) -> bool {
    let mut elements = outcome.arrays.iter().flat_map(|(_, array)| array);
    elements.all(|e| e.is_finite())
}

fn at_patterns(subject: &Subject) {
    let loss = &subject.loss;
    let mut failures = Vec::new();
    for (name, pattern) in PATTERNS {
        let mut arrays = subject.sample(sizes, 3);
        fill(loss.spec(), &mut arrays, pattern);
        let cotangent = subject.cotangent(&arrays, 4);
        let truth = match CANCELLING.contains(&loss.name()) {
            true => &subject.compiled.simplified.kernel,
            false => &subject.compiled.literal,
        };
        let expected = |single| subject.interpreted(truth, loss, &arrays, &cotangent, single);
        let double = expected(false);
        let mut elements = double.arrays.iter().flat_map(|(_, array)| array);
        let infinite = EXPONENTIAL.contains(&loss.spec().name);
        assert!(
            elements.all(|e| e.is_finite() || (infinite && e.is_infinite())),
            "{name}: the truth is not finite"
        );
        let judged = |found: Outcome, exact: &Outcome, single| {
            if !CONDITIONED.contains(&loss.name()) || !is_finite(&found) {
                return found;
            }
            let allowed = of_rounded_inputs(subject, &arrays, &cotangent, single);
            within(found, exact, &allowed)
        };
        let found = judged(generated::<f64>(loss, &arrays, &cotangent), &double, false);
        let (error, array) = found.error(&double);
        if error > DOUBLE {
            failures.push(format!("{name}: {array} in f64 off by {error:.1e}"));
        }
        if name == "subnormal" && BEYOND_SINGLE.contains(&loss.name()) {
            continue;
        }
        let found = generated::<f32>(loss, &arrays, &cotangent);
        let exact = in_single(&expected(true), &found);
        let (error, array) = judged(found, &exact, true).error(&exact);
        if error > allowed_in_single(loss.name()) {
            failures.push(format!("{name}: {array} in f32 off by {error:.1e}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{}\n{}",
        loss.name(),
        failures.join("\n")
    );
}

loss_tests::for_each_built_in!(at_patterns);

/// A NaN in one sample is in that sample's loss, in its gradient unless that does not depend on the sample (a hinge's, says the
/// interpreter), and in no other's.
fn nan_stays_in_its_row(subject: &Subject) {
    let loss = &subject.loss;
    let spec = loss.spec();
    if spec.coupled || spec.value_axes.is_empty() {
        return;
    }
    let batch = spec.value_axes[0];
    let arrays = subject.sample(sizes, 8);
    let cotangent = subject.cotangent(&arrays, 9);
    let clean = generated::<f32>(loss, &arrays, &cotangent);
    let place = |p: &loss_dsl::ParameterSpec| p.axes.iter().position(|&axis| axis == batch);
    let parameter = spec
        .differentiable()
        .find(|p| place(p).is_some())
        .expect("a tensor with samples");
    let axis = Axis(place(parameter).unwrap_or_default());
    let at = spec
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
    let expected = subject.interpreted(literal, loss, &spoilt, &cotangent, true);
    let spoilt = generated::<f32>(loss, &spoilt, &cotangent);
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

/// No samples: the value is 0 and every gradient of a shared tensor is 0. A loss that is one number has no
/// samples of its own that could be missing: an axis without positions is refused.
fn nothing(subject: &Subject) {
    let spec = subject.loss.spec();
    let batch = spec.value_axes.first().map(|&axis| spec.dims[axis].name);
    let missing = batch.unwrap_or("N");
    let arrays = subject.sample(|dim| if dim == missing { 0 } else { 3 }, 1);
    if batch.is_none() {
        let refused = subject.loss.differentiate(&arrays.inputs::<f32>());
        assert!(matches!(refused, Err(loss_dsl::Error::EmptyAxis { .. })));
        return;
    }
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let loss = subject.loss.clone().with_reduction(reduction);
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
