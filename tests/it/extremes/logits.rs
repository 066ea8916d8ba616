//! Logits at which exponentials overflow or probabilities are 1 to the last bit, against closed forms.

use loss_dsl::losses::{Focal, SoftmaxCrossEntropy};
use loss_dsl::{Loss, Reduction};
use ndarray::{Array2, array};

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
    let loss = crate::written::textbook::Textbook::default().with_reduction(Reduction::None);
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
