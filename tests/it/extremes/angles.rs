//! Features and centres that are aligned, opposite, zero, very long or very short.

use loss_dsl::losses::{
    ASoftmax, ASoftmax1, ASoftmax2, ASoftmax3, ArcFace, ArcFaceContinuous, ArcFaceDetached,
    ArcFaceEasy, ArcFacePlain, CombinedMargin, CosFace, LSoftmax, LSoftmax1, LSoftmax2, LSoftmax3,
    NormFace,
};
use loss_dsl::{Inputs, Loss, Reduction};
use ndarray::{Array1, Array2, ArrayD, Axis, array};

use loss_tests::support::random::Random;

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

/// A label's cosine with its margin at the four features of `on_axes`.
fn is_right_on_the_axes<L: Loss + Default>(phi: [f64; 4]) {
    let (x, w, y) = on_axes();
    let s = 8.0;
    let mut loss = L::default().with_reduction(Reduction::None);
    assert!(loss.set_scalar("s", s));
    let double = Inputs::new().real(&x).real(&w).labels(&y);
    let (value, gradients) = loss.differentiate(&double).unwrap();
    let (x_single, w_single) = (x.mapv(|e| e as f32), w.mapv(|e| e as f32));
    let single = Inputs::new().real(&x_single).real(&w_single).labels(&y);
    let (value_single, gradients_single) = loss.differentiate(&single).unwrap();
    let cosines = [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0; 3]];
    for n in 0..4 {
        let others = (0..3).filter(|&c| c != y[n] as usize);
        let others = others.map(|c| (s * (cosines[n][c] - phi[n])).exp());
        let expected = others.sum::<f64>().ln_1p();
        let found = value.per_sample().unwrap()[n];
        let near = |found: f64, off: f64| (found - expected).abs() < off * expected.max(1.0);
        assert!(near(found, 1e-12), "{} {n}: {found} {expected}", L::NAME);
        let found = f64::from(value_single.per_sample().unwrap()[n]);
        assert!(near(found, 1e-5), "{} {n}: {found} {expected}", L::NAME);
    }
    // Aligned or opposite, the label's own cosine has no slope; the others' slopes are p s ŵ / |x|.
    let slopes = &gradients.tensors[0];
    let p = 1.0 / (2.0 + (s * phi[0]).exp());
    let expected = [0.0, s * p / 2.0, s * p / 2.0];
    for d in 0..3 {
        let off = (slopes[[0, d]] - expected[d]).abs();
        assert!(off < 1e-12, "{}: {slopes} {expected:?}", L::NAME);
    }
    assert!(
        slopes
            .index_axis(Axis(0), 3)
            .iter()
            .all(|&slope| slope == 0.0)
    );
    for (double, single) in gradients.tensors.iter().zip(&gradients_single.tensors) {
        let off = (double - &single.mapv(f64::from)).fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(off < 1e-4, "{}: {double}\n{single}", L::NAME);
    }
}

/// φ at cos θ = 1, −1, 0 and at a zero feature (whose cosines are 0).
#[test]
fn margins_on_the_axes() {
    let m = 0.5_f64;
    let (aligned, right) = (m.cos(), -m.sin());
    let beyond = (std::f64::consts::PI + m).cos();
    is_right_on_the_axes::<ArcFace>([aligned, -1.0 - m * m.sin(), right, right]);
    is_right_on_the_axes::<ArcFaceContinuous>([aligned, -2.0 - beyond, right, right]);
    is_right_on_the_axes::<ArcFaceEasy>([aligned, -1.0, 0.0, 0.0]);
    is_right_on_the_axes::<ArcFacePlain>([aligned, beyond, right, right]);
    is_right_on_the_axes::<ArcFaceDetached>([aligned, beyond, right, right]);
    is_right_on_the_axes::<CombinedMargin>([aligned, -2.0 - beyond, right, right]);
    is_right_on_the_axes::<CosFace>([0.65, -1.35, -0.35, -0.35]);
    is_right_on_the_axes::<NormFace>([1.0, -1.0, 0.0, 0.0]);
}

/// ψ at the ends of its intervals that are exact numbers: 1 at θ = 0, 1 − 2m at π, and at π/2 with slope 0 for even m.
fn psi_on_the_axes<L: Loss + Default>(m: i32, at_right_angle: f64, unit_centres: bool) {
    let (x, w, y) = on_axes();
    let loss = L::default().with_reduction(Reduction::None);
    let inputs = Inputs::new().real(&x).real(&w).labels(&y);
    let (value, gradients) = loss.differentiate(&inputs).unwrap();
    let length = |c: usize| {
        if unit_centres {
            1.0
        } else {
            [1.5, 0.25, 4.0][c]
        }
    };
    let opposite = f64::from(1 - 2 * m);
    let (a, b) = (length(0), length(1));
    let logits = [
        [2.0 * a, 0.0, 0.0],
        [0.5 * a * opposite, 0.0, 0.0],
        [3.0 * a * at_right_angle, 3.0 * b, 0.0],
        [0.0; 3],
    ];
    for (n, z) in logits.iter().enumerate() {
        let others = (0..3).filter(|&c| c != y[n] as usize);
        let others: f64 = others.map(|c| (z[c] - z[y[n] as usize]).exp()).sum();
        let (found, expected) = (value.per_sample().unwrap()[n], others.ln_1p());
        let off = (found - expected).abs();
        assert!(
            off < 1e-12 * expected.max(1.0),
            "{} {n}: {found} {expected}",
            L::NAME
        );
    }
    // Aligned: the slope of |w| |x| ψ in x is that of |w| |x|.
    let p = 1.0 / (2.0 + (2.0 * a).exp());
    let expected = [-2.0 * p * a, p * b, p * length(2)];
    for d in 0..3 {
        let off = (gradients.tensors[0][[0, d]] - expected[d]).abs();
        assert!(off < 1e-12, "{}: {gradients:?} {expected:?}", L::NAME);
    }
    let mut slopes = gradients.tensors.iter().flatten();
    assert!(slopes.all(|slope| slope.is_finite()), "{gradients:?}");
}

#[test]
fn multiples_of_angles_on_the_axes() {
    psi_on_the_axes::<LSoftmax1>(1, 0.0, false);
    psi_on_the_axes::<LSoftmax2>(2, -1.0, false);
    psi_on_the_axes::<LSoftmax3>(3, -2.0, false);
    psi_on_the_axes::<LSoftmax>(4, -3.0, false);
    psi_on_the_axes::<ASoftmax1>(1, 0.0, true);
    psi_on_the_axes::<ASoftmax2>(2, -1.0, true);
    psi_on_the_axes::<ASoftmax3>(3, -2.0, true);
    psi_on_the_axes::<ASoftmax>(4, -3.0, true);
}

/// Aligned and opposite up to rounding, in every direction: |∂x| is at most 2 s / |x|, as for any angle.
fn is_bounded<L: Loss + Default>() {
    let mut random = Random::new(23);
    let w = Array2::from_shape_simple_fn((40, 7), || random.normal() as f32);
    let y = Array1::from_shape_fn(40, |n| n as i64);
    let s = 64.0;
    let mut loss = L::default().with_reduction(Reduction::Sum);
    assert!(loss.set_scalar("s", f64::from(s)));
    for factor in [1.0_f32, -1.0, 3.0, -0.01] {
        let x = w.mapv(|e| factor * e);
        let inputs = Inputs::new().real(&x).real(&w).labels(&y);
        let (value, gradients) = loss.differentiate(&inputs).unwrap();
        assert!(value.total().is_finite());
        for (slope, feature) in gradients.tensors[0].outer_iter().zip(x.outer_iter()) {
            let length = slope.fold(0.0_f32, |sum, e| sum + e * e).sqrt();
            let bound = 2.001 * s / feature.dot(&feature).sqrt();
            assert!(
                length <= bound,
                "{} {factor}: {slope} for {feature}",
                L::NAME
            );
        }
        let mut slopes = gradients.tensors[1].iter();
        assert!(slopes.all(|slope| slope.is_finite()), "{}", L::NAME);
    }
}

#[test]
fn gradients_of_angles_are_bounded() {
    is_bounded::<ArcFace>();
    is_bounded::<ArcFaceContinuous>();
    is_bounded::<ArcFaceDetached>();
    is_bounded::<ArcFaceEasy>();
    is_bounded::<ArcFacePlain>();
    is_bounded::<CombinedMargin>();
    is_bounded::<CosFace>();
    is_bounded::<NormFace>();
}

/// The length of a feature does not matter, not even where f32 cannot hold its square.
fn knows_no_length<L: Loss + Default>() {
    let mut random = Random::new(29);
    let x = Array2::from_shape_simple_fn((5, 6), || random.normal() as f32);
    let w = Array2::from_shape_simple_fn((4, 6), || random.normal() as f32);
    let y = array![0, 1, 2, 3, 0];
    let loss = L::default();
    let evaluated = |x: &Array2<f32>| {
        let inputs = Inputs::new().real(x).real(&w).labels(&y);
        let (value, gradients) = loss.differentiate(&inputs).unwrap();
        (value.total(), gradients.tensors[0].clone())
    };
    let largest = |a: &ArrayD<f32>| a.fold(0.0_f32, |m, e| m.max(e.abs()));
    let (expected, slopes) = evaluated(&x);
    for exponent in [-120, -80, -60, -20, 20, 60, 80, 120] {
        let factor = 2.0_f32.powi(exponent);
        let (value, scaled) = evaluated(&x.mapv(|e| e * factor));
        let off = (value - expected).abs();
        assert!(
            off <= 1e-5 * expected,
            "{} 2^{exponent}: {value} {expected}",
            L::NAME
        );
        let off = largest(&(scaled.mapv(|e| e * factor) - &slopes));
        assert!(
            off <= 1e-5 * largest(&slopes),
            "{} 2^{exponent}: {scaled}",
            L::NAME
        );
    }
}

#[test]
fn long_and_short_features() {
    knows_no_length::<ArcFace>();
    knows_no_length::<ArcFaceContinuous>();
    knows_no_length::<ArcFaceDetached>();
    knows_no_length::<ArcFaceEasy>();
    knows_no_length::<ArcFacePlain>();
    knows_no_length::<CombinedMargin>();
    knows_no_length::<CosFace>();
    knows_no_length::<NormFace>();
}

/// Two zero vectors are at right angles to each other, in a loss that needs the angle itself.
#[test]
fn nothing_but_zeros() {
    let (x, w) = (Array2::<f64>::zeros((2, 3)), Array2::zeros((3, 3)));
    let loss = CombinedMargin::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.value_and_grad(&x, &w, &array![0, 2]).unwrap();
    // cos(π/2 + 0.5) against two classes of logit 0.
    let expected = (2.0 * (64.0 * 0.5_f64.sin()).exp()).ln_1p();
    let values = value.per_sample().unwrap();
    assert!(
        values
            .iter()
            .all(|v| (v - expected).abs() < 1e-12 * expected),
        "{values}"
    );
    assert!(
        gradients
            .x
            .iter()
            .chain(&gradients.w)
            .all(|&slope| slope == 0.0)
    );
}
