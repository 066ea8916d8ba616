//! Training to convergence on data that the network separates perfectly, in f32: the point where losses of others turn
//! into NaN (∂acos at cos θ = 1, p^(γ−1) at p = 1). Loss and every gradient stay finite, and the loss goes to 0.

use loss_dsl::losses::{
    ASoftmax, ASoftmax2, ArcFace, ArcFaceContinuous, ArcFaceDetached, ArcFaceEasy, ArcFacePlain,
    CombinedMargin, CosFace, Focal, LSoftmax, LSoftmax3, NormFace,
};
use loss_dsl::{Inputs, Loss};
use ndarray::{Array1, Array2, Axis};

use crate::written::angular::Sphere;
use loss_tests::support::random::Random;

/// Points of `classes` well separated groups: each near its own coordinate axis, and some exactly on it.
fn groups(classes: usize, each: usize) -> (Array2<f32>, Vec<i64>) {
    let mut random = Random::new(7);
    let labels: Vec<i64> = (0..classes * each).map(|n| (n % classes) as i64).collect();
    let mut points = Array2::zeros((classes * each, classes + 1));
    for (n, &label) in labels.iter().enumerate() {
        points[[n, label as usize]] = 2.0;
        if n >= classes {
            for x in points.row_mut(n) {
                *x += 0.05 * random.normal() as f32;
            }
        }
    }
    (points, labels)
}

fn finite(array: &Array2<f32>) -> bool {
    array.iter().all(|x| x.is_finite())
}

/// The value and the gradients of the features and the centres.
type Head<'h> = &'h dyn Fn(&Array2<f32>, &Array2<f32>) -> (f32, Array2<f32>, Array2<f32>);

/// Trains features and centres freely, with steps that grow as the slopes shrink. Returns the first and the last value.
fn train(head: Head<'_>, steps: usize, mut rate: f32) -> (f32, f32) {
    let (mut x, _) = groups(3, 4);
    let mut random = Random::new(3);
    let mut w = Array2::from_shape_simple_fn((3, 4), || random.normal() as f32);
    let mut first = None;
    let mut last = f32::NAN;
    for step in 0..steps {
        let (value, dx, dw) = head(&x, &w);
        assert!(value.is_finite(), "step {step}: {value}");
        assert!(finite(&dx) && finite(&dw), "step {step}: {dx} {dw}");
        first.get_or_insert(value);
        last = value;
        x.scaled_add(-rate, &dx);
        w.scaled_add(-rate, &dw);
        rate *= 1.002;
    }
    (first.unwrap_or(f32::NAN), last)
}

#[test]
fn arc_face_as_printed() {
    let (_, y) = groups(3, 4);
    let y = ndarray::Array1::from(y);
    let loss = ArcFacePlain {
        s: 16.0,
        ..ArcFacePlain::default()
    };
    let head = |x: &Array2<f32>, w: &Array2<f32>| {
        let (value, gradients) = loss.value_and_grad(x, w, &y).unwrap();
        (value.total(), gradients.x, gradients.w)
    };
    let (first, last) = train(&head, 3000, 0.05);
    assert!(first > 1.0 && last < 1e-3, "{first} {last}");
}

#[test]
fn angles_doubled() {
    let (_, y) = groups(3, 4);
    let y = ndarray::Array1::from(y);
    let loss = Sphere::default();
    let head = |x: &Array2<f32>, w: &Array2<f32>| {
        let (value, gradients) = loss.value_and_grad(x, w, &y).unwrap();
        (value.total(), gradients.x, gradients.w)
    };
    let (first, last) = train(&head, 3000, 0.05);
    assert!(first > 1.0 && last < 1e-3, "{first} {last}");
}

/// A linear classifier under focal loss, with steps that grow until every probability is 1 in f32.
#[test]
fn focal_with_a_root() {
    let (x, y) = groups(3, 4);
    let y = ndarray::Array1::from(y);
    let loss = Focal {
        gamma: 0.5,
        ..Focal::default()
    };
    let mut weights = Array2::<f32>::zeros((4, 3));
    let mut rate = 0.5;
    let mut last = f32::NAN;
    for step in 0..400 {
        let z = x.dot(&weights);
        let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
        last = value.total();
        assert!(last.is_finite(), "step {step}: {last}");
        assert!(finite(&gradients.z), "step {step}: {}", gradients.z);
        weights.scaled_add(-rate, &x.t().dot(&gradients.z));
        rate *= 1.1;
    }
    assert!(last < 1e-7, "{last}");
    // Saturated to the last bit, and beyond.
    for scale in [1.0, 1e2, 1e4, 1e8] {
        let z = x.dot(&weights) * scale;
        let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
        assert!(value.total() >= 0.0 && value.total() < 1e-7, "{value}");
        assert!(
            gradients.z.iter().all(|slope| slope.abs() < 1e-6),
            "{}",
            gradients.z
        );
    }
}

/// One step with features of which the last three are 0; through a normalised feature of 0 passes no gradient.
fn one_step<L: Loss + Default>(
    x: &Array2<f32>,
    w: &Array2<f32>,
    y: &Array1<i64>,
    normalised: bool,
) {
    let inputs = Inputs::new().real(x).real(w).labels(y);
    let (value, gradients) = L::default().differentiate(&inputs).unwrap();
    assert!(value.total().is_finite(), "{}", L::NAME);
    let mut slopes = gradients.tensors.iter().flatten();
    assert!(
        slopes.all(|slope| slope.is_finite()),
        "{}: {gradients:?}",
        L::NAME
    );
    for zero in gradients.tensors[0].axis_iter(Axis(0)).skip(6) {
        let none = zero.iter().all(|&slope| slope == 0.0);
        assert!(none || !normalised, "{}: {zero}", L::NAME);
    }
}

/// Features that are their own centre, or its opposite, or 0: one step from each is finite in all losses of angles.
#[test]
fn aligned_opposite_and_zero_features() {
    let mut w = Array2::<f32>::eye(3);
    w.row_mut(1).mapv_inplace(|x| 0.3 * x);
    let mut x = Array2::zeros((9, 3));
    for n in 0..9 {
        let factor = [2.0, -0.7, 0.0][n / 3];
        x.row_mut(n).assign(&(&w.row(n % 3) * factor));
    }
    let y = ndarray::Array1::from_shape_fn(9, |n| (n % 3) as i64);
    one_step::<ArcFace>(&x, &w, &y, true);
    one_step::<ArcFaceContinuous>(&x, &w, &y, true);
    one_step::<ArcFaceDetached>(&x, &w, &y, true);
    one_step::<ArcFaceEasy>(&x, &w, &y, true);
    one_step::<ArcFacePlain>(&x, &w, &y, true);
    one_step::<CombinedMargin>(&x, &w, &y, true);
    one_step::<CosFace>(&x, &w, &y, true);
    one_step::<NormFace>(&x, &w, &y, true);
    one_step::<LSoftmax>(&x, &w, &y, false);
    one_step::<LSoftmax3>(&x, &w, &y, false);
    one_step::<ASoftmax>(&x, &w, &y, false);
    one_step::<ASoftmax2>(&x, &w, &y, false);
    let (value, gradients) = Sphere::default().value_and_grad(&x, &w, &y).unwrap();
    assert!(value.total().is_finite());
    assert!(
        finite(&gradients.x) && finite(&gradients.w),
        "{gradients:?}"
    );
}
