//! The gradient checker passes right gradients and finds wrong ones.

use ndarray::array;

use super::cross_entropy::data;
use super::mocks::{CrossEntropy, Overlap, Repulsion};
use crate::{Loss, Reduction, check_gradients};

#[test]
fn right_gradients_pass() {
    let (z, v, mut y) = data::<f64>();
    y[1] = -1;
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let loss = CrossEntropy::<true>::default()
            .with_reduction(reduction)
            .with_ignore_index(-1)
            .with_sample_weights(array![1.0, 0.25, 3.0, 0.5].into_dyn());
        let report = check_gradients(&loss, (&z, &v, &y)).unwrap();
        assert!(report.max_error() < 1e-10, "{report}");
        assert_eq!((report.entries().len(), report.kinks().count()), (12, 0));
    }
    let report = check_gradients(
        &Overlap::<false>::default(),
        (&array![0.5, 0.25], &array![true, false]),
    )
    .unwrap();
    assert!(report.max_error() < 1e-10, "{report}");
}

#[test]
fn a_gradient_wrong_by_a_thousandth_is_found() {
    let report = check_gradients(
        &Overlap::<true>::default(),
        (&array![0.5, 0.25], &array![true, false]),
    )
    .unwrap();
    assert!((0.9e-3..1.1e-3).contains(&report.max_error()), "{report}");
    let worst = report.worst().unwrap();
    assert!(
        worst.parameter == "p" && (worst.analytic / worst.numeric - 1.001).abs() < 1e-9,
        "{worst}"
    );
    assert!(
        report
            .to_string()
            .contains("p: 2 elements, largest error 1.0e-3"),
        "{report}"
    );
}

#[test]
fn kinks_are_reported_and_any_slope_between_is_right() {
    let (x, s, y) = (array![1.0, 1.0, 3.0], array![0.0, 0.0], array![0, 1, 0]);
    let report = check_gradients(
        &Repulsion::default().with_reduction(Reduction::Sum),
        (&x, &s, &y),
    )
    .unwrap();
    let kinks: Vec<_> = report
        .kinks()
        .map(|entry| (entry.index[0], entry.kink.unwrap()))
        .collect();
    assert_eq!(
        kinks.iter().map(|(index, _)| *index).collect::<Vec<_>>(),
        [0, 1]
    );
    let (left, right) = kinks[0].1;
    assert!(
        (left + 2.0).abs() < 1e-9 && (right - 2.0).abs() < 1e-9,
        "{report}"
    );
    assert!(report.max_error() < 1e-9, "{report}");
}
