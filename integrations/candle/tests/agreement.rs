//! Value and gradients are candle's own, for every loss that both have.

mod support;

use candle_core::{DType, Result, Tensor, Var};
use candle_nn::loss as theirs;
use loss_candle::CandleLoss;
use loss_dsl::losses::{Huber, MeanSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy};
use support::{assert_close, labels, tensor, variable};

/// In f64 what differs is the order of operations; in f32 candle's logarithm of a softmax loses some digits.
const TYPES: [(DType, f64); 2] = [(DType::F64, 1e-12), (DType::F32, 2e-6)];

/// The value, and the gradients of three times its square, so that the upstream gradient is not 1.
fn gradients(value: Tensor, inputs: &[&Var]) -> Result<Vec<Tensor>> {
    let gradients = (value.sqr()? * 3.0)?.backward()?;
    let gradient = |input: &&Var| gradients.get(input).expect("a gradient arrives").clone();
    Ok([value]
        .into_iter()
        .chain(inputs.iter().map(gradient))
        .collect())
}

fn compare(
    inputs: &[&Var],
    tolerance: f64,
    ours: impl Fn() -> Result<Tensor>,
    theirs: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let (ours, theirs) = (gradients(ours()?, inputs)?, gradients(theirs()?, inputs)?);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_close(ours, theirs, tolerance);
    }
    Ok(())
}

#[test]
fn cross_entropy() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let (z, y) = (variable(1, (7, 5), dtype)?, labels(7, 5)?);
        let ours = || SoftmaxCrossEntropy::default().apply(&[&z, &y]);
        compare(&[&z], tolerance, ours, || theirs::cross_entropy(&z, &y))?;
    }
    Ok(())
}

#[test]
fn cross_entropy_of_a_linear_layer() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let (x, w, y) = (
            variable(1, (7, 3), dtype)?,
            variable(2, (5, 3), dtype)?,
            labels(7, 5)?,
        );
        let z = || x.matmul(&w.t()?);
        let ours = || SoftmaxCrossEntropy::default().apply(&[&z()?, &y]);
        compare(&[&x, &w], tolerance, ours, || {
            theirs::cross_entropy(&z()?, &y)
        })?;
    }
    Ok(())
}

loss_dsl::loss! {
    /// The negative logarithm of the probability of the label.
    LogLikelihood(x: [N, C], y: [N] in C) { -x[C = y] }
}

#[test]
fn log_likelihood() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let (x, y) = (variable(1, (7, 5), dtype)?, labels(7, 5)?);
        let ours = || LogLikelihood::default().apply(&[&x, &y]);
        compare(&[&x], tolerance, ours, || theirs::nll(&x, &y))?;
    }
    Ok(())
}

#[test]
fn mean_squared_error() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let (x, t) = (variable(3, (4, 6), dtype)?, tensor(4, (4, 6), dtype)?);
        let ours = || MeanSquaredError::default().apply(&[&x, &t]);
        compare(&[&x], tolerance, ours, || theirs::mse(&x, &t))?;
    }
    Ok(())
}

#[test]
fn huber() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let (x, t) = (variable(5, 40, dtype)?, tensor(6, 40, dtype)?);
        let loss = Huber {
            delta: 0.75,
            ..Huber::default()
        };
        let ours = || loss.apply(&[&x, &t]);
        compare(&[&x], tolerance, ours, || theirs::huber(&x, &t, 0.75))?;
    }
    Ok(())
}

#[test]
fn sigmoid_cross_entropy() -> Result<()> {
    for (dtype, tolerance) in TYPES {
        let x = variable(7, (5, 4), dtype)?;
        let t = tensor(8, (5, 4), dtype)?.gt(0.0)?.to_dtype(dtype)?;
        let ours = || SigmoidCrossEntropy::default().apply(&[&x, &t]);
        compare(&[&x], tolerance, ours, || {
            theirs::binary_cross_entropy_with_logit(&x, &t)
        })?;
    }
    Ok(())
}

/// Where candle's own is infinite.
#[test]
fn large_logits_have_a_value() -> Result<()> {
    let x = Var::new(&[200f32, -200.0], &candle_core::Device::Cpu)?;
    let t = Tensor::new(&[0f32, 1.0], &candle_core::Device::Cpu)?;
    let value = SigmoidCrossEntropy::default().apply(&[&x, &t])?;
    assert_eq!(value.to_scalar::<f32>()?, 200.0);
    let gradients = value.backward()?;
    assert_eq!(
        gradients.get(&x).expect("a gradient").to_vec1::<f32>()?,
        [0.5, -0.5]
    );
    Ok(())
}
