//! Labels and masks of every type, and several batch axes.

use ndarray::{Array1, Array2, Array3, Ix2, array};

use super::cross_entropy::data;
use super::mocks::{CrossEntropy, Grid};
use crate::{Inputs, Label, Loss, MaskElement, Reduction, Value};

fn with_labels<L: Label + TryFrom<i32>>() -> Value<f64> {
    let (z, v, y) = data::<f64>();
    let y = y.mapv(|label| L::try_from(label).unwrap_or_else(|_| panic!("small labels fit")));
    CrossEntropy::<true>::default()
        .evaluate(&Inputs::new().real(&z).real(&v).labels(&y))
        .unwrap()
}

#[test]
fn labels_may_have_any_integer_type() {
    let expected = with_labels::<i32>();
    assert_eq!(with_labels::<i8>(), expected);
    assert_eq!(with_labels::<i16>(), expected);
    assert_eq!(with_labels::<i64>(), expected);
    assert_eq!(with_labels::<isize>(), expected);
    assert_eq!(with_labels::<u8>(), expected);
    assert_eq!(with_labels::<u16>(), expected);
    assert_eq!(with_labels::<u32>(), expected);
    assert_eq!(with_labels::<u64>(), expected);
    assert_eq!(with_labels::<usize>(), expected);
}

fn grid() -> (Array3<f64>, Array1<usize>, Array2<bool>) {
    let x = Array3::from_shape_fn((2, 3, 4), |(n, c, h)| (100 * n + 10 * c + h) as f64);
    (
        x,
        array![2, 1],
        array![[true, false, true, true], [false, true, true, true]],
    )
}

fn with_mask<M: MaskElement>(from: impl Fn(bool) -> M) -> Value<f64> {
    let (x, y, m) = grid();
    let m = m.mapv(from);
    let loss = Grid::default().with_reduction(Reduction::None);
    loss.evaluate(&Inputs::new().real(&x).labels(&y).mask(&m))
        .unwrap()
}

#[test]
fn masks_may_have_any_element_type() {
    let expected = with_mask(|kept| kept);
    assert_eq!(with_mask(u8::from), expected);
    assert_eq!(with_mask(|kept| -i64::from(kept)), expected);
    assert_eq!(with_mask(|kept| 0.5 * f64::from(u8::from(kept))), expected);
    assert_eq!(with_mask(|kept| f32::from(u8::from(kept))), expected);

    let (x, y, m) = grid();
    let loss = Grid::default().with_reduction(Reduction::None);
    let real = m.mapv(|kept| f64::from(u8::from(kept)));
    assert_eq!(
        loss.evaluate(&Inputs::from((&x, &y, &real))).unwrap(),
        expected,
        "as an untyped input"
    );
    assert_eq!(
        loss.evaluate(&Inputs::from((&x, &y, &m.mapv(u8::from))))
            .unwrap(),
        expected,
        "as an untyped input"
    );
}

#[test]
fn several_batch_axes_make_a_value_of_that_shape() {
    let (x, y, m) = grid();
    let loss = Grid::default().with_reduction(Reduction::None);
    let (value, gradients) = loss.differentiate(&Inputs::from((&x, &y, &m))).unwrap();
    let values = value
        .per_sample()
        .unwrap()
        .view()
        .into_dimensionality::<Ix2>()
        .unwrap();
    for ((n, h), value) in values.indexed_iter() {
        let x = if m[[n, h]] { x[[n, y[n], h]] } else { 0.0 };
        assert_eq!(*value, x * x);
        assert_eq!(gradients["x"][[n, y[n], h]], 2.0 * x);
        assert_eq!(gradients["x"][[n, 0, h]], 0.0);
    }
}

#[test]
fn permuted_labels_and_masks_are_put_in_order() {
    let (x, y, m) = grid();
    let loss = Grid::default().with_reduction(Reduction::None);
    let expected = loss.evaluate(&Inputs::from((&x, &y, &m))).unwrap();
    let column_major = m.t().as_standard_layout().into_owned();
    let reversed: Array1<usize> = y.iter().rev().copied().collect();
    let (m, y) = (column_major.t(), reversed.slice(ndarray::s![..;-1]));
    assert_eq!(
        loss.evaluate(&Inputs::from((&x, &y, &m))).unwrap(),
        expected
    );
}
