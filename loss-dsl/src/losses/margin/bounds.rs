//! What the papers say about the scales and margins of normalised softmax losses, as functions of the number of
//! classes C.
//!
//! Arguments outside the domain of a formula give NaN, its limits ±∞; nothing panics.

use std::f64::consts::PI;

/// The least α of [`L2Softmax`](super::L2Softmax) with which a label's probability can reach `p` (Ranjan et al. 2017):
/// `ln(p (C − 2) / (1 − p))`.
///
/// It assumes one centre opposite to the label's and C − 2 at right angles. With two classes it is −∞: every α will do.
///
/// ```
/// use loss_dsl::losses::bounds::l2_softmax_alpha;
///
/// assert!((l2_softmax_alpha(10, 0.9) - 4.28).abs() < 0.005);
/// assert!((l2_softmax_alpha(1000, 0.9) - 9.10).abs() < 0.005);
/// assert!((l2_softmax_alpha(10_572, 0.9) - 11.46).abs() < 0.005);
/// assert!((l2_softmax_alpha(85_742, 0.9) - 13.56).abs() < 0.005);
/// assert_eq!(l2_softmax_alpha(2, 0.9), f64::NEG_INFINITY);
/// assert!(l2_softmax_alpha(1, 0.9).is_nan());
/// ```
pub fn l2_softmax_alpha(classes: usize, p: f64) -> f64 {
    (p * (classes as f64 - 2.0) / (1.0 - p)).ln()
}

/// What the mean of [`NormFace`](super::NormFace) at scale `s` cannot fall below over balanced classes (Wang et al. 2017, proposition 2, with
/// s = ℓ²): `ln(1 + (C − 1) exp(−s C / (C − 1)))`.
///
/// It is reached by centres that are the corners of a regular simplex, which exists in C − 1 dimensions and more. 0 for a
/// single class, NaN for none.
///
/// ```
/// use loss_dsl::losses::bounds::norm_face_loss;
///
/// assert!((norm_face_loss(10, 1.0) - 1.377).abs() < 5e-4);
/// assert!((norm_face_loss(1000, 1.0) - 5.908).abs() < 5e-4);
/// assert!((norm_face_loss(10_572, 20.0) / 2.2e-5 - 1.0).abs() < 0.02);
/// assert!((norm_face_loss(10_572, 30.0) / 9.9e-10 - 1.0).abs() < 0.02);
/// assert_eq!(norm_face_loss(1, 1.0), 0.0);
/// ```
pub fn norm_face_loss(classes: usize, s: f64) -> f64 {
    let others = classes as f64 - 1.0;
    match classes {
        0 => f64::NAN,
        1 => 0.0,
        _ => (others * (-s * classes as f64 / others).exp()).ln_1p(),
    }
}

/// The least scale of [`CosFace`](super::CosFace) with which a label's probability can reach `p` (Wang et al. 2018, eq. 6):
/// `(C − 1)/C · ln((C − 1) p / (1 − p))`.
///
/// −∞ for a single class, NaN for none.
///
/// ```
/// use loss_dsl::losses::bounds::cos_face_scale;
///
/// assert!((cos_face_scale(10, 0.9) - 3.96).abs() < 0.005);
/// assert!((cos_face_scale(1000, 0.9) - 9.09).abs() < 0.005);
/// assert!((cos_face_scale(10_572, 0.9) - 11.46).abs() < 0.005);
/// assert!((cos_face_scale(85_742, 0.9) - 13.56).abs() < 0.005);
/// ```
pub fn cos_face_scale(classes: usize, p: f64) -> f64 {
    let others = classes as f64 - 1.0;
    match classes {
        0 => f64::NAN,
        1 => f64::NEG_INFINITY,
        _ => others / classes as f64 * (others * p / (1.0 - p)).ln(),
    }
}

/// What the margin of [`CosFace`](super::CosFace) cannot exceed with features of `dimensions` dimensions, if every feature is to be on its
/// side of the boundary (Wang et al. 2018, eq. 7): `1 − cos(2π/C)` in the plane, `C/(C − 1)` otherwise.
///
/// The second is reached for C ≤ dimensions + 1 only; with more classes the margin has to be much smaller. NaN with fewer than two classes
/// or dimensions, for which there is no formula.
///
/// ```
/// use loss_dsl::losses::bounds::cos_face_margin;
///
/// assert!((cos_face_margin(4, 2) - 1.0).abs() < 1e-15);
/// assert!((cos_face_margin(8, 2) - 0.2929).abs() < 5e-5);
/// assert_eq!(cos_face_margin(5, 128), 1.25);
/// assert!(cos_face_margin(1, 128).is_nan());
/// ```
pub fn cos_face_margin(classes: usize, dimensions: usize) -> f64 {
    let count = classes as f64;
    match (classes, dimensions) {
        (0 | 1, _) | (_, 0 | 1) => f64::NAN,
        (_, 2) => 1.0 - (2.0 * PI / count).cos(),
        _ => count / (count - 1.0),
    }
}
