//! The modern margin heads where references go wrong or leave a choice: state, boundaries, ties, features on their centres.

use loss_dsl::losses::{
    AdaFace, ArcFace, CenterLoss, Circle, CurricularFace, MagFace, SphereFace2, SubCenterArcFace,
};
use loss_dsl::{Error, Inputs, Loss, Reduction};
use ndarray::{Array1, Array2, Array3, Axis, array};

use loss_tests::support::random::Random;

fn normal(random: &mut Random, rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_simple_fn((rows, columns), || random.normal())
}

/// The cosines of features to the centres of their labels.
fn own_cosines(x: &Array2<f64>, w: &Array2<f64>, y: &Array1<usize>) -> Vec<f64> {
    let rows = x.outer_iter().zip(y);
    rows.map(|(x, &y)| x.dot(&w.row(y)) / (x.dot(&x) * w.row(y).dot(&w.row(y))).sqrt())
        .collect()
}

#[test]
fn curricular_face_advances_by_the_mean_cosine() {
    let mut random = Random::new(41);
    let w = normal(&mut random, 4, 3);
    let mut loss = CurricularFace::default();
    let mut generic = loss.clone();
    let mut expected = 0.0;
    for step in 0..3 {
        let (x, y) = (normal(&mut random, 5, 3), array![0, 1, 2, 3, step]);
        let cosines = own_cosines(&x, &w, &y);
        expected = 0.01 * cosines.iter().sum::<f64>() / 5.0 + 0.99 * expected;
        let before = loss.t;
        let outputs = loss.auxiliary(&x, &w, &y).unwrap();
        loss.value_and_grad(&x, &w, &y).unwrap();
        assert_eq!(loss.t, before, "an evaluation changes nothing");
        loss.advance(&x, &w, &y).unwrap();
        assert!((loss.t - expected).abs() < 1e-15, "{} {expected}", loss.t);
        assert_eq!(outputs.next_t.first(), Some(&loss.t));
        let inputs = Inputs::new().real(&x).real(&w).labels(&y);
        generic.step(&inputs).unwrap();
        assert_eq!(generic.t, loss.t);
    }
}

#[test]
fn what_cannot_be_stored_is_refused_and_an_empty_batch_changes_nothing() {
    let (w, y) = (Array2::<f64>::eye(3), array![0, 1]);
    let mut loss = AdaFace::default();
    let (mean, std) = (loss.batch_mean, loss.batch_std);
    let spoilt = array![[f64::NAN, 1.0, 0.0], [1.0, 0.0, 0.0]];
    let refused = loss.advance(&spoilt, &w, &y).unwrap_err();
    let Error::Scalar { name, .. } = refused else {
        panic!("{refused}");
    };
    assert!(name == "batch_mean" || name == "batch_std", "{name}");
    assert_eq!((loss.batch_mean, loss.batch_std), (mean, std));
    let none = (Array2::<f64>::zeros((0, 3)), Array1::<usize>::zeros(0));
    loss.advance(&none.0, &w, &none.1).unwrap();
    assert_eq!((loss.batch_mean, loss.batch_std), (mean, std));
}

/// The deviation of one length is 0, not 0/0.
#[test]
fn ada_face_of_one_sample() {
    let (x, w) = (array![[3.0, 4.0]], array![[1.0, 0.0], [0.0, 2.0]]);
    let mut loss = AdaFace {
        t_alpha: 0.5,
        ..AdaFace::default()
    };
    let (value, gradients) = loss.value_and_grad(&x, &w, &array![0]).unwrap();
    // (5 − 12.5) · 0.333 / (50 + 0.001)
    let k = -7.5 * 0.333 / 50.001;
    let target = (0.6_f64.acos() - 0.4 * k).cos() - 0.4 * (1.0 + k);
    let expected = (64.0 * (0.8 - target)).exp().ln_1p();
    assert!((value.total() - expected).abs() < 1e-12 * expected);
    assert!(gradients.x.iter().all(|slope| slope.is_finite()));
    loss.advance(&x, &w, &array![0]).unwrap();
    assert_eq!((loss.batch_mean, loss.batch_std), (12.5, 50.0));
}

/// At the initial bias the slopes of the positive and of the negatives cancel while all cosines are 0.
#[test]
fn sphere_face2_starts_in_balance() {
    for classes in [2, 10, 1000] {
        let mut loss = SphereFace2::default();
        loss.b = loss.initial_bias(classes);
        let (x, w) = (Array2::<f64>::zeros((1, 4)), Array2::ones((classes, 4)));
        let gradients = loss.value_and_grad(&x, &w, &array![0]).unwrap().1;
        let positive = 0.7 / 40.0;
        assert!(
            gradients.b.abs() < 1e-12 * positive,
            "{classes}: {}",
            gradients.b
        );
        loss.b += 0.1;
        let gradients = loss.value_and_grad(&x, &w, &array![0]).unwrap().1;
        assert!(
            gradients.b.abs() > 1e-9 * positive,
            "{classes}: {}",
            gradients.b
        );
    }
}

/// The cosine of opposite vectors is −1 or, rounded, a little less; no power of a fraction may see that.
#[test]
fn sphere_face2_is_finite_for_opposite_features() {
    let loss = SphereFace2 {
        t: 2.5,
        ..SphereFace2::default()
    };
    let mut random = Random::new(43);
    for columns in [3, 8, 64] {
        for _ in 0..100 {
            let w = normal(&mut random, 4, columns).mapv(|entry| entry as f32);
            let x = w.select(Axis(0), &[0]).mapv(|entry| -3.0 * entry);
            let (value, gradients) = loss.value_and_grad(&x, &w, &array![0]).unwrap();
            assert!(value.total().is_finite(), "{x}");
            assert!(gradients.x.iter().all(|slope| slope.is_finite()), "{x}");
        }
    }
}

/// On c_n² + (c_p − 1)² = 2 m² both logits are equal.
#[test]
fn circle_is_the_boundary() {
    let m = 0.25_f64;
    for angle in [0.3_f64, 0.8, 1.2, 2.0] {
        let radius = std::f64::consts::SQRT_2 * m;
        let (p, n) = (1.0 - radius * angle.sin(), radius * angle.cos());
        let rest = (1.0 - p * p - n * n).sqrt();
        let x = array![[p, n, rest]];
        let w = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let value = Circle::default().forward(&x, &w, &array![0]).unwrap();
        assert!(
            (value.total() - 2.0_f64.ln()).abs() < 1e-11,
            "{angle}: {value}"
        );
    }
}

#[test]
fn one_centre_a_class_is_arc_face_and_equal_centres_share() {
    let mut random = Random::new(43);
    let (x, w) = (normal(&mut random, 5, 4), normal(&mut random, 3, 4));
    let y = array![0, 1, 2, 0, 1];
    let (value, expected) = ArcFace::default().value_and_grad(&x, &w, &y).unwrap();
    for centres in [1, 3] {
        let wide: Array3<f64> = w.clone().insert_axis(Axis(1));
        let wide = wide.broadcast((3, centres, 4)).unwrap().to_owned();
        let loss = SubCenterArcFace::default();
        let (found, gradients) = loss.value_and_grad(&x, &wide, &y).unwrap();
        assert!((found.total() - value.total()).abs() < 1e-13 * value.total());
        let close = |a: &f64, b: &f64| (a - b).abs() < 1e-12;
        assert!(
            gradients
                .x
                .iter()
                .zip(&expected.x)
                .all(|(a, b)| close(a, b))
        );
        for centre in gradients.w.axis_iter(Axis(1)) {
            let scaled = &centre * centres as f64;
            assert!(scaled.iter().zip(&expected.w).all(|(a, b)| close(a, b)));
        }
    }
}

/// Aligned with, or opposite to, the nearest centre: |∂x| ≤ 2 s / |x|, where autograd has NaN.
#[test]
fn features_on_their_centres() {
    let mut random = Random::new(47);
    let w = Array3::from_shape_simple_fn((60, 2, 5), || random.normal() as f32);
    let y = Array1::from_shape_fn(60, |n| n);
    let flat = w.index_axis(Axis(1), 0).to_owned();
    for factor in [1.0_f32, 3.0, -0.5] {
        let x = flat.mapv(|e| factor * e);
        let sum = Reduction::Sum;
        let sub_center = SubCenterArcFace::default().with_reduction(sum);
        let (value, gradients) = sub_center.value_and_grad(&x, &w, &y).unwrap();
        let mut all = vec![(value, gradients.x, gradients.w.into_dyn())];
        let mag_face = MagFace::default().with_reduction(sum);
        let (value, gradients) = mag_face.value_and_grad(&x, &flat, &y).unwrap();
        all.push((value, gradients.x, gradients.w.into_dyn()));
        let curricular = CurricularFace::default().with_reduction(sum);
        let (value, gradients) = curricular.value_and_grad(&x, &flat, &y).unwrap();
        all.push((value, gradients.x, gradients.w.into_dyn()));
        let binary = SphereFace2::default().with_reduction(sum);
        let (value, gradients) = binary.value_and_grad(&x, &flat, &y).unwrap();
        all.push((value, gradients.x, gradients.w.into_dyn()));
        let adaptive = AdaFace::default().with_reduction(sum);
        let (value, gradients) = adaptive.value_and_grad(&x, &flat, &y).unwrap();
        all.push((value, gradients.x, gradients.w.into_dyn()));
        for (value, dx, dw) in all {
            assert!(value.total().is_finite() && dw.iter().all(|slope| slope.is_finite()));
            for (slope, feature) in dx.outer_iter().zip(x.outer_iter()) {
                // A hard negative's slope is t + 2 c ≤ 3 instead of 1.
                let bound = 4.01 * 64.0 / feature.dot(&feature).sqrt();
                assert!(slope.dot(&slope).sqrt() <= bound, "{factor}: {slope}");
            }
        }
    }
}

/// Outside of its interval the length of a feature has no slope; inside, the margin and the regulariser pull at it.
#[test]
fn mag_face_moves_lengths_within_its_interval_only() {
    let mut random = Random::new(53);
    let direction = normal(&mut random, 1, 6);
    let direction = &direction / direction.iter().map(|e| e * e).sum::<f64>().sqrt();
    let w = normal(&mut random, 4, 6);
    for (length, moves) in [(5.0, false), (60.0, true), (200.0, false)] {
        let x = &direction * length;
        let gradients = MagFace::default()
            .value_and_grad(&x, &w, &array![1])
            .unwrap()
            .1;
        let radial = (&gradients.x * &direction).sum();
        assert_eq!(radial.abs() > 1e-6, moves, "{length}: {radial}");
    }
}

/// Eq. 4 of the paper from the true gradient and the counts.
#[test]
fn center_loss_gives_the_update_of_the_paper() {
    let mut random = Random::new(59);
    let (x, c) = (normal(&mut random, 5, 3), normal(&mut random, 3, 3));
    let y = array![0, 2, 0, 0, 2];
    let loss = CenterLoss::default().with_reduction(Reduction::Sum);
    let gradients = loss.value_and_grad(&x, &c, &y).unwrap().1;
    let counts = loss.auxiliary(&x, &c, &y).unwrap().counts;
    for j in 0..3 {
        let members: Vec<_> = (0..5).filter(|&n| y[n] == j).collect();
        assert_eq!(counts[[j]], members.len() as f64);
        let own = c.row(j);
        let sum = members
            .iter()
            .fold(Array1::<f64>::zeros(3), |sum, &n| sum + own - x.row(n));
        let expected = sum / (1.0 + members.len() as f64);
        let found = &gradients.c.row(j) / (1.0 + counts[[j]]);
        let off = (found - expected).fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(off < 1e-14, "{j}: {off}");
    }
}
