//! Options of the reference implementations, and formulas that are commonly got wrong, against closed forms.

use loss_dsl::losses::{
    Asymmetric, BalancedSoftmax, GeneralizedCrossEntropy, Ldam, SoftCappedCrossEntropy,
    WeightedLabelSmoothing, ZLossCrossEntropy,
};
use loss_dsl::{Loss, Normalizer, Reduction};
use ndarray::array;

use super::{logits, set};

/// Formula 18: with class weights, smoothing weighs every class with its own; the mean's denominator is Σ w_y of what is
/// not ignored.
#[test]
fn label_smoothing_with_class_weights_and_ignored_labels() {
    let z = array![[1.0, 0.0, -1.0], [0.5, 0.5, 2.0], [3.0, 1.0, 0.0]];
    let weight = array![0.0, 2.0, 0.5];
    let y = array![0, 1, -100];
    let epsilon = 0.2;
    let loss = set!(WeightedLabelSmoothing { epsilon: epsilon })
        .with_normalizer(Normalizer::WeightedMean)
        .with_ignore_index(-100);
    let log_p = |n: usize, c: usize| {
        let total: f64 = z.row(n).iter().map(|e| f64::exp(*e)).sum();
        z[[n, c]] - total.ln()
    };
    let smooth = |n| (0..3).map(|c| -weight[c] * log_p(n, c)).sum::<f64>() * epsilon / 3.0;
    // The first label weighs nothing, yet its sample has a loss.
    let expected = [smooth(0), smooth(1) - 0.8 * 2.0 * log_p(1, 1), 0.0];
    let total = loss.forward(&z, &weight, &y).unwrap().total();
    assert!((total - expected.iter().sum::<f64>() / 2.0).abs() < 1e-14);
    let each = loss
        .with_reduction(Reduction::None)
        .forward(&z, &weight, &y)
        .unwrap();
    for (found, expected) in each.per_sample().unwrap().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-14);
    }
}

/// Formula 19: the cap's slope is 1 − (t / cap)² with t the capped logit; the z-loss has (1 + 2 λ lse) p in its gradient.
#[test]
fn slopes_of_the_cap_and_the_z_loss() {
    let (z, y) = (array![[40.0, -3.0, 11.0]], array![2]);
    let softmax = |z: [f64; 3]| {
        let total: f64 = z.iter().map(|e| e.exp()).sum();
        (z.map(|e| e.exp() / total), total.ln())
    };
    let one_hot = [0.0, 0.0, 1.0];
    let capped = [40.0, -3.0, 11.0].map(|e: f64| 30.0 * (e / 30.0).tanh());
    let (p, _) = softmax(capped);
    let (_, found) = SoftCappedCrossEntropy::default()
        .value_and_grad(&z, &y)
        .unwrap();
    for c in 0..3 {
        let expected = (1.0 - (capped[c] / 30.0).powi(2)) * (p[c] - one_hot[c]);
        assert!((found.z[[0, c]] - expected).abs() < 1e-14);
    }
    let (p, lse) = softmax([40.0, -3.0, 11.0]);
    let loss = set!(ZLossCrossEntropy { lambda: 0.25 });
    let (_, found) = loss.value_and_grad(&z, &y).unwrap();
    for c in 0..3 {
        let expected = (1.0 + 0.5 * lse) * p[c] - one_hot[c];
        assert!((found.z[[0, c]] - expected).abs() < 1e-13);
    }
}

/// (1 − p^q) / q as p → 1 and p → 0, where `1 - pow` cancels and `pow` has an infinite slope.
#[test]
fn generalized_cross_entropy_at_both_ends() {
    for q in [0.125, 0.7, 1.0] {
        let loss = set!(GeneralizedCrossEntropy { q: q });
        for gap in [1.0_f64, 20.0, 40.0, 300.0, -20.0, -300.0, -1e4] {
            let z = array![[gap, 0.0]];
            let (value, slopes) = loss.value_and_grad(&z, &array![0]).unwrap();
            let log_p = if gap > 0.0 {
                -(-gap).exp().ln_1p()
            } else {
                gap - gap.exp().ln_1p()
            };
            let expected = -(q * log_p).exp_m1() / q;
            let rest = if gap > 0.0 {
                (-gap).exp() / (1.0 + (-gap).exp())
            } else {
                1.0 / (1.0 + gap.exp())
            };
            let slope = -(q * log_p).exp() * rest;
            assert!(
                (value.total() / expected - 1.0).abs() < 1e-14,
                "{q} {gap}: {value}"
            );
            let off = (slopes.z[[0, 0]] - slope).abs();
            assert!(
                off <= 1e-13 * slope.abs(),
                "{q} {gap}: {} {slope:e}",
                slopes.z
            );
        }
    }
}

/// A class that never occurs is ruled out; a label of such a class has an infinite loss, and no NaN.
#[test]
fn classes_without_samples() {
    let z = array![[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]];
    let counts = array![4.0, 0.0, 1.0];
    let loss = BalancedSoftmax::default().with_reduction(Reduction::None);
    let value = loss.forward(&z, &array![0, 1], &counts).unwrap();
    let value = value.per_sample().unwrap();
    assert!(
        (value[0] - (2.0_f64.exp() / 4.0).ln_1p()).abs() < 1e-14,
        "{value}"
    );
    assert_eq!(value[1], f64::INFINITY);
    let (_, slopes) = loss.value_and_grad(&z, &array![0, 1], &counts).unwrap();
    assert!(
        slopes.z.iter().all(|e| e.is_finite()) && slopes.z[[0, 1]] == 0.0,
        "{}",
        slopes.z
    );
}

/// Every exponent and clip, far beyond where exponentials under- and overflow, in single precision.
#[test]
fn asymmetric_loss_far_out() {
    let x = array![1e4_f32, -1e4, 1e4, -1e4, 90.0, -90.0, 0.0];
    let t = array![true, true, false, false, false, false, false];
    for clip in [0.0, 0.05] {
        for gamma in [0.0, 0.5, 1.0, 4.0] {
            let loss = set!(Asymmetric {
                gamma_pos: gamma,
                gamma_neg: gamma,
                clip: clip
            });
            let loss = loss.with_reduction(Reduction::None);
            let (value, slopes) = loss.value_and_grad(&x, &t).unwrap();
            let value = value.per_sample().unwrap();
            assert!(
                slopes.x.iter().chain(value).all(|e| e.is_finite()),
                "{value} {}",
                slopes.x
            );
            let far = if clip > 0.0 {
                -(clip as f32).ln() * (1.0 - clip as f32).powf(gamma as f32)
            } else {
                1e4
            };
            assert_eq!(value[1], 1e4);
            assert!((value[2] - far).abs() < 1e-3, "{clip} {gamma}: {value}");
            assert_eq!((value[0], slopes.x[1]), (0.0, -1.0));
            assert!(value[3] == 0.0 && value[5].abs() < 1e-30);
        }
    }
}

/// Detached focusing factors are constants for the gradient: the slope of w·CE is w·(p − t).
#[test]
fn detached_focusing_factors() {
    let (x, t) = (array![0.5_f64, -1.5], array![true, false]);
    let loss = set!(Asymmetric {
        gamma_pos: 2.0,
        gamma_neg: 3.0,
        clip: 0.0,
        detached: true
    });
    let loss = loss.with_reduction(Reduction::Sum);
    let (_, slopes) = loss.value_and_grad(&x, &t).unwrap();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let expected = [-sigmoid(-0.5).powi(3), sigmoid(-1.5).powi(4)];
    for (found, expected) in slopes.x.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-15);
    }
}

/// PyTorch's `weight` of elements, its `MultiLabelSoftMarginLoss(weight)`, LDAM's deferred re-weighting: sample weights.
#[test]
fn weights_of_samples() {
    let (z, y) = logits();
    let counts = array![50.0, 3.0, 1.0, 700.0, 12.0, 8.0];
    let weight = array![0.1, 2.0, 3.0, 0.25, 1.0, 1.5];
    let of_labels = y.mapv(|label| weight[label as usize]);
    let loss = Ldam::default().with_reduction(Reduction::None);
    let each = loss.forward(&z, &y, &counts).unwrap();
    let weighted: f64 = each
        .per_sample()
        .unwrap()
        .iter()
        .zip(&of_labels)
        .map(|(l, w)| l * w)
        .sum();
    let loss = Ldam::default()
        .with_sample_weights(of_labels.clone().into_dyn())
        .with_normalizer(Normalizer::WeightedMean);
    let found = loss.forward(&z, &y, &counts).unwrap().total();
    assert!((found - weighted / of_labels.sum()).abs() < 1e-12 * found);
}
