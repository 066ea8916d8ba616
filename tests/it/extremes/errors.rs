//! Errors so small, so large, or masks so nearly right that the printed formula cancels, against closed forms.

use loss_dsl::losses::{
    Charbonnier, CosineEmbedding, Dice, FocalTversky, GaussianNll, GemanMcClure, Jaccard,
    KlDivergence, LogCosh,
};
use ndarray::{Array4, array};

fn close(found: f32, exact: f64) -> bool {
    (f64::from(found) - exact).abs() <= 2e-6 * exact.abs()
}

/// d²/2 near 0, |d| − ln 2 far away, slope tanh d.
#[test]
fn log_cosh() {
    for d in [1e-12_f64, 1e-4, 0.01, 0.5, 3.0, 40.0, 1e4, 1e30] {
        let exact = if d < 0.1 {
            d * d / 2.0 * (1.0 - d * d / 6.0)
        } else {
            d - std::f64::consts::LN_2 + (-2.0 * d).exp().ln_1p()
        };
        for signed in [d, -d] {
            let (value, gradients) = LogCosh::default()
                .value_and_grad(&array![signed as f32], &array![0.0_f32])
                .unwrap();
            assert!(close(value.total(), exact), "{signed}: {value} {exact:e}");
            let slope = gradients.x[0];
            assert!(close(slope, signed.tanh()), "{signed}: {slope}");
        }
    }
}

/// d² / (√(d² + ε²) + ε).
#[test]
fn charbonnier() {
    for (d, eps) in [(1e-4_f64, 1.0), (1e-7, 1e-3), (0.5, 1.0), (1e4, 1.0)] {
        let loss = Charbonnier {
            eps,
            ..Charbonnier::default()
        };
        let d = f64::from(d as f32);
        let (value, gradients) = loss
            .value_and_grad(&array![d as f32], &array![0.0_f32])
            .unwrap();
        let root = (d * d + eps * eps).sqrt();
        let exact = d * d / (root + eps);
        assert!(close(value.total(), exact), "{d}: {value} {exact:e}");
        assert!(close(gradients.x[0], d / root), "{d}: {}", gradients.x);
    }
}

/// Slope 16 d / (d² + 4)², whose parts cancel far from the target.
#[test]
fn geman_mcclure() {
    for d in [1e-4, 1.0, 100.0, 1e4, -3e6] {
        let d = f64::from(d as f32);
        let (value, gradients) = GemanMcClure::default()
            .value_and_grad(&array![d as f32], &array![0.0_f32])
            .unwrap();
        let below = d * d + 4.0;
        assert!(close(value.total(), 2.0 * d * d / below), "{d}: {value}");
        let slope = 16.0 * d / (below * below);
        assert!(
            close(gradients.x[0], slope),
            "{d}: {} {slope:e}",
            gradients.x
        );
    }
}

/// A mask of two pixels in four, all four predicted rightly with the logit ±20: each misses σ(−20).
#[test]
fn masks_that_are_nearly_right() {
    let x = Array4::from_shape_vec((1, 1, 2, 2), vec![20.0_f32, 20.0, -20.0, -20.0]).unwrap();
    let t = Array4::from_shape_vec((1, 1, 2, 2), vec![true, true, false, false]).unwrap();
    let e = 1.0 / (1.0 + 20.0_f64.exp());
    let (hit, missed) = (2.0 * (1.0 - e), 4.0 * e);
    let whole = 2.0 * hit + missed + 1.0;
    let (value, gradients) = Dice::default().value_and_grad(&x, &t).unwrap();
    assert!(close(value.total(), missed / whole), "{value}");
    let inside = -e * (1.0 - e) * (whole + missed) / (whole * whole);
    let outside = e * (1.0 - e) * (2.0 * hit + 1.0) / (whole * whole);
    for (slope, exact) in gradients.x.iter().zip([inside, inside, outside, outside]) {
        assert!(close(*slope, exact), "{} {exact:e}", gradients.x);
    }
    let log = Dice {
        log_loss: true,
        ..Dice::default()
    };
    let exact = (missed / (2.0 * hit + 1.0)).ln_1p();
    let value = log.forward(&x, &t).unwrap();
    assert!(close(value.total(), exact), "{value} {exact:e}");
    let value = Jaccard::default().forward(&x, &t).unwrap();
    assert!(
        close(value.total(), missed / (hit + missed + 1.0)),
        "{value}"
    );
}

/// At a mask that is right to the last bit the power γ − 1 is infinite, and the gradient 0.
#[test]
fn focal_tversky_of_a_perfect_mask() {
    let t = Array4::from_shape_vec((1, 1, 2, 2), vec![true, true, false, false]).unwrap();
    for logit in [90.0_f32, 103.0, 200.0, 1e4] {
        let x = t.mapv(|inside| if inside { logit } else { -logit });
        let (value, gradients) = FocalTversky::default().value_and_grad(&x, &t).unwrap();
        assert!((0.0..1e-28).contains(&value.total()), "{logit}: {value}");
        assert!(
            gradients.x.iter().all(|slope| slope.abs() < 1e-28),
            "{logit}: {}",
            gradients.x
        );
    }
}

/// Below ε the variance has no slope, or that at ε.
#[test]
fn variances_below_the_least() {
    let (x, t, var) = (array![0.5], array![0.0], array![1e-12]);
    for straight_through in [false, true] {
        let loss = GaussianNll {
            straight_through,
            ..GaussianNll::default()
        };
        let (value, gradients) = loss.value_and_grad(&x, &t, &var).unwrap();
        let exact = (1e-6_f64.ln() + 0.25e6) / 2.0;
        assert!((value.total() / exact - 1.0).abs() < 1e-14, "{value}");
        assert!((gradients.x[0] / 0.5e6 - 1.0).abs() < 1e-14);
        let slope = (1.0 - 0.25e6) / 2e-6;
        if straight_through {
            assert!((gradients.var[0] / slope - 1.0).abs() < 1e-14);
        } else {
            assert_eq!(gradients.var[0], 0.0);
        }
    }
}

/// 0 · (ln 0 − x) is 0 even for x = −∞, where PyTorch's is NaN.
#[test]
fn divergence_from_what_is_impossible() {
    let x = array![[f32::NEG_INFINITY, 0.0], [-2.0, 0.0]];
    let t = array![[0.0_f32, 1.0], [0.0, 1.0]];
    let (value, gradients) = KlDivergence::default().value_and_grad(&x, &t).unwrap();
    assert_eq!(value.total(), 0.0);
    assert_eq!(gradients.x, array![[0.0, -0.5], [0.0, -0.5]]);
}

/// A vector of length 0 has the cosine 0 with any other, and no gradient.
#[test]
fn cosine_of_nothing() {
    let (a, b) = (array![[0.0_f32, 0.0]], array![[3.0_f32, 4.0]]);
    let (value, gradients) = CosineEmbedding::default()
        .value_and_grad(&a, &b, &array![true])
        .unwrap();
    assert_eq!(value.total(), 1.0);
    let zero = array![[0.0, 0.0]];
    assert_eq!((gradients.a, gradients.b), (zero.clone(), zero));
}
