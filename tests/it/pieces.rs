//! Rows that are long enough to be shared among threads, and totals of losses that are not kept.

use loss_dsl::losses::{BinaryFocal, LabelSmoothing, SoftmaxCrossEntropy};
use loss_dsl::{Inputs, Loss, Reduction};
use ndarray::{Array1, Array2};
use rayon::ThreadPoolBuilder;

use loss_tests::support::random::Random;

/// More than two pieces, and a rest.
const CLASSES: usize = 200_003;

fn row() -> (Array2<f32>, Array1<usize>) {
    let mut random = Random::new(11);
    let z = Array2::from_shape_simple_fn((1, CLASSES), || (3.0 * random.normal()) as f32);
    (z, Array1::from_elem(1, 150_000))
}

#[test]
fn a_long_row_is_the_same_for_any_number_of_threads() {
    let (z, y) = row();
    let inputs = Inputs::from((&z, &y));
    let alone = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let several = ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let here = |loss: &SoftmaxCrossEntropy| loss.differentiate(&inputs).expect("it fits");
    let loss = SoftmaxCrossEntropy::default();
    let (one, three) = (
        alone.install(|| here(&loss)),
        several.install(|| here(&loss)),
    );
    assert_eq!(one, three);
    let smoothed = LabelSmoothing::default();
    let there = || smoothed.differentiate(&inputs).expect("it fits");
    assert_eq!(alone.install(there), several.install(there));
}

#[test]
fn a_long_row_is_right() {
    let (z, y) = row();
    let (value, gradients) = SoftmaxCrossEntropy::default()
        .differentiate(&Inputs::from((&z, &y)))
        .expect("it fits");
    let exact = z.mapv(f64::from);
    let largest = exact.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let total: f64 = exact.iter().map(|z| (z - largest).exp()).sum();
    let loss = largest + total.ln() - exact[[0, y[0]]];
    let error = (f64::from(value.total()) - loss).abs() / loss;
    assert!(error < 2e-7, "{error}");
    for (c, (&found, z)) in gradients.tensors[0].iter().zip(&exact).enumerate() {
        let p = (z - largest).exp() / total;
        let expected = if c == y[0] { p - 1.0 } else { p };
        let error = (f64::from(found) - expected).abs() / expected.abs();
        assert!(error < 1e-6, "class {c}: {found} {expected}");
    }
}

#[test]
fn a_mean_is_that_of_the_losses() {
    let mut random = Random::new(12);
    for samples in [1, 2, 31, 32, 1023, 1024, 1025, 70_000, 200_001] {
        let x = Array1::from_shape_simple_fn(samples, || (4.0 * random.normal()) as f32);
        let t = x.map(|&x| x > 1.0);
        let inputs = Inputs::from((&x, &t));
        let loss = BinaryFocal::default();
        let mean = loss.evaluate(&inputs).expect("it fits").total();
        let each = loss.clone().with_reduction(Reduction::None);
        let each = each.evaluate(&inputs).expect("it fits");
        let each = each.per_sample().expect("a value per sample");
        let exact = each.iter().map(|&loss| f64::from(loss)).sum::<f64>() / samples as f64;
        let error = (f64::from(mean) - exact).abs() / exact;
        assert!(error < 1e-7, "{samples}: {mean} {exact}");
        let both = loss.differentiate(&inputs).expect("it fits").0.total();
        assert_eq!(both, mean, "{samples}");
    }
}
