//! Numbers to test with, and what equal means.
#![allow(dead_code, reason = "each test uses a part of it")]

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use examples::random::Random;

pub(crate) fn device() -> Device {
    Device::flex().autodiff()
}

/// Numbers between -2 and 2, the same in every run.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| 4.0 * random.uniform() - 2.0).collect()
}

/// A tensor outside of the graph, of numbers that `f32` holds.
pub(crate) fn tensor<const D: usize>(seed: u64, shape: [usize; D], dtype: DType) -> Tensor<D> {
    let values: Vec<f32> = numbers(seed, shape.iter().product())
        .iter()
        .map(|&x| x as f32)
        .collect();
    Tensor::<D>::from_data(TensorData::new(values, shape), &device())
        .cast(dtype)
        .detach()
}

/// One that gets a gradient.
pub(crate) fn variable<const D: usize>(seed: u64, shape: [usize; D], dtype: DType) -> Tensor<D> {
    tensor(seed, shape, dtype).require_grad()
}

pub(crate) fn labels(count: usize, classes: i64) -> Tensor<1, Int> {
    let labels: Vec<i64> = (0..count as i64).map(|i| (i * 7 + 3) % classes).collect();
    Tensor::from_data(TensorData::new(labels, [count]), &device())
}

/// All elements in f64.
pub(crate) fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.to_data().convert::<f64>().iter::<f64>().collect()
}

/// Equal but for `tolerance` times the largest element.
#[track_caller]
pub(crate) fn assert_close<const D: usize>(
    found: &Tensor<D>,
    expected: &Tensor<D>,
    tolerance: f64,
) {
    assert_eq!(found.dims(), expected.dims());
    let (found, expected) = (values(found), values(expected));
    let scale = expected.iter().fold(1e-30, |m: f64, x| m.max(x.abs()));
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (f - e).abs() <= tolerance * scale,
            "element {i}: {f} is not {e}"
        );
    }
}
