//! How far a loss is from its reference values.

use loss_dsl::{Float, Loss, Normalizer, Reduction, Upstream, Value};
use ndarray::{ArrayD, IxDyn};

use super::arrays::{Array, Arrays};
use super::golden::{Case, array_error};
use super::outcome::{elements, widened};

/// A loss with the settings of a case, and the case's arrays in declaration order.
///
/// # Panics
/// If the case has settings that the loss has not, or lacks an array.
pub fn set_up<L: Loss + Default>(case: &Case) -> (L, Arrays) {
    let mut loss = L::default();
    for (name, &value) in &case.scalars {
        assert!(
            loss.set_scalar(name, value),
            "{} has no scalar {name}",
            L::NAME
        );
    }
    for (name, &value) in &case.flags {
        assert!(loss.set_flag(name, value), "{} has no flag {name}", L::NAME);
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
    let arrays = L::spec().arrays().map(|p| array(p.name));
    (loss, Arrays::new(arrays.collect()))
}

/// The errors of one case computed with numbers `F`, each with what it is of: losses per sample, auxiliary outputs, totals, and
/// every gradient of every root. Relative to the largest element of the array.
///
/// # Panics
/// If a call is refused.
pub fn errors<L: Loss + Default, F: Float>(case: &Case) -> Vec<(String, f64)> {
    let (loss, arrays) = set_up::<L>(case);
    let inputs = arrays.inputs::<F>();
    let mut errors = Vec::new();
    let mut record = |what: String, found: &ArrayD<f64>, expected: &ArrayD<f64>| {
        errors.push((what, array_error(found, &without_noise(expected))));
    };
    let gradient = |all: &loss_dsl::Gradients<F>, name: &str| {
        if case.scalars.contains_key(name) {
            let place = L::spec().learned().position(|p| p.name == name);
            number(all.scalars[place.expect("a learned scalar")])
        } else {
            widened(&all[name])
        }
    };

    let per_sample = loss.clone().with_reduction(Reduction::None);
    let (value, saved) = per_sample
        .save::<F, ()>(inputs.clone())
        .expect("a correct call");
    record("value".to_owned(), &elements(&value), &case.value);
    let cotangent = case.cotangent.mapv(F::from_f64);
    let upstream = match value {
        Value::Total(_) => Upstream::Scalar(cotangent[IxDyn(&[])]),
        Value::PerSample(_) => Upstream::PerSample(cotangent.view()),
    };
    let pulled = saved.pull_back(upstream).expect("a correct call");
    for (name, expected) in &case.gradients["cotangent"] {
        let found = gradient(&pulled, name);
        record(format!("cotangent d{name}"), &found, expected);
    }
    let (_, auxiliary) = loss.evaluate_auxiliary(&inputs).expect("a correct call");
    for (output, found) in L::spec().auxiliary.iter().zip(&auxiliary) {
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
