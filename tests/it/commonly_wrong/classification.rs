//! Softmax and sigmoid losses: 1, 2, 17 to 20.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::call;
use ndarray::{ArrayD, IxDyn};

use super::{all_close, close, cross_entropy, differs, labels, logits, reals, softmax};

/// Caffe takes −ln max(p, FLT_MIN), which ends at 87.34 (its users' "loss = 87.33"), PartialFC −ln max(p, 1e-30), at 69.08; both go on
/// with the gradient of the loss that is not capped.
#[test]
fn n01_log_softmax_is_not_clamped() {
    for gap in [100.0, 200.0, 5000.0] {
        let call = logits("SoftmaxCrossEntropy", &[], &[0.0, gap], 0);
        close(call.value()[0], gap);
        close(f64::from(call.run::<f32>().get("value")[0] as f32), gap);
        let p = softmax(&[0.0, gap])[0];
        for (floor, cap) in [(f64::from(f32::MIN_POSITIVE), 87.34), (1e-30, 69.08)] {
            let clamped = -p.max(floor).ln();
            assert!(clamped < cap);
            differs(clamped, gap, 0.1);
        }
    }
}

/// p − 1 at the label cancels: in f32 it is 0 from a logit 17 above the others on. What is right is minus the sum of the other
/// probabilities.
#[test]
fn n02_slope_of_the_label_is_minus_the_other_probabilities() {
    for gap in [10.0_f64, 17.0, 20.0, 40.0, 80.0] {
        let exact = -(-gap).exp() / (1.0 + (-gap).exp());
        let call = logits("SoftmaxCrossEntropy", &[], &[gap, 0.0], 0);
        let found = call.run::<f32>().get("dz")[[0, 0]];
        assert!((found / exact - 1.0).abs() < 1e-6, "{found:e} {exact:e}");
        let p = 1.0 / (1.0 + (-gap as f32).exp());
        differs(
            f64::from(p - 1.0),
            exact,
            if gap < 17.0 { 1e-4 } else { 0.1 },
        );
    }
}

/// The weight (1 − p)^γ is a function of p too: code that detaches it (clcarwin's sphereface, timm by a switch) has another gradient under
/// the same name.
#[test]
fn n17_focal_weight_is_differentiated() {
    let (z, gamma) = ([0.4, -0.3, 0.9], 2.0);
    let p = softmax(&z);
    let call = logits("Focal", &[("gamma", gamma)], &z, 1);
    let (rest, log_p) = (1.0 - p[1], p[1].ln());
    close(call.value()[0], -rest.powf(gamma) * log_p);
    let detached = rest.powf(gamma);
    let factor = detached - gamma * p[1] * rest.powf(gamma - 1.0) * log_p;
    let expected: Vec<f64> = (0..3)
        .map(|c| factor * (p[c] - f64::from(u8::from(c == 1))))
        .collect();
    all_close(&call.gradient("z"), &expected);
    differs(detached * p[0], expected[0], 0.1);
}

/// With γ < 1 the derivative (1 − p)^(γ − 1) of the weight is infinite at p = 1, and times ln p = 0 it is NaN.
#[test]
fn n17_focal_is_finite_where_nothing_is_left_to_learn() {
    let z = [0.0_f64, 800.0];
    let p = softmax(&z)[1];
    assert!((0.5 * p * (1.0 - p).powf(-0.5) * p.ln()).is_nan());
    for gamma in [0.25, 0.5, 1.0, 1.5] {
        let call = logits("Focal", &[("gamma", gamma)], &z, 1);
        assert_eq!(call.value()[0], 0.0);
        assert!(call.gradient("z").iter().all(|&slope| slope == 0.0));
    }
}

/// Negatives weigh 1 − α, not α and not 1.
#[test]
fn n17_focal_alpha_of_negatives() {
    let (x, alpha, gamma) = (0.7_f64, 0.25, 2.0);
    let t = Array::Mask(ArrayD::from_elem(IxDyn(&[1]), false));
    let arrays = [("x", &reals(&[1], &[x])), ("t", &t)];
    let call = call(
        "BinaryFocal",
        &[("alpha", alpha), ("gamma", gamma)],
        &arrays,
    );
    let p = 1.0 / (1.0 + (-x).exp());
    let unweighted = -p.powf(gamma) * (1.0 - p).ln();
    close(call.value()[0], (1.0 - alpha) * unweighted);
    differs(alpha * unweighted, call.value()[0], 0.1);
    differs(unweighted, call.value()[0], 0.1);
}

/// With class weights the smoothed part of class c has weight w_c, not w_y, and the mean divides by Σ w_y (PyTorch). Both are
/// done otherwise: all weighted by the label's weight; or the uniform part not weighted.
#[test]
fn n18_smoothing_is_weighted_by_class() {
    let (z, w, epsilon, y) = ([0.5, -1.0, 0.3], [0.5, 6.0, 2.0], 0.3, 1);
    let log_p: Vec<f64> = softmax(&z).iter().map(|p| p.ln()).collect();
    let arrays = [
        ("z", &reals(&[1, 3], &z)),
        ("weight", &reals(&[3], &w)),
        ("y", &labels(&[1])),
    ];
    let call = call("WeightedLabelSmoothing", &[("epsilon", epsilon)], &arrays);
    let uniform: f64 = (0..3).map(|c| -w[c] * log_p[c]).sum::<f64>() / 3.0;
    let right = -(1.0 - epsilon) * w[y] * log_p[y] + epsilon * uniform;
    close(call.value()[0], right);
    let mean = -log_p.iter().sum::<f64>() / 3.0;
    differs(
        w[y] * (-(1.0 - epsilon) * log_p[y] + epsilon * mean),
        right,
        0.05,
    );
    differs(
        -(1.0 - epsilon) * w[y] * log_p[y] + epsilon * mean,
        right,
        0.05,
    );
}

/// ε is spread over all C classes, the label's included (PyTorch), not over the C − 1 others.
#[test]
fn n18_smoothing_is_over_all_classes() {
    let (z, epsilon) = ([0.5, -1.0, 0.3], 0.3);
    let log_p: Vec<f64> = softmax(&z).iter().map(|p| p.ln()).collect();
    let right = -(1.0 - epsilon) * log_p[1] - epsilon / 3.0 * log_p.iter().sum::<f64>();
    close(
        logits("LabelSmoothing", &[("epsilon", epsilon)], &z, 1).value()[0],
        right,
    );
    let others = -(1.0 - epsilon) * log_p[1] - epsilon / 2.0 * (log_p[0] + log_p[2]);
    differs(others, right, 0.02);
}

/// λ·lse² has the slope 2λ·lse·p; fused kernels that add it once to the value and forget it in the gradient, or leave out the 2,
/// have another function there.
#[test]
fn n19_z_loss_is_differentiated() {
    let (z, lambda) = ([2.0, -1.0, 0.5], 0.1);
    let p = softmax(&z);
    let lse = 2.0 - p[0].ln();
    let call = logits("ZLossCrossEntropy", &[("lambda", lambda)], &z, 1);
    close(call.value()[0], cross_entropy(&z, 1) + lambda * lse * lse);
    let slope = |factor: f64| -> Vec<f64> {
        (0..3)
            .map(|c| (1.0 + factor * lambda * lse) * p[c] - f64::from(u8::from(c == 1)))
            .collect()
    };
    all_close(&call.gradient("z"), &slope(2.0));
    differs(slope(1.0)[0], slope(2.0)[0], 0.05);
    differs(slope(0.0)[0], slope(2.0)[0], 0.05);
}

/// The slope of cap·tanh(z/cap) is 1 − (t/cap)² with t the capped logit: with the raw one it turns negative.
#[test]
fn n19_soft_cap_has_the_slope_at_the_capped_logit() {
    let (z, cap) = ([40.0_f64, -10.0, 25.0], 30.0);
    let capped = z.map(|z| cap * (z / cap).tanh());
    let p = softmax(&capped);
    let call = logits("SoftCappedCrossEntropy", &[("cap", cap)], &z, 2);
    close(call.value()[0], cross_entropy(&capped, 2));
    let slope = |t: f64, c: usize| (1.0 - (t / cap).powi(2)) * (p[c] - f64::from(u8::from(c == 2)));
    let expected: Vec<f64> = (0..3).map(|c| slope(capped[c], c)).collect();
    all_close(&call.gradient("z"), &expected);
    assert!(slope(z[0], 0) < 0.0 && expected[0] > 0.0);
}

/// 0·ln 0 is 0: targets that are 0 where the probability underflows are no NaN, in value and gradient.
#[test]
fn n20_nothing_times_the_logarithm_of_nothing() {
    let (z, t) = ([0.0, -800.0, 3.0], [0.25, 0.0, 0.75]);
    let p = softmax(&z);
    assert_eq!(p[1], 0.0);
    assert!((t[1] * p[1].ln()).is_nan());
    let arrays = [("z", &reals(&[1, 3], &z)), ("target", &reals(&[1, 3], &t))];
    let soft = call("SoftTargetCrossEntropy", &[], &arrays);
    close(soft.value()[0], -t[0] * p[0].ln() - t[2] * p[2].ln());
    all_close(&soft.gradient("z"), &[p[0] - t[0], 0.0, p[2] - t[2]]);
    // The same on the side of the target: t ln t.
    let log_p = reals(&[1, 3], &[-1.0, -2.0, -3.0]);
    let divergence = call(
        "KlDivergence",
        &[],
        &[("x", &log_p), ("t", &reals(&[1, 3], &t))],
    );
    close(
        divergence.value()[0],
        t[0] * (t[0].ln() + 1.0) + t[2] * (t[2].ln() + 3.0),
    );
    all_close(&divergence.gradient("x"), &[-t[0], 0.0, -t[2]]);
}
