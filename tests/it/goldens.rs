//! PyTorch's numbers: every case of every file of `tests/golden`, through the trait that users' generic code sees.
//!
//! In f64: losses per sample, totals, and the gradients of the mean, of the weighted mean and for a cotangent per sample.
//! Every input is exact in f32, so the same numbers judge f32.

use loss_dsl::losses::*;
use loss_dsl::{Float, Loss, Normalizer, Reduction, Upstream, Value};
use ndarray::ArrayD;

use crate::support::arrays::{Array, Arrays};
use crate::support::golden::{Case, Golden, array_error, load};
use crate::support::library;
use crate::support::outcome::{elements, widened};

/// Allowed error in f64, relative to the largest element of an array. Logits of 1e4 have their last bit at 1e-12.
const DOUBLE: f64 = 1e-10;

/// The losses with goldens: name, file.
const FILES: [(&str, &str); 11] = [
    ("AdaptiveWeightedSoftmax", "adaptive_weighted_softmax"),
    ("AmSoftmax", "cos_face"),
    ("ArcFace", "arc_face"),
    ("BinaryFocal", "binary_focal"),
    ("CosFace", "cos_face"),
    ("Distillation", "distillation"),
    ("Focal", "focal"),
    ("HedSigmoid", "hed_sigmoid"),
    ("SoftmaxCrossEntropy", "softmax_cross_entropy"),
    ("TemperatureSoftmax", "temperature_softmax"),
    ("WeightedSoftmax", "weighted_softmax"),
];

/// A loss as a case wants it, and its arrays in declaration order.
fn set<L: Loss>(mut loss: L, case: &Case) -> (L, Arrays) {
    for (name, &value) in &case.scalars {
        assert!(
            loss.set_scalar(name, value),
            "{} has no scalar {name}",
            L::NAME
        );
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

/// Zeros for an array of nothing but rounding errors: its exact value is 0 (see the README there), and it is compared
/// absolutely.
fn without_noise(expected: &ArrayD<f64>) -> ArrayD<f64> {
    if expected.iter().all(|e| e.abs() < 1e-13) {
        expected.mapv(|_| 0.0)
    } else {
        expected.clone()
    }
}

/// The errors of one case, each with what it is of.
fn errors<L: Loss, F: Float>(loss: &L, arrays: &Arrays, case: &Case) -> Vec<(String, f64)> {
    let inputs = arrays.inputs::<F>();
    let mut errors = Vec::new();
    let mut record = |what: String, found: &ArrayD<f64>, expected: &ArrayD<f64>| {
        errors.push((what, array_error(found, &without_noise(expected))));
    };
    let per_sample = loss.clone().with_reduction(Reduction::None);
    let (value, saved) = per_sample
        .save::<F, ()>(inputs.clone())
        .expect("a correct call");
    record("value".to_owned(), &elements(&value), &case.value);
    let cotangent = case.cotangent.mapv(F::from_f64);
    let upstream = Upstream::PerSample(cotangent.view());
    let pulled = saved.pull_back(upstream).expect("a correct call");
    for (name, expected) in &case.gradients["cotangent"] {
        record(
            format!("cotangent d{name}"),
            &widened(&pulled[name]),
            expected,
        );
    }
    for (total, &expected) in &case.totals {
        let loss = match total.as_str() {
            "sum" => loss.clone().with_reduction(Reduction::Sum),
            "mean" => loss.clone(),
            "weighted_mean" => loss.clone().with_normalizer(Normalizer::WeightedMean),
            other => panic!("{}: what is the total {other}?", case.name),
        };
        let scalar = |x| ArrayD::from_elem(ndarray::IxDyn(&[]), x);
        let (value, slopes) = loss.differentiate(&inputs).expect("a correct call");
        assert_eq!(value, loss.evaluate(&inputs).expect("a correct call"));
        let Value::Total(value) = value else {
            panic!("a total is one number");
        };
        record(total.clone(), &scalar(value.to_f64()), &scalar(expected));
        for (name, expected) in case.gradients.get(total).into_iter().flatten() {
            record(
                format!("{total} d{name}"),
                &widened(&slopes[name]),
                expected,
            );
        }
    }
    errors
}

fn check<L: Loss>(single: f64, make: impl Fn(&Case) -> L) {
    let file = FILES
        .iter()
        .find(|(name, _)| *name == L::NAME)
        .expect("a file")
        .1;
    let Golden { cases, .. } = load(file);
    let mut failures = Vec::new();
    for case in &cases {
        let (loss, arrays) = set(make(case), case);
        for (what, error) in errors::<L, f64>(&loss, &arrays, case) {
            if error > DOUBLE {
                failures.push(format!(
                    "{}: {what} in f64 is off by {error:.1e}",
                    case.name
                ));
            }
        }
        for (what, error) in errors::<L, f32>(&loss, &arrays, case) {
            if error > single {
                failures.push(format!(
                    "{}: {what} in f32 is off by {error:.1e}",
                    case.name
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}\n{}", L::NAME, failures.join("\n"));
}

#[test]
fn softmax_cross_entropy() {
    check(2e-6, |_| SoftmaxCrossEntropy::default());
}

#[test]
fn temperature_softmax() {
    check(2e-6, |_| TemperatureSoftmax::default());
}

#[test]
fn weighted_softmax() {
    check(2e-6, |_| WeightedSoftmax::default());
}

#[test]
fn adaptive_weighted_softmax() {
    check(2e-6, |_| AdaptiveWeightedSoftmax::default());
}

#[test]
fn hed_sigmoid() {
    check(2e-6, |_| HedSigmoid::default());
}

#[test]
fn binary_focal() {
    check(2e-6, |_| BinaryFocal::default());
}

#[test]
fn focal() {
    check(2e-6, |_| Focal::default());
}

#[test]
fn distillation() {
    check(2e-6, |_| Distillation::default());
}

#[test]
fn cos_face() {
    check(1e-5, |_| CosFace::default());
}

#[test]
fn am_softmax() {
    check(1e-5, |_| AmSoftmax::default());
}

#[test]
fn arc_face() {
    check(1e-5, |case| ArcFace {
        fall_back: case.variant.as_deref() == Some("classic"),
        easy: case.variant.as_deref() == Some("easy"),
        ..ArcFace::default()
    });
}

#[test]
fn every_loss_has_a_file_and_every_file_a_loss() {
    let names = FILES.map(|(name, _)| name);
    assert_eq!(library::names(), names);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of goldens")
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    let mut used = FILES.map(|(_, file)| file.to_owned()).to_vec();
    used.sort();
    used.dedup();
    assert_eq!(files, used);
    for (_, file) in FILES {
        assert!(names.contains(&load(file).loss.as_str()), "{file}");
    }
}
