//! Ignored positions.

use ndarray::{Array1, array, s};

use super::cross_entropy::{data, reference};
use super::mocks::{CrossEntropy, Grid};
use crate::{Inputs, Label, Loss, Reduction};

#[test]
fn a_nan_in_an_ignored_row_is_not_seen() {
    let (mut z, v, mut y) = data::<f64>();
    z.row_mut(1).fill(f64::NAN);
    y[1] = -7;
    let (losses, slopes) = reference();
    let loss = CrossEntropy::<true>::default().with_ignore_index(-7);
    let (value, gradients) = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
    assert!((value.total() - (losses[0] + losses[2] + losses[3]) / 3.0).abs() < 1e-15);
    assert!(
        gradients["z"]
            .slice(s![1..2, ..])
            .iter()
            .all(|&slope| slope == 0.0)
    );
    for n in [0, 2, 3] {
        let found = gradients["z"].slice(s![n, ..]).into_owned();
        assert!(
            found
                .iter()
                .zip(slopes.row(n))
                .all(|(found, slope)| (found - slope / 3.0).abs() < 1e-15)
        );
    }
    let values = loss
        .with_reduction(Reduction::None)
        .evaluate(&Inputs::from((&z, &v, &y)))
        .unwrap();
    assert_eq!(values.per_sample().unwrap()[[1]], 0.0);
}

fn ignores<L: Label>(y: &Array1<L>, ignore: i64) {
    let (z, v, _) = data::<f64>();
    let loss = CrossEntropy::<true>::default()
        .with_ignore_index(ignore)
        .with_reduction(Reduction::None);
    let value = loss
        .evaluate(&Inputs::new().real(&z).real(&v).labels(y))
        .unwrap();
    assert_eq!(value.per_sample().unwrap()[[3]], 0.0);
    assert!(
        value
            .per_sample()
            .unwrap()
            .iter()
            .take(3)
            .all(|&loss| loss > 0.0)
    );
}

#[test]
fn an_ignored_label_may_be_of_any_type_and_in_or_out_of_range() {
    ignores(&array![0_u8, 1, 1, 255], 255);
    ignores(&array![0_i8, 1, 1, -128], -128);
    ignores(&array![0_i64, 1, 1, i64::MIN], i64::MIN);
    ignores(&array![0_usize, 1, 1, 2], 2);
}

#[test]
fn a_label_without_some_batch_axes_ignores_all_positions_along_these() {
    let x = ndarray::Array3::from_shape_fn((3, 2, 2), |(n, c, h)| (1 + n + c + h) as f64);
    let (y, m) = (array![0, 9, 1], ndarray::Array2::from_elem((3, 2), true));
    let loss = Grid::default().with_ignore_index(9);
    let (value, gradients) = loss.differentiate(&Inputs::from((&x, &y, &m))).unwrap();
    let kept = [x[[0, 0, 0]], x[[0, 0, 1]], x[[2, 1, 0]], x[[2, 1, 1]]];
    assert_eq!(value.total(), kept.iter().map(|x| x * x).sum::<f64>() / 4.0);
    assert!(
        gradients["x"]
            .slice(s![1, .., ..])
            .iter()
            .all(|&slope| slope == 0.0)
    );
    assert_eq!(gradients["x"][[2, 1, 1]], 2.0 * x[[2, 1, 1]] / 4.0);
}

#[test]
fn trailing_positions_are_ignored_one_by_one() {
    let z = ndarray::Array3::from_shape_fn((2, 3, 2), |(n, c, w)| (n + 2 * c + 3 * w) as f64);
    let v = array![1.0, 1.0, 1.0];
    let y = array![[0, -1], [2, 1]];
    let loss = CrossEntropy::<true>::default().with_ignore_index(-1);
    let (_, gradients) = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
    for ((n, _, w), &slope) in gradients["z"]
        .view()
        .into_dimensionality::<ndarray::Ix3>()
        .unwrap()
        .indexed_iter()
    {
        assert_eq!(slope == 0.0, (n, w) == (0, 1), "{n} {w}");
    }
}
