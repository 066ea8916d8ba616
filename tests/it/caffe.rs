//! Caffe's own tests of `SoftmaxWithLoss` in spirit, on logits of [10, 5, 2, 3]: ignoring each label in turn, the normalisers,
//! and images without a copy.

use loss_dsl::losses::SoftmaxCrossEntropy;
use loss_dsl::{Loss, Normalizer, Reduction, check_gradients};
use ndarray::{Array, Array3, Array4};

use loss_tests::support::random::Random;

const CLASSES: usize = 5;

fn images() -> (Array4<f64>, Array3<i64>) {
    some_images(10)
}

fn some_images(count: usize) -> (Array4<f64>, Array3<i64>) {
    let mut random = Random::new(1701);
    let z = Array::from_shape_simple_fn((count, CLASSES, 2, 3), || random.normal());
    let y = Array::from_shape_simple_fn((count, 2, 3), || random.below(CLASSES) as i64);
    (z, y)
}

fn with(normalizer: Normalizer) -> SoftmaxCrossEntropy {
    SoftmaxCrossEntropy::default().with_normalizer(normalizer)
}

/// Each position is left out by one of the five, hence counted by the other four.
#[test]
fn ignoring_each_label_in_turn_adds_up_to_four_times_the_whole() {
    let (z, y) = images();
    let unnormalized = with(Normalizer::None);
    let whole = unnormalized.forward(&z, &y).unwrap().total();
    let parts = (0..CLASSES as i64).map(|label| {
        let loss = unnormalized.clone().with_ignore_index(label);
        loss.forward(&z, &y).unwrap().total()
    });
    let sum: f64 = parts.sum();
    assert!((sum - 4.0 * whole).abs() <= 1e-12 * sum, "{sum} {whole}");
}

#[test]
fn the_same_in_single_precision() {
    let (z, y) = images();
    let z = z.mapv(|x| x as f32);
    let unnormalized = with(Normalizer::None);
    let whole = unnormalized.forward(&z, &y).unwrap().total();
    let parts = (0..CLASSES as i64).map(|label| {
        let loss = unnormalized.clone().with_ignore_index(label);
        loss.forward(&z, &y).unwrap().total()
    });
    let sum: f32 = parts.sum();
    assert!((sum - 4.0 * whole).abs() <= 1e-6 * sum, "{sum} {whole}");
}

#[test]
fn gradients_with_an_ignored_label() {
    // Differences take some 25 values for each element.
    let (z, y) = some_images(3);
    for normalizer in Normalizer::ALL {
        let loss = with(normalizer).with_ignore_index(0);
        let report = check_gradients(&loss, (&z, &y)).unwrap();
        assert_eq!(report.entries().len(), z.len());
        assert!(report.max_error() <= 1e-8, "{normalizer:?}: {report}");
    }
}

#[test]
fn normalizers_divide_the_same_sum() {
    let (z, y) = images();
    let ignored = 2;
    let loss = |normalizer| with(normalizer).with_ignore_index(ignored);
    let sum = with(Normalizer::Valid)
        .with_reduction(Reduction::Sum)
        .with_ignore_index(ignored);
    let sum = sum.forward(&z, &y).unwrap().total();
    let valid = y.iter().filter(|&&label| label != ignored).count() as f64;
    assert!(0.0 < valid && valid < 60.0);
    for (normalizer, divisor) in [
        (Normalizer::Valid, valid),
        (Normalizer::Full, 60.0),
        (Normalizer::BatchSize, 10.0),
        (Normalizer::None, 1.0),
        (Normalizer::WeightedMean, valid),
    ] {
        let (value, gradients) = loss(normalizer).value_and_grad(&z, &y).unwrap();
        let value: f64 = value.total();
        assert!(
            (value * divisor - sum).abs() <= 1e-13 * sum,
            "{normalizer:?}"
        );
        let (_, plain) = loss(Normalizer::None).value_and_grad(&z, &y).unwrap();
        let off = (&gradients.z * divisor - &plain.z).fold(0.0_f64, |m, e| m.max(e.abs()));
        assert!(off <= 1e-15, "{normalizer:?}: {off}");
    }
}

#[test]
fn ignored_positions_have_no_gradient_and_no_loss() {
    let (z, y) = images();
    let loss = with(Normalizer::None).with_ignore_index(3);
    let (_, gradients) = loss.value_and_grad(&z, &y).unwrap();
    let per_sample = loss
        .with_reduction(Reduction::None)
        .forward(&z, &y)
        .unwrap();
    let per_sample = per_sample.per_sample().unwrap();
    for ((n, h, w), &label) in y.indexed_iter() {
        let mut slopes = (0..CLASSES).map(|c| gradients.z[[n, c, h, w]]);
        let all_zero = slopes.all(|slope| slope == 0.0);
        assert_eq!(all_zero, label == 3);
        assert_eq!(per_sample[[n, h, w]] == 0.0, label == 3);
    }
}

#[test]
fn every_position_ignored_is_zero_and_not_nan() {
    let (z, y) = images();
    let y = y.mapv(|_| -1);
    let loss = SoftmaxCrossEntropy::default().with_ignore_index(-1);
    let (value, gradients) = loss.value_and_grad(&z, &y).unwrap();
    assert_eq!(value.total(), 0.0);
    assert!(gradients.z.iter().all(|&slope| slope == 0.0));
}

/// Trailing axes are addressed by a pair of strides; what is compared are the same numbers as rows.
#[test]
fn images_are_not_copied_and_agree_with_rows() {
    assert!(SoftmaxCrossEntropy::spec().splittable);
    let (z, y) = images();
    let rows = z.view().permuted_axes([0, 2, 3, 1]);
    let rows = rows.as_standard_layout().into_owned();
    let rows = rows.into_shape_with_order((60, CLASSES)).unwrap();
    let labels = y.clone().into_shape_with_order(60).unwrap();
    let loss = SoftmaxCrossEntropy::default();
    let (of_images, image_slopes) = loss.value_and_grad(&z, &y).unwrap();
    let (of_rows, row_slopes) = loss.value_and_grad(&rows, &labels).unwrap();
    assert_eq!(of_images, of_rows);
    let slopes = row_slopes
        .z
        .into_shape_with_order((10, 2, 3, CLASSES))
        .unwrap();
    assert_eq!(image_slopes.z, slopes.permuted_axes([0, 3, 1, 2]));
}
