//! What the losses with a margin are to each other and to their papers: identities, boundaries between two classes, and
//! what implementations that people use get wrong.

mod multiplicative;

use std::f64::consts::{LN_2, PI};

use loss_dsl::losses::{
    ASoftmax, ASoftmax1, ASoftmax2, AmSoftmax, ArcFace, ArcFaceContinuous, ArcFaceDetached,
    ArcFaceEasy, ArcFacePlain, CombinedMargin, CosFace, L2Softmax, LSoftmax1, NormFace, bounds,
};
use loss_dsl::{Gradients, Inputs, Loss, Reduction};
use ndarray::{Array1, Array2, ArrayD, Axis, array};

use loss_tests::support::random::Random;

struct Batch {
    x: Array2<f64>,
    w: Array2<f64>,
    y: Array1<i64>,
}

impl Batch {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self {
            x: Array2::from_shape_simple_fn((9, 4), || random.normal()),
            w: Array2::from_shape_simple_fn((5, 4), || random.normal()),
            y: Array1::from_shape_simple_fn(9, || random.below(5) as i64),
        }
    }

    /// Features and centres of length 1 in the plane, at the angle 0 and at those given.
    fn in_the_plane(theta: f64, others: &[f64]) -> Self {
        let angles = [&[theta], others].concat();
        let centre = |(c, d): (usize, usize)| [angles[c].cos(), angles[c].sin()][d];
        Self {
            x: array![[1.0, 0.0]],
            w: Array2::from_shape_fn((angles.len(), 2), centre),
            y: array![0],
        }
    }

    /// The loss per sample and its gradients.
    fn of<L: Loss>(&self, loss: &L) -> (ArrayD<f64>, Gradients<f64>) {
        let loss = loss.clone().with_reduction(Reduction::None);
        let inputs = Inputs::new().real(&self.x).real(&self.w).labels(&self.y);
        let (value, gradients) = loss.differentiate(&inputs).expect("a correct call");
        (value.per_sample().expect("no reduction").clone(), gradients)
    }

    /// The label's logit of a loss, from the loss of two classes of which the other's is 0.
    fn logit<L: Loss>(loss: &L, theta: f64) -> f64 {
        // −ln(e^a / (e^a + 1)) = ln(1 + e^−a)
        let batch = Self::in_the_plane(theta, &[PI / 2.0]);
        let value = batch.of(loss).0[[0]];
        -value.exp_m1().ln()
    }
}

fn farthest(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    (a - b).fold(0.0_f64, |m, e| m.max(e.abs()))
}

fn assert_same<A: Loss, B: Loss>(a: &A, b: &B) {
    for seed in 1..=4 {
        let batch = Batch::new(seed);
        let ((left, left_slopes), (right, right_slopes)) = (batch.of(a), batch.of(b));
        let names = (A::NAME, B::NAME);
        assert!(farthest(&left, &right) < 1e-11, "{names:?}: {left} {right}");
        for (left, right) in left_slopes.tensors.iter().zip(&right_slopes.tensors) {
            assert!(farthest(left, right) < 1e-11, "{names:?}: {left} {right}");
        }
    }
}

/// A loss with other scalars.
fn with<L: Loss + Default>(scalars: &[(&str, f64)]) -> L {
    let mut loss = L::default();
    for &(name, value) in scalars {
        assert!(loss.set_scalar(name, value), "{} has no {name}", L::NAME);
    }
    loss
}

#[test]
fn no_margin_is_norm_face() {
    let norm_face = with::<NormFace>(&[("s", 16.0)]);
    let none = [("s", 16.0), ("m", 0.0)];
    assert_same(&with::<CosFace>(&none), &norm_face);
    assert_same(&with::<AmSoftmax>(&none), &norm_face);
    assert_same(&with::<ArcFace>(&none), &norm_face);
    assert_same(&with::<ArcFaceContinuous>(&none), &norm_face);
    assert_same(&with::<ArcFaceEasy>(&none), &norm_face);
    assert_same(&with::<ArcFacePlain>(&none), &norm_face);
    assert_same(&with::<ArcFaceDetached>(&none), &norm_face);
    assert_same(
        &with::<CombinedMargin>(&[("s", 16.0), ("m2", 0.0)]),
        &norm_face,
    );
}

#[test]
fn combined_margin_contains_the_others() {
    let combined = |m1: f64, m2: f64, m3: f64| {
        with::<CombinedMargin>(&[("s", 16.0), ("m1", m1), ("m2", m2), ("m3", m3)])
    };
    let margin = |m: f64| [("s", 16.0), ("m", m)];
    assert_same(&combined(1.0, 0.0, 0.35), &with::<CosFace>(&margin(0.35)));
    let continuous = with::<ArcFaceContinuous>(&margin(0.5));
    assert_same(&combined(1.0, 0.5, 0.0), &continuous);
    let printed = CombinedMargin {
        continued: false,
        ..combined(1.0, 0.5, 0.0)
    };
    assert_same(&printed, &with::<ArcFacePlain>(&margin(0.5)));
    // A-Softmax of features of length s.
    for seed in 1..=4 {
        let mut batch = Batch::new(seed);
        for mut x in batch.x.outer_iter_mut() {
            let length = x.dot(&x).sqrt();
            x.mapv_inplace(|e| 16.0 * e / length);
        }
        let ((left, left_slopes), (right, right_slopes)) = (
            batch.of(&combined(4.0, 0.0, 0.0)),
            batch.of(&ASoftmax::default()),
        );
        assert!(farthest(&left, &right) < 1e-11, "{left} {right}");
        assert!(farthest(&left_slopes.tensors[1], &right_slopes.tensors[1]) < 1e-10);
    }
}

/// Table 1 of ArcFace's paper: with two classes, where its margin says that the boundary is, the logits are equal.
#[test]
fn boundaries_between_two_classes() {
    fn is_boundary<L: Loss>(loss: &L, theta: f64, cosine_of_other: f64) {
        let batch = Batch::in_the_plane(theta, &[-cosine_of_other.acos()]);
        let value = batch.of(loss).0[[0]];
        assert!(
            (value - LN_2).abs() < 1e-12,
            "{} at {theta}: {value}",
            L::NAME
        );
    }
    let m = [("m", 0.3)];
    for theta in [0.1, 0.5, 0.9, 1.3_f64] {
        is_boundary(&LSoftmax1::default(), theta, theta.cos());
        is_boundary(&ASoftmax1::default(), theta, theta.cos());
        is_boundary(&NormFace::default(), theta, theta.cos());
        is_boundary(&ASoftmax2::default(), theta, (2.0 * theta).cos());
        is_boundary(
            &with::<CombinedMargin>(&[("m1", 2.0), ("m2", 0.0)]),
            theta,
            (2.0 * theta).cos(),
        );
        is_boundary(&with::<CosFace>(&m), theta, theta.cos() - 0.3);
        is_boundary(&with::<ArcFace>(&m), theta, (theta + 0.3).cos());
        is_boundary(&with::<ArcFaceContinuous>(&m), theta, (theta + 0.3).cos());
    }
}

/// A released layer of AM-Softmax drops the margin where cos θ ≤ m: its loss falls there as the angle grows.
#[test]
fn the_margin_of_am_softmax_is_unconditional() {
    let logit = |theta: f64| Batch::logit(&AmSoftmax::default(), theta) / 30.0;
    for theta in [1.0, 1.21, 1.22, 1.5, 2.0_f64] {
        assert!(
            (logit(theta) - (theta.cos() - 0.35)).abs() < 1e-10,
            "{theta}"
        );
    }
}

/// The size of the fall-back's jump, and that the continuous form has none.
#[test]
fn what_happens_beyond_pi() {
    let logit = |loss: &dyn Fn(f64) -> f64| {
        let end = PI - 0.5;
        (loss(end - 1e-9), loss(end + 1e-9))
    };
    let fall_back = |theta: f64| Batch::logit(&with::<ArcFace>(&[("s", 1.0)]), theta);
    let (before, after) = logit(&fall_back);
    assert!(
        (before + 1.0).abs() < 1e-8
            && (after - (-0.5_f64.cos() - 0.5 * 0.5_f64.sin())).abs() < 1e-8
    );
    let continuous = |theta: f64| Batch::logit(&with::<ArcFaceContinuous>(&[("s", 1.0)]), theta);
    let (before, after) = logit(&continuous);
    assert!((before + 1.0).abs() < 1e-8 && (after + 1.0).abs() < 1e-8);
    let easy = |theta: f64| Batch::logit(&with::<ArcFaceEasy>(&[("s", 1.0)]), theta);
    assert!(
        (easy(PI / 2.0 - 1e-9) + 0.5_f64.sin()).abs() < 1e-8 && easy(PI / 2.0 + 1e-9).abs() < 1e-8
    );
}

/// The straight-through gradient is s (p_j − [j = y]) ∂cos θ_j, with p from the logits with the margin.
#[test]
fn the_detached_margin_has_the_slope_of_the_cosine() {
    let batch = Batch::new(5);
    let detached = with::<ArcFaceDetached>(&[("s", 8.0)]);
    let (value, slopes) = batch.of(&detached);
    let (printed, _) = batch.of(&with::<ArcFacePlain>(&[("s", 8.0)]));
    assert!(farthest(&value, &printed) < 1e-12);
    let unit = |v: &Array2<f64>| {
        let lengths = v.map_axis(Axis(1), |row| row.dot(&row).sqrt());
        v / &lengths.insert_axis(Axis(1))
    };
    let (u, v) = (unit(&batch.x), unit(&batch.w));
    let c = u.dot(&v.t());
    for (n, &label) in batch.y.iter().enumerate() {
        let label = label as usize;
        let logit = |j: usize| {
            let theta = c[[n, j]].acos();
            8.0 * if j == label {
                (theta + 0.5).cos()
            } else {
                c[[n, j]]
            }
        };
        let total: f64 = (0..5).map(|j| logit(j).exp()).sum();
        let mut expected = Array1::<f64>::zeros(4);
        for j in 0..5 {
            let share = logit(j).exp() / total - if j == label { 1.0 } else { 0.0 };
            let across = &v.row(j) - &(&u.row(n) * c[[n, j]]);
            expected.scaled_add(8.0 * share, &across);
        }
        let length = batch.x.row(n).dot(&batch.x.row(n)).sqrt();
        let found = slopes.tensors[0].index_axis(Axis(0), n).to_owned() * length;
        assert!(farthest(&found, &expected.into_dyn()) < 1e-11, "{found}");
    }
}

/// A normalised input: its length is without effect, its gradient at right angles to it and ∝ 1 / length.
#[test]
fn gradients_of_normalised_inputs() {
    fn check<L: Loss + Default>(inputs: &[usize]) {
        let batch = Batch::new(3);
        let (value, slopes) = batch.of(&L::default());
        let scaled = |by: [f64; 2]| Batch {
            x: &batch.x * by[0],
            w: &batch.w * by[1],
            y: batch.y.clone(),
        };
        for &at in inputs {
            let given = [&batch.x, &batch.w][at].clone().into_dyn();
            let along = (&given * &slopes.tensors[at]).sum_axis(Axis(1));
            assert!(
                along.iter().all(|e| e.abs() < 1e-11),
                "{}: {along}",
                L::NAME
            );
            let mut by = [1.0; 2];
            by[at] = 4.0;
            let (same, less) = scaled(by).of(&L::default());
            assert!(farthest(&value, &same) < 1e-11, "{}", L::NAME);
            let off = farthest(&(&less.tensors[at] * 4.0), &slopes.tensors[at]);
            assert!(off < 1e-11, "{}: {off}", L::NAME);
        }
    }
    check::<ArcFace>(&[0, 1]);
    check::<ArcFaceContinuous>(&[0, 1]);
    check::<ArcFaceDetached>(&[0, 1]);
    check::<ArcFaceEasy>(&[0, 1]);
    check::<ArcFacePlain>(&[0, 1]);
    check::<CombinedMargin>(&[0, 1]);
    check::<CosFace>(&[0, 1]);
    check::<NormFace>(&[0, 1]);
    // The released layers overwrite w by its unit vectors and do not project the gradient.
    check::<ASoftmax>(&[1]);
    check::<ASoftmax1>(&[1]);
}

/// The bounds are attained: by a simplex, and by one centre opposite to the label's and the others at right angles.
#[test]
fn bounds_are_attained() {
    // Three centres in the plane are a simplex.
    let batch = Batch::in_the_plane(0.0, &[2.0 * PI / 3.0, -2.0 * PI / 3.0]);
    for s in [0.5, 4.0, 30.0] {
        let value = batch.of(&with::<NormFace>(&[("s", s)])).0[[0]];
        let bound = bounds::norm_face_loss(3, s);
        assert!(
            (value - bound).abs() < 1e-12 * bound.max(1e-3),
            "{value} {bound}"
        );
    }
    let alpha = bounds::l2_softmax_alpha(4, 0.9);
    let loss = L2Softmax {
        alpha,
        ..L2Softmax::default()
    };
    let (x, w) = (
        array![[3.0, 0.0]],
        array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]],
    );
    let value = loss
        .forward(&x, &w, &Array1::zeros(4), &array![0])
        .unwrap()
        .total();
    // The bound neglects the opposite class, whose share is e^−α.
    let expected = (0.1_f64 / 0.9 + (-2.0 * alpha).exp()).ln_1p();
    assert!((value - expected).abs() < 1e-12, "{value} {expected}");
}
