//! Forward now, backward later.

use ndarray::{Array1, ArrayD, array};

use super::cross_entropy::{data, reference};
use super::mocks::CrossEntropy;
use crate::{Error, GradientTargets, Inputs, Loss, Reduction, Upstream};

#[test]
fn pulling_back_equals_differentiating_with_the_same_upstream() {
    let (z, v, mut y) = data::<f64>();
    y[2] = -1;
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let loss = CrossEntropy::<true>::default()
            .with_reduction(reduction)
            .with_ignore_index(-1)
            .with_sample_weights(array![1.0, 0.25, 3.0, 0.5].into_dyn());
        let (value, gradients) = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
        let (saved_value, saved) = loss.save::<f64, ()>(Inputs::from((&z, &v, &y))).unwrap();
        assert_eq!(saved_value, value);
        assert_eq!(
            saved.pull_back(Upstream::Scalar(1.0)).unwrap()["z"],
            gradients["z"]
        );
        assert_eq!(
            saved.pull_back(4.0.into()).unwrap()["z"],
            &gradients["z"] * 4.0
        );
    }
}

#[test]
fn per_sample_upstream_reaches_each_sample() {
    let (z, v, y) = data::<f64>();
    let upstream: Array1<f64> = array![2.0, -0.5, 0.0, 8.0];
    let loss = CrossEntropy::<true>::default().with_reduction(Reduction::None);
    let (_, saved) = loss.save::<f64, ()>(Inputs::from((&z, &v, &y))).unwrap();
    let gradients = saved.pull_back(Upstream::per_sample(&upstream)).unwrap();
    let (_, slopes) = reference();
    for ((at, found), expected) in gradients["z"].indexed_iter().zip(&slopes) {
        assert!((found - upstream[at[0]] * expected).abs() < 1e-14);
    }
}

#[test]
fn an_upstream_of_another_shape_is_refused_and_nothing_is_written() {
    let (z, v, y) = data::<f64>();
    let total = CrossEntropy::<true>::default();
    let each = total.clone().with_reduction(Reduction::None);
    let (short, right) = (Array1::ones(3), Array1::ones(4));
    let cases = [
        (&total, Upstream::per_sample(&right), Some(vec![4]), None),
        (&each, Upstream::Scalar(1.0), None, Some(vec![4])),
        (
            &each,
            Upstream::per_sample(&short),
            Some(vec![3]),
            Some(vec![4]),
        ),
    ];
    for (loss, upstream, shape, expected) in cases {
        let (_, saved) = loss.save::<f64, ()>(Inputs::from((&z, &v, &y))).unwrap();
        let mut buffer = ArrayD::from_elem(vec![4, 3], 7.0);
        let refused = saved.pull_back_into(upstream, GradientTargets::new().tensor(&mut buffer));
        assert_eq!(refused, Err(Error::Upstream { shape, expected }));
        assert!(buffer.iter().all(|&element| element == 7.0));
    }
}
