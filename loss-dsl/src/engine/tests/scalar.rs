//! A loss without batch axes.

use ndarray::{Array1, Array2, array};

use super::mocks::Overlap;
use crate::{Error, Inputs, Loss, Normalizer, Reduction, Upstream, Value};

#[test]
fn reduction_and_normalizer_do_not_touch_a_scalar_loss() {
    let (p, t) = (array![0.5, 0.25, 1.0], array![true, false, true]);
    let expected = Value::Total(1.0 - (2.0 * 1.5 + 1.0) / (1.75 + 2.0 + 1.0));
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        for normalizer in [
            Normalizer::Valid,
            Normalizer::BatchSize,
            Normalizer::WeightedMean,
        ] {
            let loss = Overlap::<false>::default()
                .with_reduction(reduction)
                .with_normalizer(normalizer);
            assert_eq!(loss.evaluate(&Inputs::from((&p, &t))).unwrap(), expected);
        }
    }
}

#[test]
fn trailing_axes_extend_the_axis_of_a_scalar_loss() {
    let p = Array2::from_shape_fn((3, 4), |(n, h)| (1 + n + 3 * h) as f64 / 20.0);
    let t = Array2::from_shape_fn((3, 4), |(n, h)| (n + h) % 2 == 0);
    let (flat_p, flat_t): (Array1<f64>, Array1<bool>) =
        (p.iter().copied().collect(), t.iter().copied().collect());
    let loss = Overlap::<false>::default();
    let (value, gradients) = loss
        .differentiate(&Inputs::from((&p.t().as_standard_layout().t(), &t)))
        .unwrap();
    let (flat_value, flat) = loss
        .differentiate(&Inputs::from((&flat_p, &flat_t)))
        .unwrap();
    assert!((value.total() - flat_value.total()).abs() < 1e-15);
    assert!(
        gradients["p"]
            .iter()
            .zip(&flat["p"])
            .all(|(a, b)| (a - b).abs() < 1e-15)
    );
}

#[test]
fn options_about_samples_are_refused() {
    let (p, t) = (array![0.5, 0.25], array![true, false]);
    let ignoring = Overlap::<false>::default()
        .with_ignore_index(0)
        .evaluate(&Inputs::from((&p, &t)));
    assert_eq!(ignoring, Err(Error::IgnoreIndex { loss: "Overlap" }));
    let weighted = Overlap::<false>::default().with_sample_weights(array![1.0, 1.0].into_dyn());
    let weighted = weighted.evaluate(&Inputs::from((&p, &t)));
    assert_eq!(
        weighted,
        Err(Error::SampleWeights {
            shape: vec![2],
            expected: vec![]
        })
    );
}

#[test]
fn the_upstream_gradient_is_a_scalar_whatever_the_reduction() {
    let (p, t) = (array![0.5, 0.25], array![true, false]);
    let loss = Overlap::<false>::default().with_reduction(Reduction::None);
    let (_, gradients) = loss.differentiate(&Inputs::from((&p, &t))).unwrap();
    let (_, saved) = loss.save::<f64, ()>(Inputs::from((&p, &t))).unwrap();
    assert_eq!(
        saved.pull_back(Upstream::Scalar(2.0)).unwrap()["p"],
        &gradients["p"] * 2.0
    );
}

#[test]
fn no_elements_give_zero() {
    let (p, t) = (Array1::<f32>::zeros(0), Array1::<bool>::default(0));
    let (value, gradients) = Overlap::<false>::default()
        .differentiate(&Inputs::from((&p, &t)))
        .unwrap();
    assert_eq!((value, gradients["p"].len()), (Value::Total(0.0), 0));
}
