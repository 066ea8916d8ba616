//! The engine's numbers against formulas worked out here, for both number types.

use ndarray::{Array1, Array2, array};

use super::mocks::CrossEntropy;
use crate::{Float, Inputs, Loss, Reduction, Value};

/// Logits, class weights and labels of four samples in three classes.
pub(super) fn data<F: Float>() -> (Array2<F>, Array1<F>, Array1<i32>) {
    let z = array![
        [1.0, -2.0, 0.5],
        [0.0, 0.0, 0.0],
        [3.0, 1.0, -1.0],
        [-0.5, 2.5, 4.0]
    ];
    let v = array![1.0, 0.5, 2.0];
    (z.mapv(F::from_f64), v.mapv(F::from_f64), array![0, 2, 1, 2])
}

/// v_y (lse z − z_y) and v_y (softmax z − e_y) of each sample of [`data`].
pub(super) fn reference() -> (Vec<f64>, Array2<f64>) {
    let (z, v, y) = data::<f64>();
    let mut slopes = z.mapv(f64::exp);
    let mut losses = Vec::new();
    for ((mut row, z), &y) in slopes.rows_mut().into_iter().zip(z.rows()).zip(&y) {
        let (total, y) = (row.sum(), y as usize);
        losses.push(v[y] * (total.ln() - z[y]));
        row /= total;
        row[y] -= 1.0;
        row *= v[y];
    }
    (losses, slopes)
}

fn agrees<F: Float>(tolerance: f64) {
    let (z, v, y) = data::<F>();
    let (losses, slopes) = reference();
    let inputs = Inputs::new().real(&z).real(&v).labels(&y);
    let (value, gradients) = CrossEntropy::<true>::default()
        .differentiate(&inputs)
        .unwrap();
    assert!((value.total().to_f64() - losses.iter().sum::<f64>() / 4.0).abs() < tolerance);
    for (found, expected) in gradients["z"].iter().zip(&slopes) {
        assert!(
            (found.to_f64() - expected / 4.0).abs() < tolerance,
            "{found} {expected}"
        );
    }
}

#[test]
fn values_and_gradients_agree_with_the_formula() {
    agrees::<f64>(1e-15);
    agrees::<f32>(1e-6);
}

#[test]
fn a_nan_stays_in_its_own_row() {
    let (mut z, v, y) = data::<f64>();
    z[[2, 0]] = f64::NAN;
    let loss = CrossEntropy::<true>::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
    let is_nan: Vec<bool> = value
        .per_sample()
        .unwrap()
        .iter()
        .map(|value| value.is_nan())
        .collect();
    assert_eq!(is_nan, [false, false, true, false]);
    for ((n, _), slope) in gradients["z"]
        .view()
        .into_dimensionality::<ndarray::Ix2>()
        .unwrap()
        .indexed_iter()
    {
        assert_eq!(slope.is_nan(), n == 2);
    }
}

#[test]
fn no_rows_give_zero_and_empty_gradients() {
    let (z, v, y) = (
        Array2::<f64>::zeros((0, 3)),
        array![1.0, 1.0, 1.0],
        Array1::<u8>::zeros(0),
    );
    let loss = CrossEntropy::<true>::default();
    let (value, gradients) = loss.differentiate(&Inputs::from((&z, &v, &y))).unwrap();
    assert_eq!(value, Value::Total(0.0));
    assert_eq!(gradients["z"].shape(), [0, 3]);
    let none = loss
        .with_reduction(Reduction::None)
        .evaluate(&Inputs::from((&z, &v, &y)))
        .unwrap();
    assert_eq!(none.per_sample().unwrap().shape(), [0]);
}

#[test]
fn auxiliary_outputs_are_in_the_axes_of_the_arrays() {
    let (z, v, y) = data::<f64>();
    let (_, p) = CrossEntropy::<true>::default()
        .evaluate_auxiliary(&Inputs::from((&z, &v, &y)))
        .unwrap();
    assert_eq!(p[0].shape(), [4, 3]);
    assert!(
        p[0].rows()
            .into_iter()
            .all(|row| (row.sum() - 1.0).abs() < 1e-15)
    );
}
