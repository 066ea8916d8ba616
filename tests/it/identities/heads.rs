//! Softmax over cosines: margins of 0, and heads that contain others.

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, Axis, Ix2};
use proptest::prelude::*;

use super::{cases, close, equal, labels, normal, one_hot, real};

/// Features, centres and labels.
struct Inputs {
    x: Array,
    w: Array,
    y: Array,
}

const SAMPLES: usize = 4;
const CLASSES: usize = 5;
const FEATURES: usize = 3;

fn inputs(seed: u64) -> Inputs {
    Inputs {
        x: normal(&[SAMPLES, FEATURES], seed),
        w: normal(&[CLASSES, FEATURES], seed ^ 1),
        y: labels(&[SAMPLES], CLASSES, seed ^ 2),
    }
}

impl Inputs {
    fn call(&self, name: &str, scalars: &[(&str, f64)]) -> Call {
        call(
            name,
            scalars,
            &[("x", &self.x), ("w", &self.w), ("y", &self.y)],
        )
    }
}

/// Rows scaled to a length.
fn of_length(array: &Array, length: f64) -> Array {
    let mut array = real(array).clone();
    for mut row in array.lanes_mut(Axis(1)) {
        let scale = length / row.dot(&row).sqrt();
        row.mapv_inplace(|e| e * scale);
    }
    Array::Real(array)
}

fn matrix(array: &Array) -> ndarray::Array2<f64> {
    let array = real(array).clone();
    array.into_dimensionality::<Ix2>().expect("a matrix")
}

/// What remains of each row of `slopes` at right angles to the same row of `rows`.
fn tangential(slopes: &ArrayD<f64>, rows: &Array) -> ArrayD<f64> {
    let mut slopes = slopes.clone();
    for (mut slope, row) in slopes.outer_iter_mut().zip(real(rows).outer_iter()) {
        let share = (&slope * &row).sum() / (&row * &row).sum();
        slope.scaled_add(-share, &row);
    }
    slopes
}

proptest! {
    #![proptest_config(cases(41))]

    #[test]
    fn no_margin_is_norm_face(seed: u64, s in 1.0..64.0) {
        let inputs = inputs(seed);
        let norm_face = inputs.call("NormFace", &[("s", s)]);
        for head in ["ArcFace", "ArcFaceContinuous", "ArcFaceDetached", "ArcFaceEasy", "ArcFacePlain", "AmSoftmax", "CosFace"] {
            equal(&inputs.call(head, &[("s", s), ("m", 0.0)]), &norm_face);
        }
        let combined = inputs.call("CombinedMargin", &[("s", s), ("m1", 1.0), ("m2", 0.0), ("m3", 0.0)]);
        equal(&combined, &norm_face);
    }

    #[test]
    fn the_combined_margin_contains_cos_face_and_arc_face(seed: u64, s in 1.0..64.0, m in 0.0..0.8) {
        let inputs = inputs(seed);
        let combined = |m1, m2, m3| inputs.call("CombinedMargin", &[("s", s), ("m1", m1), ("m2", m2), ("m3", m3)]);
        let head = |name| inputs.call(name, &[("s", s), ("m", m)]);
        equal(&combined(1.0, 0.0, m), &head("CosFace"));
        equal(&combined(1.0, m, 0.0), &head("ArcFaceContinuous"));
        equal(&combined(1.0, m, 0.0).flag("continued", false), &head("ArcFacePlain"));
    }

    /// Features of length s: then ‖x‖ψ(θ) is s·ψ(θ), and only slopes along x differ, which the combined margin has not.
    #[test]
    fn the_combined_margin_contains_sphere_face(seed: u64, s in 1.0..30.0) {
        let mut inputs = inputs(seed);
        inputs.x = of_length(&inputs.x, s);
        for (m, name) in [(1.0, "ASoftmax1"), (2.0, "ASoftmax2"), (3.0, "ASoftmax3"), (4.0, "ASoftmax")] {
            let sphere = inputs.call(name, &[]);
            let combined = inputs.call("CombinedMargin", &[("s", s), ("m1", m), ("m2", 0.0), ("m3", 0.0)]);
            close(&sphere.value(), &combined.value());
            close(&tangential(&sphere.gradient("x"), &inputs.x), &combined.gradient("x"));
            close(&sphere.gradient("w"), &combined.gradient("w"));
        }
    }

    /// m = 1 is softmax of x·wᵀ, or of x·ŵᵀ for A-Softmax; the gradients by the chain rule.
    #[test]
    fn a_factor_of_one_is_plain_softmax(seed: u64) {
        let mut inputs = inputs(seed);
        for (name, w) in [("LSoftmax1", inputs.w.clone()), ("ASoftmax1", of_length(&inputs.w, 1.0))] {
            inputs.w = w;
            let head = inputs.call(name, &[]);
            let (x, w) = (matrix(&inputs.x), matrix(&inputs.w));
            let z = Array::Real(x.dot(&w.t()).into_dyn());
            let softmax = call("SoftmaxCrossEntropy", &[], &[("z", &z), ("y", &inputs.y)]);
            close(&head.value(), &softmax.value());
            let dz = softmax.gradient("z").into_dimensionality::<Ix2>().expect("a matrix");
            close(&head.gradient("x"), &dz.dot(&w).into_dyn());
            let dw = dz.t().dot(&x).into_dyn();
            let dw = if name == "ASoftmax1" { tangential(&dw, &inputs.w) } else { dw };
            close(&head.gradient("w"), &dw);
        }
    }

    /// λ → ∞ leaves the plain inner product.
    #[test]
    fn annealing_starts_at_plain_softmax(seed: u64) {
        let inputs = inputs(seed);
        for (margin, plain) in [("LSoftmax", "LSoftmax1"), ("ASoftmax", "ASoftmax1")] {
            for m in ["", "2", "3"] {
                let margin = inputs.call(&format!("{margin}{m}"), &[("lambda", 1e14)]);
                equal(&margin, &inputs.call(plain, &[]));
            }
        }
    }

    /// Unit centres and no bias.
    #[test]
    fn l2_softmax_of_unit_centres_is_norm_face(seed: u64, s in 1.0..40.0) {
        let mut inputs = inputs(seed);
        inputs.w = of_length(&inputs.w, 1.0);
        let b = Array::Real(ArrayD::zeros(vec![CLASSES]));
        let arrays = [("x", &inputs.x), ("w", &inputs.w), ("b", &b), ("y", &inputs.y)];
        let l2 = call("L2Softmax", &[("alpha", s)], &arrays);
        let norm_face = inputs.call("NormFace", &[("s", s)]);
        close(&l2.value(), &norm_face.value());
        close(&l2.gradient("x"), &norm_face.gradient("x"));
        close(&l2.gradient("alpha"), &norm_face.gradient("s"));
        close(&tangential(&l2.gradient("w"), &inputs.w), &norm_face.gradient("w"));
    }

    #[test]
    fn one_centre_a_class(seed: u64, s in 1.0..40.0, m in 0.0..0.6) {
        let inputs = inputs(seed);
        let w = real(&inputs.w).clone().insert_axis(Axis(1));
        let several = |name: &str, scalars: &[(&str, f64)]| {
            let w = Array::Real(w.clone());
            call(name, scalars, &[("x", &inputs.x), ("w", &w), ("y", &inputs.y)])
        };
        let without = |slopes: ArrayD<f64>| slopes.remove_axis(Axis(1));
        for (several, single) in [
            (several("SubCenterArcFace", &[("s", s), ("m", m)]), inputs.call("ArcFace", &[("s", s), ("m", m)])),
            (several("SoftTriple", &[("lambda", s), ("delta", m)]), inputs.call("CosFace", &[("s", s), ("m", m)])),
        ] {
            close(&several.value(), &single.value());
            close(&several.gradient("x"), &single.gradient("x"));
            close(&without(several.gradient("w")), &single.gradient("w"));
        }
    }

    #[test]
    fn adaptive_margins_that_do_not_adapt(seed: u64, s in 1.0..40.0, m in 0.0..0.6) {
        let inputs = inputs(seed);
        let fixed = [("s", s), ("l_m", m), ("u_m", m), ("lambda_g", 0.0)];
        let mag_face = inputs.call("MagFace", &fixed).flag("easy", false);
        equal(&mag_face, &inputs.call("ArcFace", &[("s", s), ("m", m)]));
        let easy = inputs.call("MagFace", &fixed).flag("easy", true);
        equal(&easy, &inputs.call("ArcFaceEasy", &[("s", s), ("m", m)]));
        let ada_face = inputs.call("AdaFace", &[("s", s), ("m", m), ("h", 0.0), ("eps", 1e-9)]);
        equal(&ada_face, &inputs.call("CosFace", &[("s", s), ("m", m)]));
    }

    #[test]
    fn proxy_nca_is_norm_face(seed: u64, s in 1.0..40.0) {
        let inputs = inputs(seed);
        equal(&inputs.call("ProxyNca", &[("scale", s / 2.0)]), &inputs.call("NormFace", &[("s", s)]));
    }

    /// Squared distances of the cosines to the one-hot label: their sum is what its definition says.
    #[test]
    fn p2_s_grad_is_a_distance_of_cosines(seed: u64) {
        let inputs = inputs(seed);
        let unit = |array: &Array| matrix(&of_length(array, 1.0));
        let cosines = unit(&inputs.x).dot(&unit(&inputs.w).t()).into_dyn();
        let off = cosines - one_hot(&inputs.y, CLASSES);
        let expected = off.mapv(|e| e * e).sum_axis(Axis(1));
        close(&inputs.call("P2SGrad", &[]).value(), &expected);
    }
}
