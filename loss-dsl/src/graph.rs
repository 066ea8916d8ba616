//! A call inside another library's graph of operations.
//!
//! An automatic differentiator computes a value now and asks for upstream · ∂L/∂input later, maybe for some of the inputs only, maybe
//! more than once. [`Recorded`] is what lies between. The kernels compute value and gradients best in one pass, so where one upstream gradient is
//! to be expected, that of a total, both are computed at once with an upstream gradient of 1; another one only scales them. Gradients
//! of per-sample values, and gradients that were rounded to 16 bits and might have underflowed, are computed when the upstream gradient is known.

use std::sync::{Arc, Mutex, PoisonError};

use half::{bf16, f16};
use ndarray::{ArrayD, ArrayViewD, IxDyn, arr0};

use crate::engine;
use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::loss::Loss;
use crate::options::Reduction;
use crate::rt::Float;
use crate::value::{GradientTarget, GradientTargets, Upstream, Value};

/// The arrays of a call as another library holds them, and what gradients are to it.
pub trait Arrays<F: Float> {
    /// A gradient, cheap to clone.
    type Gradient: Clone;
    /// What can go wrong.
    type Error;

    /// Lends the arrays, in the order of declaration, to a function.
    ///
    /// # Errors
    /// The function's, and whatever keeps an array from being an input.
    fn with_inputs<T>(
        &self,
        apply: impl FnOnce(Inputs<'_, F>) -> Result<T, Self::Error>,
    ) -> Result<T, Self::Error>;

    /// Makes a gradient.
    ///
    /// # Errors
    /// Whatever the library says.
    fn gradient(&self, values: GradientBuffer<F>) -> Result<Self::Gradient, Self::Error>;

    /// Multiplies a gradient.
    ///
    /// # Errors
    /// Whatever the library says.
    fn scaled(&self, gradient: &Self::Gradient, factor: F) -> Result<Self::Gradient, Self::Error>;

    /// What it means that the loss refuses the arrays.
    fn refused(&self, error: Error) -> Self::Error;
}

/// A gradient in the number type of its input, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum GradientBuffer<F> {
    /// The type that is computed with; of learned scalars, without axes.
    Real(ArrayD<F>),
    /// IEEE 754 binary16.
    F16(ArrayD<f16>),
    /// bfloat16.
    Bf16(ArrayD<bf16>),
}

impl<F: Float> GradientBuffer<F> {
    fn target(&mut self) -> GradientTarget<'_, F> {
        match self {
            Self::Real(array) => GradientTarget::Real(array.view_mut()),
            Self::F16(array) => GradientTarget::F16(array.view_mut()),
            Self::Bf16(array) => GradientTarget::Bf16(array.view_mut()),
        }
    }
}

/// A loss that was applied to arrays.
#[derive(Debug)]
pub struct Recorded<L, F, A: Arrays<F>>
where
    F: Float,
{
    loss: L,
    arrays: A,
    value: ArrayD<F>,
    last: Last<F, A::Gradient>,
}

/// The gradients that were asked for last.
type Last<F, G> = Mutex<Option<Arc<Pulled<F, G>>>>;

/// Gradients for one upstream gradient.
#[derive(Debug)]
struct Pulled<F, G> {
    upstream: Vec<F>,
    /// Of the differentiable tensors and of the learned scalars; and whether each is of the number type that is computed with.
    gradients: Vec<(G, bool)>,
}

impl<L: Loss, F: Float, A: Arrays<F>> Recorded<L, F, A> {
    /// Computes the value; and the gradients with it if they are `wanted` later and it is a total.
    ///
    /// # Errors
    /// As [`Loss::evaluate`], and those of the arrays.
    pub fn new(loss: L, arrays: A, wanted: bool) -> Result<Self, A::Error> {
        let is_total =
            loss.options().reduction != Reduction::None || L::spec().value_axes.is_empty();
        let mut last = None;
        let value = if wanted && is_total {
            let (value, buffers) = arrays.with_inputs(|inputs| {
                let mut buffers = Buffers::new::<L>(&inputs);
                let value = loss.differentiate_into(&inputs, buffers.targets());
                Ok((value.map_err(|error| arrays.refused(error))?, buffers))
            })?;
            last = Some(Arc::new(buffers.pulled(vec![F::ONE], &arrays)?));
            value
        } else {
            arrays.with_inputs(|inputs| {
                loss.evaluate(&inputs)
                    .map_err(|error| arrays.refused(error))
            })?
        };
        let value = match value {
            Value::Total(total) => arr0(total).into_dyn(),
            Value::PerSample(values) => values,
        };
        let last = Mutex::new(last);
        Ok(Self {
            loss,
            arrays,
            value,
            last,
        })
    }

    /// The value: without axes, or one for each position of the batch.
    pub fn value(&self) -> &ArrayD<F> {
        &self.value
    }

    /// What the loss was applied to.
    pub fn arrays(&self) -> &A {
        &self.arrays
    }

    /// upstream · ∂L/∂input of the differentiable tensor number `index` or, counting on, of a learned scalar. `upstream` has as many elements as the
    /// value, row by row.
    ///
    /// # Errors
    /// Those of the arrays, and if `upstream` has another length.
    ///
    /// # Panics
    /// If there is no such input.
    pub fn gradient(&self, index: usize, upstream: &[F]) -> Result<A::Gradient, A::Error> {
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(last) = last {
            let (gradient, is_wide) = &last.gradients[index];
            if last.upstream == upstream {
                return Ok(gradient.clone());
            }
            if let ([one], [factor], true) = (&*last.upstream, upstream, is_wide)
                && *one == F::ONE
            {
                return self.arrays.scaled(gradient, *factor);
            }
        }
        let pulled = self.arrays.with_inputs(|inputs| {
            let mut buffers = Buffers::new::<L>(&inputs);
            // An upstream gradient of another length has a shape that is refused.
            let shape = match self.value.len() == upstream.len() {
                true => self.value.raw_dim(),
                false => IxDyn(&[upstream.len()]),
            };
            let view = ArrayViewD::from_shape(shape, upstream);
            let view = view.expect("the shape has as many positions");
            let from = match upstream {
                [factor] if view.ndim() == 0 => Upstream::Scalar(*factor),
                _ => Upstream::PerSample(view),
            };
            let pulled = engine::differentiate_from(&self.loss, &inputs, &from, buffers.targets());
            pulled.map_err(|error| self.arrays.refused(error))?;
            Ok(buffers)
        })?;
        let pulled = Arc::new(pulled.pulled(upstream.to_vec(), &self.arrays)?);
        let gradient = pulled.gradients[index].0.clone();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(pulled);
        Ok(gradient)
    }
}

/// Memory for the gradients of a call.
struct Buffers<F> {
    tensors: Vec<GradientBuffer<F>>,
    scalars: Vec<F>,
}

impl<F: Float> Buffers<F> {
    fn new<L: Loss>(inputs: &Inputs<'_, F>) -> Self {
        let buffer = |input: &Input<'_, F>| {
            let shape = IxDyn(input.shape());
            match input {
                Input::F16(_) => GradientBuffer::F16(ArrayD::from_elem(shape, f16::ZERO)),
                Input::Bf16(_) => GradientBuffer::Bf16(ArrayD::from_elem(shape, bf16::ZERO)),
                _ => GradientBuffer::Real(ArrayD::from_elem(shape, F::ZERO)),
            }
        };
        let inputs = engine::differentiable_inputs(L::spec(), inputs);
        Self {
            tensors: inputs.map(buffer).collect(),
            scalars: vec![F::ZERO; L::spec().learned().count()],
        }
    }

    fn targets(&mut self) -> GradientTargets<'_, F> {
        GradientTargets {
            tensors: self
                .tensors
                .iter_mut()
                .map(GradientBuffer::target)
                .collect(),
            scalars: self.scalars.iter_mut().collect(),
        }
    }

    fn pulled<A: Arrays<F>>(
        self,
        upstream: Vec<F>,
        arrays: &A,
    ) -> Result<Pulled<F, A::Gradient>, A::Error> {
        let scalars = self.scalars.into_iter();
        let scalars = scalars.map(|gradient| GradientBuffer::Real(arr0(gradient).into_dyn()));
        let all = self.tensors.into_iter().chain(scalars);
        let gradients = all.map(|buffer| {
            let is_wide = matches!(buffer, GradientBuffer::Real(_));
            Ok((arrays.gradient(buffer)?, is_wide))
        });
        Ok(Pulled {
            upstream,
            gradients: gradients.collect::<Result<_, A::Error>>()?,
        })
    }
}
