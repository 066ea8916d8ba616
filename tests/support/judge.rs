//! How far a loss is from its reference values.

use loss_dsl::{Float, Normalizer, Reduction, Value};
use ndarray::{ArrayD, IxDyn};

use super::any::{AnyLoss, Number};
use super::arrays::{Array, Arrays};
use super::golden::{Case, array_error};
use super::outcome::{elements, widened};

/// Allowed error in f64, relative to the largest element of an array. Logits of 1e4 have their last bit at 1e-12.
pub const DOUBLE: f64 = 1e-10;

/// The loss with the settings of a case, and the case's arrays in declaration order.
///
/// # Panics
/// If the case has settings that the loss has not, or lacks an array.
pub fn set_up(loss: &AnyLoss, case: &Case) -> (AnyLoss, Arrays) {
    let mut loss = loss.clone();
    for (name, &value) in &case.scalars {
        loss = loss.with_scalar(name, value);
    }
    for (name, &value) in &case.flags {
        loss = loss.with_flag(name, value);
    }
    if let Some(label) = case.ignore_index {
        loss = loss.with_ignore_index(label);
    }
    let array = |name: &str| {
        let real = case.tensors.get(name).cloned().map(Array::Real);
        let labels = || case.labels.get(name).cloned().map(Array::Labels);
        let mask = || case.masks.get(name).cloned().map(Array::Mask);
        let found = real.or_else(labels).or_else(mask);
        found.unwrap_or_else(|| panic!("{}: no input {name}", case.name))
    };
    let arrays = loss.spec().arrays().map(|p| array(p.name));
    let arrays = Arrays::new(arrays.collect());
    (loss, arrays)
}

/// The errors of one case computed with numbers `F`, each with what it is of: losses per sample, auxiliary outputs, totals, and
/// every gradient of every root. Relative to the largest element of the array.
///
/// # Panics
/// If a call is refused.
pub fn errors<F: Number>(loss: &AnyLoss, case: &Case) -> Vec<(String, f64)> {
    let (loss, arrays) = set_up(loss, case);
    let inputs = arrays.inputs::<F>();
    let mut errors = Vec::new();
    let mut record = |what: String, found: &ArrayD<f64>, expected: &ArrayD<f64>| {
        errors.push((what, array_error(found, &without_noise(expected))));
    };
    let gradient = |all: &loss_dsl::Gradients<F>, name: &str| {
        if case.scalars.contains_key(name) {
            let place = loss.spec().learned().position(|p| p.name == name);
            number(all.scalars[place.expect("a learned scalar")])
        } else {
            widened(&all[name])
        }
    };

    let per_sample = loss.clone().with_reduction(Reduction::None);
    let value = per_sample.evaluate(&inputs).expect("a correct call");
    record("value".to_owned(), &elements(&value), &case.value);
    let cotangent = case.cotangent.mapv(F::from_f64);
    let upstream = AnyLoss::upstream(&value, &cotangent);
    let pulled = per_sample
        .pull_back(&inputs, upstream)
        .expect("a correct call");
    for (name, expected) in &case.gradients["cotangent"] {
        let found = gradient(&pulled, name);
        record(format!("cotangent d{name}"), &found, expected);
    }
    let (_, auxiliary) = loss.evaluate_auxiliary(&inputs).expect("a correct call");
    for (output, found) in loss.spec().auxiliary.iter().zip(&auxiliary) {
        if let Some(expected) = case.auxiliary.get(output.name) {
            record(output.name.to_owned(), &widened(found), expected);
        }
    }
    for (total, &expected) in &case.totals {
        let loss = match total.as_str() {
            "sum" => loss.clone().with_reduction(Reduction::Sum),
            "mean" => loss.clone(),
            "weighted_mean" => loss.clone().with_normalizer(Normalizer::WeightedMean),
            other => panic!("{}: what is the total {other}?", case.name),
        };
        let (value, slopes) = loss.differentiate(&inputs).expect("a correct call");
        let alone = loss.evaluate(&inputs).expect("a correct call").total();
        let Value::Total(value) = value else {
            panic!("a total is one number");
        };
        // The same but for the order of a sum within a sample.
        let off = (value - alone).to_f64().abs();
        assert!(
            value == alone || off <= 4.0 * F::EPSILON.to_f64() * alone.to_f64().abs(),
            "{}: {value} with the gradient, {alone} without",
            case.name
        );
        let expected = ArrayD::from_elem(IxDyn(&[]), expected);
        record(total.clone(), &number(value), &expected);
        for (name, expected) in case.gradients.get(total).into_iter().flatten() {
            record(
                format!("{total} d{name}"),
                &gradient(&slopes, name),
                expected,
            );
        }
    }
    errors
}

fn number<F: Float>(x: F) -> ArrayD<f64> {
    ArrayD::from_elem(IxDyn(&[]), x.to_f64())
}

/// Zeros for an array of nothing but rounding errors: its exact value is 0 (see the goldens' README), and it is compared
/// absolutely.
fn without_noise(expected: &ArrayD<f64>) -> ArrayD<f64> {
    if expected.iter().all(|e| e.abs() < 1e-13) {
        expected.mapv(|_| 0.0)
    } else {
        expected.clone()
    }
}
