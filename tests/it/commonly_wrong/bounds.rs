//! Bounds of losses and scales: 25.

use std::f64::consts::PI;

use loss_dsl::losses::bounds::{cos_face_margin, cos_face_scale, l2_softmax_alpha, norm_face_loss};
use loss_tests::support::arrays::Array;
use loss_tests::support::call::call;
use ndarray::{Array2, ArrayD, IxDyn};

use super::{close, differs};

/// The corners of a regular simplex: unit vectors with cosines −1/(n − 1).
fn simplex(corners: usize) -> Array2<f64> {
    let n = corners as f64;
    let scale = (n / (n - 1.0)).sqrt();
    Array2::from_shape_fn((corners, corners), |(a, b)| {
        scale * (f64::from(u8::from(a == b)) - 1.0 / n)
    })
}

/// NormFace's bound has the factor n/(n − 1) in the exponent, because the others' cosines are −1/(n − 1) at best: with 1 in its place it is
/// not reached; with cosines of −1, as one reads for n classes, not even possible.
#[test]
fn n25_bound_of_norm_face() {
    for (n, s) in [(3, 1.0), (10, 1.0), (10, 20.0)] {
        let corners = simplex(n).into_dyn();
        let y = Array::Labels(ArrayD::from_shape_fn(IxDyn(&[n]), |at| at[0] as i64));
        let (x, w) = (Array::Real(corners.clone()), Array::Real(corners));
        let call = call("NormFace", &[("s", s)], &[("x", &x), ("w", &w), ("y", &y)]);
        let bound = norm_face_loss(n, s);
        for loss in call.value() {
            assert!((loss / bound - 1.0).abs() < 1e-9, "{loss} {bound}");
        }
        let others = n as f64 - 1.0;
        differs((others * (-s).exp()).ln_1p(), bound, 0.05);
        differs((others * (-2.0 * s).exp()).ln_1p(), bound, 0.05);
    }
    assert!((norm_face_loss(10, 1.0) - 1.377).abs() < 5e-4);
    assert!((norm_face_loss(10_572, 30.0) / 9.9e-10 - 1.0).abs() < 0.01);
}

/// α of L2-softmax: one centre opposite, C − 2 at right angles, so that p = e^α / (e^α + C − 2 + e^−α). With C − 1 in its place another.
#[test]
fn n25_bound_of_l2_softmax() {
    for (classes, alpha) in [(10, 4.28), (1000, 9.10), (10_572, 11.46), (85_742, 13.56)] {
        let found = l2_softmax_alpha(classes, 0.9);
        assert!((found - alpha).abs() < 0.005);
        let reached = |others: f64| found.exp() / (found.exp() + others);
        close(reached(classes as f64 - 2.0), 0.9);
        differs(reached(classes as f64 - 1.0), 0.9, 1e-7);
    }
}

/// The scale of CosFace has the factor (C − 1)/C: at that scale the simplex gives the label the probability P.
#[test]
fn n25_bound_of_cos_face() {
    for classes in [3, 10, 1000] {
        let s = cos_face_scale(classes, 0.9);
        let others = classes as f64 - 1.0;
        let reached = |s: f64| 1.0 / (1.0 + others * (-s * (1.0 + 1.0 / others)).exp());
        close(reached(s), 0.9);
        differs(reached(s * (others + 1.0) / others), 0.9, 1e-4);
    }
    close(cos_face_margin(4, 2), 1.0 - (PI / 2.0).cos());
    close(cos_face_margin(4, 3), 4.0 / 3.0);
}
