//! Features and centres that are aligned, opposite, zero, very long or very short.

use loss_dsl::losses::{ArcFace, CosFace};
use loss_dsl::{Loss, Reduction};
use ndarray::{Array1, Array2, array};

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

/// The length of a feature does not matter, not even where f32 cannot hold its square.
#[test]
fn long_and_short_features() {
    let mut random = Random::new(29);
    let x = Array2::from_shape_simple_fn((5, 6), || random.normal() as f32);
    let w = Array2::from_shape_simple_fn((4, 6), || random.normal() as f32);
    let y = array![0, 1, 2, 3, 0];
    let loss = CosFace::default();
    let (expected, gradients) = loss.value_and_grad(&x, &w, &y).unwrap();
    for exponent in [-120, -80, -60, -20, 20, 60, 80, 120] {
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
