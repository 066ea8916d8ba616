//! What a user calls.

use std::marker::PhantomData;
use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor, bail};
use loss_dsl::Loss;
use loss_dsl::graph::Recorded;
use ndarray::{ArrayD, IxDyn};

use crate::input::{Real, is_double, unrolled};
use crate::node::{Arguments, Attach};

/// Losses on candle's tensors. Every loss has it.
pub trait CandleLoss: Loss + 'static {
    /// The value of the loss of `tensors`, which stand in the order in which the loss declares them: a scalar, or with
    /// [`Reduction::None`](loss_dsl::Reduction::None) a value for each position of the batch. Gradients flow to every differentiable tensor. Learned scalars
    /// keep the value of their field: [`call`](Self::call) takes them as tensors.
    ///
    /// # Errors
    /// See [the crate](crate#errors).
    fn apply(&self, tensors: &[&Tensor]) -> Result<Tensor> {
        self.call(tensors).run()
    }

    /// A call of the loss with `tensors`, to be given learned scalars or weights before it is [run](Call::run).
    fn call<'a>(&self, tensors: &'a [&'a Tensor]) -> Call<'a, Self> {
        Call {
            loss: self.clone(),
            tensors,
            learned: vec![],
            weights: None,
        }
    }
}

impl<L: Loss + 'static> CandleLoss for L {}

/// A loss and what it is to be applied to.
#[derive(Clone, Debug)]
#[must_use = "nothing is computed before it runs"]
pub struct Call<'a, L> {
    loss: L,
    tensors: &'a [&'a Tensor],
    learned: Vec<(&'a str, &'a Tensor)>,
    weights: Option<&'a Tensor>,
}

impl<'a, L: Loss + 'static> Call<'a, L> {
    /// Takes a learned scalar from a tensor of one element, to which its gradient flows, instead of from the field of the loss.
    pub fn learned(mut self, name: &'a str, scalar: &'a Tensor) -> Self {
        self.learned.push((name, scalar));
        self
    }

    /// Weights the samples; of the shape of the per-sample losses. A mean still divides by how many there are, or, with
    /// [`Normalizer::WeightedMean`](loss_dsl::Normalizer::WeightedMean), by the sum of the weights. Weights get no gradient.
    pub fn sample_weights(mut self, weights: &'a Tensor) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Computes the value.
    ///
    /// # Errors
    /// See [the crate](crate#errors).
    pub fn run(self) -> Result<Tensor> {
        let tensors: Vec<Tensor> = self
            .tensors
            .iter()
            .map(|tensor| unrolled(tensor))
            .collect::<Result<_>>()?;
        if is_double::<L>(&tensors)? {
            self.compute::<f64>(tensors)
        } else {
            self.compute::<f32>(tensors)
        }
    }

    fn compute<F: Real>(mut self, tensors: Vec<Tensor>) -> Result<Tensor> {
        if let Some(weights) = self.weights {
            let values = weights
                .detach()
                .to_dtype(DType::F64)?
                .flatten_all()?
                .to_vec1()?;
            let weights = ArrayD::from_shape_vec(IxDyn(weights.dims()), values);
            let weights = weights.map_err(candle_core::Error::wrap)?;
            self.loss.options_mut().sample_weights = Some(weights);
        }
        let parameters = L::spec().arrays().zip(&tensors);
        let differentiable = parameters.filter(|(parameter, _)| parameter.is_differentiable());
        let differentiable = differentiable.map(|(_, tensor)| tensor);
        let mut inputs: Vec<(usize, &Tensor)> = differentiable.enumerate().collect();
        let count = inputs.len();
        for (name, scalar) in &self.learned {
            let mut names = L::spec().learned();
            let Some(place) = names.position(|p| p.name == *name) else {
                let names: Vec<_> = L::spec().learned().map(|p| p.name).collect();
                bail!("{} learns no scalar `{name}`; it learns {names:?}", L::NAME)
            };
            if scalar.elem_count() != 1 || !scalar.dtype().is_float() {
                let (shape, dtype) = (scalar.dims(), scalar.dtype());
                bail!(
                    "{}: `{name}` is {dtype:?} of shape {shape:?}, where one real number is expected",
                    L::NAME
                )
            }
            let value = scalar
                .flatten_all()?
                .to_dtype(DType::F64)?
                .to_vec1::<f64>()?[0];
            self.loss.set_scalar(name, value);
            inputs.push((count + place, scalar));
        }
        inputs.retain(|(_, input)| input.track_op());
        let detached = tensors.iter().map(Tensor::detach).collect();
        let arguments = Arguments {
            tensors: detached,
            loss: PhantomData,
        };
        let call = Arc::new(Recorded::<L, F, _>::new(
            self.loss,
            arguments,
            !inputs.is_empty(),
        )?);
        let mut value = None;
        for (index, input) in inputs {
            let call = call.clone();
            let attach = Attach { call, index };
            value = Some(match value {
                None => input.apply_op1(attach)?,
                Some(value) => Tensor::apply_op2(&value, input, attach)?,
            });
        }
        match value {
            Some(value) => Ok(value),
            None => {
                let constant = call.value();
                let elements: Vec<F> = constant.iter().copied().collect();
                Tensor::from_vec(elements, constant.shape(), &Device::Cpu)
            }
        }
    }
}
