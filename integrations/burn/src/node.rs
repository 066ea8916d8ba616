//! A call in burn's graph.
//!
//! An operation of burn's has a number of inputs that is known when it is compiled, and a loss may have any number of them. So every tracked
//! input gets an operation of its own: the first makes the value of its input, each further one passes the value on and takes its input
//! besides. In the backward pass each hands the upstream gradient down unchanged and gives its input upstream · ∂L/∂input.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Element, TensorData};
use loss_dsl::graph::{Arrays, GradientBuffer, Recorded};
use loss_dsl::{Inputs, Loss};
use ndarray::ArrayD;

use crate::array::{Array, Real, inputs};
use crate::error::Error;

/// What a loss was applied to.
#[derive(Debug)]
pub(crate) struct Arguments<L> {
    pub(crate) arrays: Vec<Array>,
    pub(crate) loss: PhantomData<fn() -> L>,
}

impl<L: Loss, F: Real> Arrays<F> for Arguments<L> {
    type Gradient = FlexTensor;
    type Error = Error;

    fn with_inputs<T>(
        &self,
        apply: impl FnOnce(Inputs<'_, F>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        apply(inputs::<L, F>(&self.arrays)?)
    }

    fn gradient(&self, values: GradientBuffer<F>) -> Result<FlexTensor, Error> {
        Ok(match values {
            GradientBuffer::Real(array) => tensor(array),
            GradientBuffer::F16(array) => tensor(array),
            GradientBuffer::Bf16(array) => tensor(array),
        })
    }

    fn scaled(&self, gradient: &FlexTensor, factor: F) -> Result<FlexTensor, Error> {
        Ok(Flex::float_mul_scalar(
            gradient.clone(),
            loss_dsl::Float::to_f64(factor).into(),
        ))
    }

    fn refused(&self, error: loss_dsl::Error) -> Error {
        Error::Loss {
            loss: L::NAME,
            error,
        }
    }
}

/// An array as a tensor. What has no axes is a tensor of one element, as burn has it.
pub(crate) fn tensor<T: Element>(array: ArrayD<T>) -> FlexTensor {
    let shape = match array.shape() {
        [] => vec![1],
        shape => shape.to_vec(),
    };
    let (values, _) = array.into_raw_vec_and_offset();
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// What gives an input its gradient.
pub(crate) trait Source: Send + Sync {
    /// upstream · ∂L/∂input.
    fn gradient(&self, index: usize, upstream: FlexTensor) -> FlexTensor;
}

impl<L: Loss + 'static, F: Real> Source for Recorded<L, F, Arguments<L>> {
    fn gradient(&self, index: usize, upstream: FlexTensor) -> FlexTensor {
        let upstream: Vec<F> = upstream.into_data().convert::<F>().iter::<F>().collect();
        let gradient = Recorded::gradient(self, index, &upstream);
        gradient.expect("the call was checked, and burn gives every value a gradient of its shape")
    }
}

/// An input of a call.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) call: Arc<dyn Source>,
    /// The number of the input among the gradients.
    pub(crate) index: usize,
    /// Its shape, which for a learned scalar is any of one element.
    pub(crate) shape: burn::tensor::Shape,
    pub(crate) dtype: burn::tensor::DType,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input {} of a loss", self.index)
    }
}

impl Place {
    fn gradient(&self, upstream: FlexTensor) -> FlexTensor {
        let gradient = self.call.gradient(self.index, upstream);
        let gradient = if gradient.dtype() == self.dtype {
            gradient
        } else {
            let dtype = self.dtype.into();
            Flex::float_cast(gradient, dtype)
        };
        if TensorMetadata::shape(&gradient) == self.shape {
            gradient
        } else {
            gradient.reshape(self.shape.clone())
        }
    }
}

/// The value, of the first input.
#[derive(Debug)]
pub(crate) struct First;

impl Backward<Flex, 1> for First {
    type State = Place;

    fn backward(self, ops: Ops<Place, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<Flex>(&ops.node);
        let [input] = ops.parents;
        if let Some(input) = input {
            gradients.register::<Flex>(input.id, ops.state.gradient(upstream));
        }
    }
}

/// The value as it is, of one more input.
#[derive(Debug)]
pub(crate) struct Further;

impl Backward<Flex, 2> for Further {
    type State = Place;

    fn backward(self, ops: Ops<Place, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let upstream = gradients.consume::<Flex>(&ops.node);
        let [value, input] = ops.parents;
        if let Some(input) = input {
            gradients.register::<Flex>(input.id, ops.state.gradient(upstream.clone()));
        }
        if let Some(value) = value {
            gradients.register::<Flex>(value.id, upstream);
        }
    }
}
