//! Weights, normalisers, ignored labels and upstream gradients: 11 to 16, 22, 27.

use loss_dsl::{Loss, Normalizer, Reduction, Upstream, losses};
use loss_tests::support::arrays::Array;
use loss_tests::support::call::call;
use ndarray::{Array1, Array2, Array4, ArrayD, IxDyn, array};

use super::{all_close, close, cross_entropy, differs, labels, reals, softmax};

/// Caffe_Long's distillation has T² in its gradient and not in its value.
#[test]
fn n11_distillation_has_the_square_of_the_temperature_in_value_and_gradient() {
    let (z, v, t) = ([1.0, -0.5, 0.25], [0.5, 1.5, -1.0], 4.0);
    let soft = |logits: [f64; 3]| softmax(&logits.map(|z| z / t));
    let (p, q) = (soft(z), soft(v));
    let divergence: f64 = (0..3).map(|c| q[c] * (q[c].ln() - p[c].ln())).sum();
    let arrays = [
        ("z", &reals(&[1, 3], &z)),
        ("teacher", &reals(&[1, 3], &v)),
        ("y", &labels(&[0])),
    ];
    let call = call(
        "Distillation",
        &[("temperature", t), ("alpha", 1.0)],
        &arrays,
    );
    close(call.value()[0], t * t * divergence);
    differs(divergence, call.value()[0], 0.5);
    let expected: Vec<f64> = (0..3).map(|c| t * (p[c] - q[c])).collect();
    all_close(&call.gradient("z"), &expected);
}

/// A divergence is summed over classes and averaged over samples: torch's `KLDivLoss` with the reduction "mean" divides by N·C.
#[test]
fn n11_a_mean_is_over_samples_and_not_over_classes() {
    let (x, t) = (
        array![[-1.0, -2.0], [-0.5, -1.5]],
        array![[0.25, 0.75], [0.5, 0.5]],
    );
    let value = losses::KlDivergence::default()
        .forward(&x, &t)
        .expect("a correct call");
    let terms = t
        .iter()
        .zip(&x)
        .map(|(t, x): (&f64, &f64)| t * (t.ln() - x));
    let sum: f64 = terms.sum();
    close(value.total(), sum / 2.0);
    differs(sum / 4.0, value.total(), 0.4);
}

/// Caffe_Long's backward pass counts positives over all images so far, its forward pass image by image: the second image has a wrong
/// weight.
#[test]
fn n12_weights_are_those_of_the_image() {
    let z = Array4::from_shape_fn((2, 2, 1, 4), |(n, c, _, w)| {
        0.3 * (n as f64) - 0.2 * (c * w) as f64
    });
    // One of four positive in the first image, three of four in the second.
    let y = ArrayD::from_shape_vec(IxDyn(&[2, 1, 4]), vec![1_i64, 0, 0, 0, 1, 1, 1, 0])
        .expect("labels");
    let call = call(
        "AdaptiveWeightedSoftmax",
        &[],
        &[
            ("z", &Array::Real(z.clone().into_dyn())),
            ("y", &Array::Labels(y.clone())),
        ],
    );
    let slopes = call.gradient("z");
    let share = [0.25, 0.75];
    let so_far = [0.25, 0.5];
    for ((n, c, h, w), _) in z.indexed_iter() {
        let p = softmax(&[z[[n, 0, h, w]], z[[n, 1, h, w]]]);
        let label = y[[n, h, w]];
        let slope = p[c] - f64::from(u8::from(label == c as i64));
        let weight = |positive: f64| if label > 0 { 1.0 - positive } else { positive };
        close(slopes[[n, c, h, w]], weight(share[n]) * slope);
        if n == 1 {
            differs(weight(so_far[n]) * slope, slopes[[n, c, h, w]], 0.2);
        }
    }
}

/// HED's layer compares its labels with 0 and 1: one of 255 adds nothing to the loss, but an unweighted σ(x) − 255 to the gradient. Here what
/// is not 0 is an edge, in both.
#[test]
fn n13_a_label_other_than_0_and_1_counts_in_value_and_gradient() {
    let x = ndarray::Array3::from_shape_fn((1, 2, 2), |(_, h, w)| 0.5 - (h + 2 * w) as f64 * 0.4);
    let of = |edge: u8| {
        let t =
            ndarray::Array3::from_shape_fn((1, 2, 2), |(_, h, w)| if h == w { edge } else { 0 });
        losses::HedSigmoid::default()
            .value_and_grad(&x, &t)
            .expect("a correct call")
    };
    let ((value, slopes), (expected, right)) = (of(255), of(1));
    assert_eq!(value, expected);
    assert_eq!(slopes.x, right.x);
    assert!(
        slopes.x.iter().all(|slope| slope.abs() < 1.0),
        "not σ(x) − 255"
    );
}

/// Caffe_Long divides by the number of pixels, PyTorch by the sum of the weights: both are there, by name.
#[test]
fn n14_what_a_weighted_mean_divides_by() {
    let (z, w, y) = (
        array![[0.5, -0.5], [1.0, 2.0], [0.0, 0.0]],
        array![1.0, 3.0],
        array![0_i64, 1, 1],
    );
    let nll: Vec<f64> = (0..3)
        .map(|n| cross_entropy(z.row(n).as_slice().expect("a row"), y[n] as usize))
        .collect();
    let sum = nll[0] + 3.0 * nll[1] + 3.0 * nll[2];
    let mean = |normalizer| {
        let loss = losses::WeightedSoftmax::default().with_normalizer(normalizer);
        loss.forward(&z, &w, &y).expect("a correct call").total()
    };
    close(mean(Normalizer::Valid), sum / 3.0);
    close(mean(Normalizer::WeightedMean), sum / 7.0);
    differs(mean(Normalizer::Valid), mean(Normalizer::WeightedMean), 0.5);
}

/// Nothing but ignored labels: PyTorch's 0/0 is NaN, Caffe_Long's too; here value and gradient are 0 for every normaliser.
#[test]
fn n15_a_batch_that_is_ignored_is_nothing() {
    let (z, y) = (array![[0.5, -0.5], [1.0, 2.0]], array![-1_i64, -1]);
    for normalizer in Normalizer::ALL {
        let loss = losses::SoftmaxCrossEntropy::default()
            .with_ignore_index(-1)
            .with_normalizer(normalizer);
        let (value, slopes) = loss.value_and_grad(&z, &y).expect("a correct call");
        assert_eq!(value.total(), 0.0);
        assert!(slopes.z.iter().all(|&slope| slope == 0.0));
    }
    let valid = y.iter().filter(|&&label| label != -1).count() as f64;
    assert!((0.0 / valid).is_nan());
}

/// FULL divides by all positions, VALID by those that count; and an ignored label leaves its class in the denominator of the softmax.
#[test]
fn n16_ignored_positions_and_the_normaliser() {
    let (z, y) = (
        array![[0.5, -0.5, 0.1], [1.0, 2.0, 0.2], [0.0, 0.3, 0.9]],
        array![0_i64, 2, 1],
    );
    let loss = |normalizer| {
        let loss = losses::SoftmaxCrossEntropy::default()
            .with_ignore_index(2)
            .with_normalizer(normalizer);
        loss.forward(&z, &y).expect("a correct call").total()
    };
    let sum = cross_entropy(&[0.5, -0.5, 0.1], 0) + cross_entropy(&[0.0, 0.3, 0.9], 1);
    close(loss(Normalizer::Valid), sum / 2.0);
    close(loss(Normalizer::Full), sum / 3.0);
    let without_the_class = cross_entropy(&[0.5, -0.5], 0) + cross_entropy(&[0.0, 0.3], 1);
    differs(without_the_class / 2.0, loss(Normalizer::Valid), 0.1);
}

/// Caffe's sigmoid loss divides by the number of images and its softmax loss by that of pixels: here the default is the number of losses
/// for all, and `BatchSize` is the other.
#[test]
fn n16_sigmoid_losses_have_the_same_default() {
    let x = ArrayD::from_shape_fn(vec![2, 3], |at| 0.5 * at[0] as f64 - 0.25 * at[1] as f64);
    let sum: f64 = x.iter().map(|x: &f64| (-x).exp().ln_1p()).sum();
    let target = Array::Real(x.mapv(|_| 1.0));
    let call = call(
        "SigmoidCrossEntropy",
        &[],
        &[("x", &Array::Real(x)), ("target", &target)],
    );
    let inputs = call.arrays.inputs::<f64>();
    close(
        call.loss.evaluate(&inputs).expect("a correct call").total(),
        sum / 6.0,
    );
    let images = call.loss.clone().with_normalizer(Normalizer::BatchSize);
    close(
        images.evaluate(&inputs).expect("a correct call").total(),
        sum / 2.0,
    );
}

/// Fused kernels that compute gradients in their forward pass scale them by one number: an upstream gradient per sample is ignored, or its
/// first element is taken for all (Liger, until it was reported).
#[test]
fn n22_every_sample_has_its_own_upstream_gradient() {
    let (z, y) = (
        array![[0.5, -0.5], [1.0, 2.0], [0.0, 0.7]],
        array![0_i64, 1, 1],
    );
    let loss = losses::SoftmaxCrossEntropy::default().with_reduction(Reduction::None);
    let (_, saved) = loss.forward_saved(&z, &y).expect("a correct call");
    let upstream: Array1<f64> = array![2.0, 0.0, -3.0];
    let slopes = loss
        .backward(&saved, Upstream::per_sample(&upstream))
        .expect("a correct call");
    for n in 0..3 {
        let p = softmax(z.row(n).as_slice().expect("a row"));
        for (c, p) in p.into_iter().enumerate() {
            let own = p - f64::from(u8::from(y[n] == c as i64));
            close(slopes.z[[n, c]], upstream[n] * own);
        }
    }
    differs(slopes.z[[0, 0]] / 2.0 * -3.0, slopes.z[[2, 0]], 0.1);
}

/// Labels in half precision end at 65504 and skip odd numbers from 2048 on, 16-bit ones at 65535: labels here are integers of any width, and
/// one that is no class is an error and not another class.
#[test]
fn n27_labels_of_many_classes() {
    let classes = 70_001;
    let mut z = Array2::<f32>::zeros((2, classes));
    z[[0, 70_000]] = 30.0;
    z[[1, 2049]] = 30.0;
    let y = array![70_000_u32, 2049];
    let loss = losses::SoftmaxCrossEntropy::default().with_reduction(Reduction::None);
    let (value, slopes) = loss.value_and_grad(&z, &y).expect("a correct call");
    let expected = (70_000.0 * (-30.0_f64).exp()).ln_1p();
    for loss in value.per_sample().expect("a loss per sample") {
        assert!(
            (f64::from(*loss) / expected - 1.0).abs() < 1e-4,
            "{loss} {expected}"
        );
    }
    assert!(slopes.z[[0, 70_000]] < 0.0 && slopes.z[[0, 70_000 - 65_536]] > 0.0);
    assert!(loss.forward(&z, &array![70_001_u32, 0]).is_err());
    let half = |label: f64| (label / 2.0).round_ties_even() * 2.0;
    assert_eq!(half(2049.0), 2048.0);
}
