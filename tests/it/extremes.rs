//! Inputs at which formulas as written overflow, divide 0 by 0 or cancel: values and gradients are finite, and right, wherever
//! the true ones are.
//!
//! What is right, the interpreter says in f64 at the same inputs, or a closed form.

use loss_dsl::losses::{ArcFace, CosFace, Focal, SoftmaxCrossEntropy};
use loss_dsl::{Loss, Reduction};
use ndarray::{Array1, Array2, ArrayD, Axis, array};

use crate::support::arrays::{Array, Arrays};
use crate::support::library;
use crate::support::outcome::{Outcome, generated};
use crate::support::random::Random;
use crate::support::subject::Subject;

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

/// What f32 can hold of it.
fn in_single(outcome: &Outcome) -> Outcome {
    let arrays = outcome.arrays.iter();
    let narrowed = |array: &ArrayD<f64>| array.mapv(|e| f64::from(e as f32));
    Outcome {
        arrays: arrays
            .map(|(name, array)| (name.clone(), narrowed(array)))
            .collect(),
    }
}

fn all_finite(outcome: &Outcome) -> bool {
    let mut elements = outcome.arrays.iter().flat_map(|(_, array)| array);
    elements.all(|e| e.is_finite())
}

fn at_patterns<L: Loss + Default>(subject: &Subject) {
    let loss = L::default();
    let mut failures = Vec::new();
    for (name, pattern) in PATTERNS {
        let mut arrays = subject.sample(sizes, 3);
        fill::<L>(&mut arrays, pattern);
        let cotangent = subject.cotangent(&arrays, 4);
        if L::NAME == "ArcFace" && name == "all 0" {
            // The angle to a centre that is 0 is undefined: the definition has π/2, the kernel 0. Zero features at
            // other centres are in `arc_face_on_the_axes`.
            assert!(all_finite(&generated::<L, f32>(&loss, &arrays, &cotangent)));
            continue;
        }
        let literal = &subject.compiled.literal;
        let expected = |single| subject.interpreted(literal, &loss, &arrays, &cotangent, single);
        let found = generated::<L, f64>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&expected(false));
        if !all_finite(&found) || error > DOUBLE {
            failures.push(format!("{name}: {array} in f64 off by {error:.1e}"));
        }
        let norms = L::spec().dims.iter().any(|dim| dim.name == "D");
        if norms && name == "subnormal" {
            // The squared length of such a feature is 0 in f32.
            continue;
        }
        let found = generated::<L, f32>(&loss, &arrays, &cotangent);
        let (error, array) = found.error(&in_single(&expected(true)));
        if !all_finite(&found) || error > SINGLE {
            failures.push(format!("{name}: {array} in f32 off by {error:.1e}"));
        }
    }
    assert!(failures.is_empty(), "{}\n{}", L::NAME, failures.join("\n"));
}

library::for_each_built_in!(at_patterns);

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

    crate::support::library::for_each_built_in!(nan_stays_in_its_row);
    crate::support::written::for_each_written!(nan_stays_in_its_row);
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

    crate::support::library::for_each_built_in!(nothing);
}

/// A logit of −∞ is a class that is ruled out.
#[test]
fn classes_that_are_ruled_out() {
    let z = array![
        [1.0_f32, f32::NEG_INFINITY, 0.0],
        [f32::NEG_INFINITY, f32::NEG_INFINITY, 2.0],
        [0.5, f32::NEG_INFINITY, f32::NEG_INFINITY],
    ];
    let y = array![0, 2, 1];
    let loss = SoftmaxCrossEntropy::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    let value = value.per_sample().unwrap();
    let close = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-6;
    assert!(close(value[0], (-1.0_f64).exp().ln_1p()), "{value}");
    assert_eq!(value[1], 0.0);
    assert_eq!(value[2], f32::INFINITY);
    let p = 1.0 / (1.0 + 1.0_f64.exp());
    let expected = array![[-p, 0.0, p], [0.0, 0.0, 0.0], [1.0, -1.0, 0.0]];
    for (found, &expected) in gradients.z.iter().zip(&expected) {
        assert!(close(*found, expected), "{}", gradients.z);
    }
}

/// The range of f32 from end to end: the loss is the range itself, which only f64 holds.
#[test]
fn logits_at_the_ends_of_the_range() {
    let most = f64::from(f32::MAX);
    let z = array![[most, -most, 0.0], [-most, most, 0.0], [most, most, -most]];
    let y = array![1, 1, 0];
    let loss = SoftmaxCrossEntropy::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    assert_eq!(
        value.per_sample().unwrap(),
        &array![2.0 * most, 0.0, 2.0_f64.ln()].into_dyn()
    );
    let expected = array![[1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [-0.5, 0.5, 0.0]];
    assert_eq!(gradients.z, expected);

    let z = z.mapv(|x| x as f32);
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    let two = 2.0_f32.ln();
    assert_eq!(
        value.per_sample().unwrap(),
        &array![f32::INFINITY, 0.0, two].into_dyn()
    );
    assert_eq!(gradients.z, expected.mapv(|x| x as f32));
}

/// Where f32 has p = 1 the gradient −(1 − p) must not have cancelled to 0.
#[test]
fn gradients_of_confident_samples() {
    for gap in [20.0_f64, 40.0, 80.0] {
        let z = array![[gap as f32, 0.0]];
        let (value, gradients) = SoftmaxCrossEntropy::default()
            .value_and_grad(&z, &array![0])
            .unwrap();
        let p = (-gap).exp() / (1.0 + (-gap).exp());
        let close = |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() < 1e-5;
        assert!(close(value.total(), (-gap).exp().ln_1p()), "{gap}: {value}");
        assert!(close(gradients.z[[0, 0]], -p), "{gap}: {}", gradients.z);
        assert!(close(gradients.z[[0, 1]], p), "{gap}: {}", gradients.z);
    }
}

/// (1 − p)^γ (γ p ln p + p − 1) at the label, for focal loss with γ = ½ where p is 1 to the last bit.
#[test]
fn focal_gradients_of_confident_samples() {
    let loss = Focal {
        gamma: 0.5,
        ..Focal::default()
    };
    for gap in [1.0_f64, 10.0, 20.0, 40.0, 60.0, 200.0] {
        let z = array![[gap as f32, 0.0]];
        let (value, gradients) = loss.value_and_grad(&z, &array![0]).unwrap();
        let rest = (-gap).exp() / (1.0 + (-gap).exp());
        let log_p = -(-gap).exp().ln_1p();
        let expected = -rest.sqrt() * log_p;
        let slope = rest.sqrt() * (0.5 * (1.0 - rest) * log_p - rest);
        let close = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-5 * b.abs() + 1e-38;
        assert!(
            close(value.total(), expected),
            "{gap}: {value} {expected:e}"
        );
        assert!(
            close(gradients.z[[0, 0]], slope),
            "{gap}: {} {slope:e}",
            gradients.z
        );
        assert!(
            close(gradients.z[[0, 1]], -slope),
            "{gap}: {} {slope:e}",
            gradients.z
        );
    }
}

/// Features and centres on the coordinate axes: aligned, opposite, at right angles, 0.
fn on_axes() -> (Array2<f64>, Array2<f64>, Array1<i64>) {
    let x = array![
        [2.0, 0.0, 0.0],
        [-0.5, 0.0, 0.0],
        [0.0, 3.0, 0.0],
        [0.0, 0.0, 0.0]
    ];
    let w = array![[1.5, 0.0, 0.0], [0.0, 0.25, 0.0], [0.0, 0.0, 4.0]];
    (x, w, array![0, 0, 0, 1])
}

/// φ at cos θ = 1, −1, 0 and at a zero feature (whose cosines are 0).
#[test]
fn arc_face_on_the_axes() {
    let (x, w, y) = on_axes();
    let m = 0.5_f64;
    let printed = [
        m.cos(),
        (std::f64::consts::PI + m).cos(),
        -m.sin(),
        -m.sin(),
    ];
    let fall_back = [m.cos(), -1.0 - m * m.sin(), -m.sin(), -m.sin()];
    let easy = [m.cos(), -1.0, 0.0, 0.0];
    let cosines = [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0; 3]];
    for (flags, phi) in [
        ((false, false), printed),
        ((true, false), fall_back),
        ((false, true), easy),
    ] {
        let loss = ArcFace {
            s: 8.0,
            fall_back: flags.0,
            easy: flags.1,
            ..ArcFace::default()
        };
        let loss = loss.with_reduction(Reduction::None);
        let (value, gradients) = loss.value_and_grad(&x, &w, &y).unwrap();
        let (single, single_gradients) = loss
            .value_and_grad(&x.mapv(|e| e as f32), &w.mapv(|e| e as f32), &y)
            .unwrap();
        for n in 0..4 {
            let label = y[n] as usize;
            let others: f64 = (0..3)
                .filter(|&c| c != label)
                .map(|c| (8.0 * (cosines[n][c] - phi[n])).exp())
                .sum();
            let expected = others.ln_1p();
            let found = value.per_sample().unwrap()[n];
            assert!(
                (found - expected).abs() < 1e-12 * expected.max(1.0),
                "{flags:?} {n}: {found} {expected}"
            );
            let found = f64::from(single.per_sample().unwrap()[n]);
            assert!(
                (found - expected).abs() < 1e-5 * expected.max(1.0),
                "{flags:?} {n}: {found} {expected}"
            );
        }
        // Aligned or opposite, the label's own cosine has no slope; the others' slopes are p s ŵ / |x|.
        let phi_0 = 8.0 * phi[0];
        let p = 1.0 / (2.0 + phi_0.exp());
        let expected = [0.0, 8.0 * p / 2.0, 8.0 * p / 2.0];
        for d in 0..3 {
            let found = gradients.x[[0, d]];
            assert!(
                (found - expected[d]).abs() < 1e-12,
                "{flags:?}: {} {expected:?}",
                gradients.x
            );
        }
        assert!(gradients.x.row(3).iter().all(|&slope| slope == 0.0));
        let error = (&gradients.x - &single_gradients.x.mapv(f64::from))
            .fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(
            error < 1e-4,
            "{flags:?}: {}\n{}",
            gradients.x,
            single_gradients.x
        );
        let error = (&gradients.w - &single_gradients.w.mapv(f64::from))
            .fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(
            error < 1e-4,
            "{flags:?}: {}\n{}",
            gradients.w,
            single_gradients.w
        );
    }
}

/// Aligned and opposite up to rounding, in every direction: |∂x| is at most 2 s / |x|, as for any angle.
#[test]
fn gradients_of_angles_are_bounded() {
    let mut random = Random::new(23);
    let w = Array2::from_shape_simple_fn((40, 7), || random.normal() as f32);
    let y = Array1::from_shape_fn(40, |n| n as i64);
    for factor in [1.0_f32, -1.0, 3.0, -0.01] {
        let x = w.mapv(|e| factor * e);
        for (fall_back, easy) in [(false, false), (true, false), (false, true)] {
            let loss = ArcFace {
                fall_back,
                easy,
                ..ArcFace::default()
            };
            let loss = loss.with_reduction(Reduction::Sum);
            let (value, gradients) = loss.value_and_grad(&x, &w, &y).unwrap();
            assert!(value.total().is_finite());
            for (slope, feature) in gradients.x.outer_iter().zip(x.outer_iter()) {
                let length = |v: ndarray::ArrayView1<'_, f32>| v.dot(&v).sqrt();
                let bound = 2.001 * loss.s as f32 / length(feature);
                assert!(length(slope) <= bound, "{factor}: {slope} for {feature}");
            }
            assert!(gradients.w.iter().all(|slope| slope.is_finite()));
        }
    }
}

/// The length of a feature does not matter, as long as f32 can hold its square: from 2⁻⁶² to 2⁶³.
#[test]
fn long_and_short_features() {
    let mut random = Random::new(29);
    let x = Array2::from_shape_simple_fn((5, 6), || random.normal() as f32);
    let w = Array2::from_shape_simple_fn((4, 6), || random.normal() as f32);
    let y = array![0, 1, 2, 3, 0];
    let loss = CosFace::default();
    let (expected, gradients) = loss.value_and_grad(&x, &w, &y).unwrap();
    for exponent in [-60, -50, -20, 20, 50, 60] {
        let factor = 2.0_f32.powi(exponent);
        let (value, scaled) = loss
            .value_and_grad(&x.mapv(|e| e * factor), &w, &y)
            .unwrap();
        let off = (value.total() - expected.total()).abs();
        assert!(
            off <= 1e-5 * expected.total(),
            "2^{exponent}: {value} {expected}"
        );
        let back = scaled.x.mapv(|e| e * factor);
        let largest = gradients.x.fold(0.0_f32, |m, e| m.max(e.abs()));
        let off = (&back - &gradients.x).fold(0.0_f32, |m, e| m.max(e.abs()));
        assert!(
            off <= 1e-5 * largest,
            "2^{exponent}: {} {}",
            back,
            gradients.x
        );
    }
}

/// Equal logits of very many classes: ln C.
#[test]
fn equal_logits_of_many_classes() {
    let classes = 100_003;
    for logit in [0.0_f32, 1e4, -1e4, 1e-40, 1e30] {
        let z = Array2::from_elem((1, classes), logit);
        let (value, gradients) = SoftmaxCrossEntropy::default()
            .value_and_grad(&z, &array![5])
            .unwrap();
        let expected = (classes as f64).ln();
        assert!(
            (f64::from(value.total()) - expected).abs() < 1e-6 * expected,
            "{logit}: {value}"
        );
        let p = 1.0 / classes as f64;
        let close = |a: f32, b: f64| (f64::from(a) / b - 1.0).abs() < 1e-5;
        assert!(close(gradients.z[[0, 0]], p) && close(gradients.z[[0, 5]], p - 1.0));
    }
}

/// The forms of the textbook, which overflow as written, at logits of ±1e4.
#[test]
fn textbook_forms() {
    let z = array![[1e4_f32, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, 0.0]];
    let t = array![[1.0_f32, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0]];
    let y = array![1, 1, 2];
    let loss =
        crate::support::written::textbook::Textbook::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.value_and_grad(&z, &y, &t).unwrap();
    let ln_2 = 2.0_f32.ln();
    let expected = [2e4 + ln_2, ln_2 + 1e4, 3.0_f32.ln() + 4.0 * ln_2];
    for (found, expected) in value.per_sample().unwrap().iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-6 * expected,
            "{value} {expected:?}"
        );
    }
    let third = 1.0 / 3.0;
    let expected = array![
        [1.0, -1.0, -0.5],
        [0.0, 0.5, 0.5],
        [third + 0.5, third - 0.5, third - 1.0 + 0.5 + 0.5]
    ];
    for (found, expected) in gradients.z.iter().zip(&expected) {
        assert!(
            (found - expected).abs() <= 1e-6_f32,
            "{}\n{expected}",
            gradients.z
        );
    }
}
