//! A loss whose samples interact.

use ndarray::array;

use super::mocks::Repulsion;
use crate::{Inputs, Loss, Reduction, check_gradients};

#[test]
fn gradients_are_the_slopes_of_the_value() {
    let (x, s, y) = (
        array![0.5, -1.0, 2.0, 0.75],
        array![0.0, 0.0],
        array![0, 1, 1, 0],
    );
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let report = check_gradients(
            &Repulsion::default().with_reduction(reduction),
            (&x, &s, &y),
        )
        .unwrap();
        assert!(report.max_error() < 1e-9, "{report}");
    }
}

#[test]
fn an_ignored_sample_has_no_loss_but_is_a_partner() {
    let (x, s, y) = (array![0.0, 1.0, 5.0], array![0.0, 0.0], array![0, 1, -1]);
    let loss = Repulsion::default()
        .with_ignore_index(-1)
        .with_reduction(Reduction::None);
    let (value, gradients) = loss.differentiate(&Inputs::from((&x, &s, &y))).unwrap();
    // The ignored label counts as 0, so sample 1 is pushed from both others.
    assert_eq!(
        value.per_sample().unwrap(),
        &array![1.0, 5.0, 0.0].into_dyn()
    );
    assert_eq!(
        gradients["x"],
        array![-2.0, 1.0 + 1.0 - 1.0, 1.0].into_dyn()
    );
}

#[test]
fn trailing_axes_extend_a_coupled_batch() {
    let (x, s, y) = (
        array![[0.5, -1.0], [2.0, 0.75]],
        array![0.0, 0.0],
        array![[0, 1], [1, 0]],
    );
    let (flat_x, flat_y) = (array![0.5, -1.0, 2.0, 0.75], array![0, 1, 1, 0]);
    let loss = Repulsion::default();
    let (value, gradients) = loss.differentiate(&Inputs::from((&x, &s, &y))).unwrap();
    let (flat_value, flat) = loss
        .differentiate(&Inputs::from((&flat_x, &s, &flat_y)))
        .unwrap();
    assert_eq!(value, flat_value);
    assert!(gradients["x"].iter().eq(flat["x"].iter()));
}
