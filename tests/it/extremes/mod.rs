//! Inputs at which formulas as written overflow, divide 0 by 0 or cancel: values and gradients are finite, and right, wherever
//! the true ones are.
//!
//! What is right, the interpreter says in f64 at the same inputs, or a closed form.

mod angles;
mod logits;
mod pairs;

use loss_dsl::{Reduction, Spec};
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

fn fill(spec: &Spec, arrays: &mut Arrays, pattern: Pattern) {
    let mut random = Random::new(11);
    let differentiable: Vec<_> = spec.differentiable().map(|p| p.name).collect();
    for (parameter, array) in spec.arrays().zip(&mut arrays.list) {
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

/// Losses of differences between inputs, which at some patterns are (nearly) all there is: the samples are equal, or equal and
/// orthogonal, and the slopes cancel to nothing. No more is required of them than that the error is that of inputs
/// rounded once.
const OF_DIFFERENCES: [&str; 5] = ["Clip", "InfoNce", "NPairs", "SigLip", "TripletMargin"];

/// How far each array may be off: eight times what one rounding of the inputs changes, at worst of some tries.
fn of_rounded_inputs(
    subject: &Subject,
    at: &Arrays,
    cotangent: &ArrayD<f64>,
    single: bool,
) -> Vec<f64> {
    let epsilon = if single {
        f64::from(f32::EPSILON)
    } else {
        f64::EPSILON
    };
    let literal = &subject.compiled.literal;
    let outcome =
        |arrays: &Arrays| subject.interpreted(literal, &subject.loss, arrays, cotangent, single);
    let exact = outcome(at);
    let mut worst = vec![0.0_f64; exact.arrays.len()];
    let mut random = Random::new(23);
    for _ in 0..4 {
        let mut nearby = at.clone();
        for array in &mut nearby.list {
            if let Array::Real(array) = array {
                array.mapv_inplace(|x| x * (1.0 + epsilon * (random.below(3) as f64 - 1.0)));
            }
        }
        for ((worst, (_, a)), (_, b)) in worst
            .iter_mut()
            .zip(&exact.arrays)
            .zip(&outcome(&nearby).arrays)
        {
            let change = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            *worst = change.fold(*worst, f64::max);
        }
    }
    // The slope in a scale of logits is a sum of N² logits, here of up to 20, which are rounded and cancel; where a
    // cosine is 1, rounding moves it further than the inputs can.
    let samples: f64 = cotangent.iter().map(|slope| slope.abs()).sum();
    let logits = 20.0 * sizes("N") as f64 * samples;
    let learned: Vec<String> = subject
        .loss
        .spec()
        .learned()
        .map(|p| format!("d{}", p.name))
        .collect();
    let allowed = worst.iter().zip(&exact.arrays).map(|(change, (name, _))| {
        8.0 * change
            + if learned.contains(name) {
                epsilon * logits
            } else {
                0.0
            }
    });
    allowed.collect()
}

/// The outcome, with what is within the allowance of the exact one replaced by that.
fn within(found: Outcome, exact: &Outcome, allowed: &[f64]) -> Outcome {
    let arrays = found.arrays.into_iter().zip(&exact.arrays).zip(allowed);
    let near = arrays.map(|(((name, mut found), (_, exact)), allowed)| {
        found.zip_mut_with(exact, |f, e| {
            if (*f - e).abs() <= *allowed {
                *f = *e;
            }
        });
        (name, found)
    });
    Outcome {
        arrays: near.collect(),
    }
}

fn at_patterns(subject: &Subject) {
    let loss = &subject.loss;
    let mut failures = Vec::new();
    for (name, pattern) in PATTERNS {
        let mut arrays = subject.sample(sizes, 3);
        fill(loss.spec(), &mut arrays, pattern);
        let cotangent = subject.cotangent(&arrays, 4);
        let literal = &subject.compiled.literal;
        let expected = |single| subject.interpreted(literal, loss, &arrays, &cotangent, single);
        let double = expected(false);
        let mut elements = double.arrays.iter().flat_map(|(_, array)| array);
        assert!(
            elements.all(|e| e.is_finite()),
            "{name}: the truth is not finite"
        );
        let judged = |found: Outcome, exact: &Outcome, single| {
            if !OF_DIFFERENCES.contains(&loss.name()) {
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
        let found = generated::<f32>(loss, &arrays, &cotangent);
        let exact = in_single(&expected(true), &found);
        let (error, array) = judged(found, &exact, true).error(&exact);
        if error > SINGLE {
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

/// A NaN in one sample is in that sample's loss and gradient, and in no other's.
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
    let with_batch = |p: &&loss_dsl::ParameterSpec| p.axes.first() == Some(&batch);
    let parameter = spec
        .differentiable()
        .find(with_batch)
        .expect("a tensor with samples");
    let at = spec
        .arrays()
        .position(|p| p.name == parameter.name)
        .expect("an array");
    let mut spoilt = arrays.clone();
    let sample = 2;
    spoilt
        .real_mut(at)
        .index_axis_mut(Axis(0), sample)
        .fill(f64::NAN);
    let spoilt = generated::<f32>(loss, &spoilt, &cotangent);
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

/// No samples: the value is 0 and every gradient of a shared tensor is 0. A loss that is one number has no
/// samples of its own that could be missing: an axis without positions is refused.
fn nothing(subject: &Subject) {
    let arrays = subject.sample(|dim| if dim == "N" { 0 } else { 3 }, 1);
    if subject.loss.spec().value_axes.is_empty() {
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
