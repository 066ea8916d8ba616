//! A call in candle's graph.
//!
//! Candle has operations of up to three tensors, and a loss may have any number of them. So every tracked input gets an operation of its own:
//! the first makes the value of its input, each further one passes the value on and takes its input besides. In the backward pass
//! each hands the upstream gradient down unchanged and gives its input upstream · ∂L/∂input.

use std::sync::Arc;

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, Device, Error, Layout, Result, Shape, Tensor, WithDType,
};
use loss_dsl::graph::{Arrays, GradientBuffer, Recorded};
use loss_dsl::{Inputs, Loss};
use ndarray::ArrayD;

use crate::input::{Real, with_inputs};

/// What a loss was applied to, detached.
pub(crate) struct Arguments<L> {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) loss: std::marker::PhantomData<fn() -> L>,
}

impl<L: Loss, F: Real> Arrays<F> for Arguments<L> {
    type Gradient = Tensor;
    type Error = Error;

    fn with_inputs<T>(&self, apply: impl FnOnce(Inputs<'_, F>) -> Result<T>) -> Result<T> {
        with_inputs::<L, F, T>(&self.tensors, apply)
    }

    fn gradient(&self, values: GradientBuffer<F>) -> Result<Tensor> {
        fn tensor<T: WithDType>(array: ArrayD<T>) -> Result<Tensor> {
            let shape = Shape::from(array.shape());
            let (values, _) = array.into_raw_vec_and_offset();
            Tensor::from_vec(values, shape, &Device::Cpu)
        }
        match values {
            GradientBuffer::Real(array) => tensor(array),
            GradientBuffer::F16(array) => tensor(array),
            GradientBuffer::Bf16(array) => tensor(array),
        }
    }

    fn scaled(&self, gradient: &Tensor, factor: F) -> Result<Tensor> {
        gradient.affine(loss_dsl::Float::to_f64(factor), 0.0)
    }

    fn refused(&self, error: loss_dsl::Error) -> Error {
        Error::msg(format!("{}: {error}", L::NAME))
    }
}

/// Makes an input of the graph an input of the call.
pub(crate) struct Attach<L, F: Real>
where
    Arguments<L>: Arrays<F>,
{
    pub(crate) call: Arc<Recorded<L, F, Arguments<L>>>,
    /// The number of the input among the gradients.
    pub(crate) index: usize,
}

impl<L: Loss, F: Real> Attach<L, F> {
    fn value(&self) -> (CpuStorage, Shape) {
        let value = self.call.value();
        let elements = value.iter().copied().collect();
        (
            F::to_cpu_storage_owned(elements),
            Shape::from(value.shape()),
        )
    }

    fn gradient(&self, input: &Tensor, upstream: &Tensor) -> Result<Tensor> {
        let upstream = upstream.to_dtype(F::DTYPE)?.flatten_all()?.to_vec1::<F>()?;
        let gradient = self.call.gradient(self.index, &upstream)?;
        // A learned scalar may be of another type and shape.
        gradient.to_dtype(input.dtype())?.reshape(input.shape())
    }
}

/// The value, of the first input.
impl<L: Loss + 'static, F: Real> CustomOp1 for Attach<L, F> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(self.value())
    }

    fn bwd(&self, input: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        self.gradient(input, upstream).map(Some)
    }
}

/// The value as it is, of one more input.
impl<L: Loss + 'static, F: Real> CustomOp2 for Attach<L, F> {
    fn name(&self) -> &'static str {
        L::NAME
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(self.value())
    }

    fn bwd(
        &self,
        _: &Tensor,
        input: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let gradient = self.gradient(input, upstream)?;
        Ok((Some(upstream.clone()), Some(gradient)))
    }
}
