//! Numbers to test with, and what equal means.
#![allow(dead_code, reason = "each test uses a part of it")]

use candle_core::{DType, Device, Result, Shape, Tensor, Var};
use examples::random::Random;

/// Numbers between -2 and 2, the same in every run.
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| 4.0 * random.uniform() - 2.0).collect()
}

pub(crate) fn tensor(seed: u64, shape: impl Into<Shape>, dtype: DType) -> Result<Tensor> {
    let shape = shape.into();
    Tensor::from_vec(numbers(seed, shape.elem_count()), shape, &Device::Cpu)?.to_dtype(dtype)
}

pub(crate) fn variable(seed: u64, shape: impl Into<Shape>, dtype: DType) -> Result<Var> {
    Var::from_tensor(&tensor(seed, shape, dtype)?)
}

pub(crate) fn labels(count: usize, classes: u32) -> Result<Tensor> {
    let labels: Vec<u32> = (0..count as u32).map(|i| (i * 7 + 3) % classes).collect();
    Tensor::from_vec(labels, count, &Device::Cpu)
}

/// All elements in f64.
pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all());
    flat.and_then(|t| t.to_vec1()).expect("a tensor of numbers")
}

/// Equal but for `tolerance` times the largest element.
#[track_caller]
pub(crate) fn assert_close(found: &Tensor, expected: &Tensor, tolerance: f64) {
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
