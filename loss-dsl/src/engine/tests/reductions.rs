//! Every reduction with every normaliser, with and without ignored samples and sample weights.

use ndarray::{Array1, ArrayD, array};

use super::cross_entropy::{data, reference};
use super::mocks::CrossEntropy;
use crate::{Float, Inputs, Loss, Normalizer, Options, Reduction, Value};

const SAMPLE_WEIGHTS: [f64; 4] = [1.0, 0.25, 3.0, 0.5];
const CLASS_WEIGHTS: [f64; 3] = [1.0, 0.5, 2.0];

/// Every combination of options; label 2 is ignored where one is.
fn all_options() -> Vec<Options> {
    let mut all = Vec::new();
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        for normalizer in Normalizer::ALL {
            for ignore_index in [None, Some(2), Some(-1)] {
                for sample_weights in [None, Some(array![1.0, 0.25, 3.0, 0.5].into_dyn())] {
                    all.push(Options {
                        reduction,
                        normalizer,
                        ignore_index,
                        sample_weights,
                        tile: None,
                    });
                }
            }
        }
    }
    all
}

/// ∂total/∂ℓₙ by the definition of the options.
fn expected_cotangent(options: &Options) -> Vec<f64> {
    let labels = data::<f64>().2;
    let valid: Vec<f64> = labels
        .iter()
        .map(|&y| f64::from(u8::from(options.ignore_index != Some(i64::from(y)))))
        .collect();
    let weight = |n: usize| {
        options
            .sample_weights
            .as_ref()
            .map_or(1.0, |_| SAMPLE_WEIGHTS[n])
            * valid[n]
    };
    let denominator = match (options.reduction, options.normalizer) {
        (Reduction::Mean, Normalizer::Valid) => valid.iter().sum(),
        (Reduction::Mean, Normalizer::Full | Normalizer::BatchSize) => 4.0,
        (Reduction::Mean, Normalizer::WeightedMean) => (0..4)
            .map(|n| weight(n) * CLASS_WEIGHTS[labels[n] as usize])
            .sum(),
        _ => 1.0,
    };
    (0..4).map(|n| weight(n) / denominator).collect()
}

fn check<F: Float>(options: &Options, tolerance: f64) {
    let (z, v, y) = data::<F>();
    let loss = CrossEntropy::<true> {
        options: options.clone(),
    };
    let (value, gradients) = loss
        .differentiate(&Inputs::new().real(&z).real(&v).labels(&y))
        .unwrap();
    let (losses, slopes) = reference();
    let cotangent = expected_cotangent(options);
    let terms: Vec<f64> = losses
        .iter()
        .zip(&cotangent)
        .map(|(loss, scale)| loss * scale)
        .collect();
    let close = |found: F, expected: f64| {
        (found.to_f64() - expected).abs() <= tolerance * expected.abs().max(1.0)
    };
    match &value {
        Value::Total(total) => assert!(close(*total, terms.iter().sum()), "{options:?}: {total}"),
        Value::PerSample(values) => {
            assert!(
                values
                    .iter()
                    .zip(terms)
                    .all(|(&value, term)| close(value, term)),
                "{options:?}: {values}"
            );
        }
    }
    assert_eq!(
        value.per_sample().is_some(),
        options.reduction == Reduction::None
    );
    for ((at, &found), expected) in gradients["z"].indexed_iter().zip(&slopes) {
        assert!(
            close(found, cotangent[at[0]] * expected),
            "{options:?} at {at:?}: {found}"
        );
    }
}

#[test]
fn every_combination_of_options_is_as_defined() {
    for options in all_options() {
        check::<f64>(&options, 1e-14);
        check::<f32>(&options, 2e-6);
    }
}

#[test]
fn a_normalizer_of_zero_gives_zeros() {
    let (z, v, y) = data::<f64>();
    let inputs = Inputs::from((&z, &v, &y));
    let weightless = CrossEntropy::<true>::default()
        .with_normalizer(Normalizer::WeightedMean)
        .with_sample_weights(ArrayD::zeros(vec![4]));
    let (value, gradients) = weightless.differentiate(&inputs).unwrap();
    assert_eq!(value, Value::Total(0.0));
    assert!(gradients["z"].iter().all(|&slope| slope == 0.0));
}

#[test]
fn all_ignored_gives_zeros_under_every_normalizer() {
    let (z, v, _) = data::<f64>();
    let y = Array1::from_elem(4, -100);
    for mut options in all_options() {
        options.ignore_index = Some(-100);
        let (value, gradients) = CrossEntropy::<true> { options }
            .differentiate(&Inputs::from((&z, &v, &y)))
            .unwrap();
        assert_eq!(value.total(), 0.0);
        assert!(gradients["z"].iter().all(|&slope| slope == 0.0));
    }
}

#[test]
fn trailing_positions_count_for_all_normalizers_but_batch_size() {
    let z = ArrayD::<f64>::zeros(vec![2, 3, 5]);
    let (v, y) = (
        array![1.0, 1.0, 1.0],
        Array1::<u8>::zeros(10)
            .into_shape_with_order((2, 5))
            .unwrap(),
    );
    let mean = |normalizer| {
        let loss = CrossEntropy::<true>::default().with_normalizer(normalizer);
        loss.evaluate(&Inputs::from((&z, &v, &y))).unwrap().total()
    };
    let each = 3.0_f64.ln();
    for (normalizer, expected) in [
        (Normalizer::Valid, each),
        (Normalizer::Full, each),
        (Normalizer::WeightedMean, each),
        (Normalizer::BatchSize, 5.0 * each),
        (Normalizer::None, 10.0 * each),
    ] {
        assert!(
            (mean(normalizer) - expected).abs() < 1e-14,
            "{normalizer:?}"
        );
    }
}
