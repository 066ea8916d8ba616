//! What a loss returns: its value, its gradients, and what flows back into it.

use core::fmt;
use core::ops::Index;

use half::{bf16, f16};
use ndarray::{ArrayD, ArrayRef, ArrayViewD, ArrayViewMutD, Dimension};

use crate::input::HalfElement;
use crate::rt::Float;
use crate::spec::Spec;

/// The value of a loss.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<F> {
    /// One number: a scalar loss, or a mean or sum over samples.
    Total(F),
    /// One number per sample, in the shape of the batch.
    PerSample(ArrayD<F>),
}

impl<F: Float> Value<F> {
    /// The total; of per-sample values, their sum.
    pub fn total(&self) -> F {
        match self {
            Self::Total(total) => *total,
            Self::PerSample(values) => F::from_f64(values.iter().map(|value| value.to_f64()).sum()),
        }
    }

    /// The values of the samples, with [`Reduction::None`](crate::Reduction::None) only.
    pub fn per_sample(&self) -> Option<&ArrayD<F>> {
        match self {
            Self::Total(_) => None,
            Self::PerSample(values) => Some(values),
        }
    }
}

impl<F: fmt::Display> fmt::Display for Value<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(total) => total.fmt(f),
            Self::PerSample(values) => values.fmt(f),
        }
    }
}

/// What multiplies the value in what the caller differentiates: ∂(caller's scalar)/∂(value).
#[derive(Clone, Debug)]
pub enum Upstream<'a, F> {
    /// For a [`Value::Total`].
    Scalar(F),
    /// For a [`Value::PerSample`], in its shape.
    PerSample(ArrayViewD<'a, F>),
}

impl<'a, F> Upstream<'a, F> {
    /// The gradient of per-sample values.
    pub fn per_sample<D: Dimension>(gradient: &'a ArrayRef<F, D>) -> Self {
        Self::PerSample(gradient.view().into_dyn())
    }
}

impl<F: Float> From<F> for Upstream<'_, F> {
    fn from(gradient: F) -> Self {
        Self::Scalar(gradient)
    }
}

/// Gradients of any loss, by position or by name.
#[derive(Clone, Debug)]
pub struct Gradients<F> {
    /// Of each differentiable tensor, in declaration order, shaped like the input.
    pub tensors: Vec<ArrayD<F>>,
    /// Of each learned scalar, in declaration order.
    pub scalars: Vec<F>,
    spec: &'static Spec,
}

impl<F: PartialEq> PartialEq for Gradients<F> {
    fn eq(&self, other: &Self) -> bool {
        let same_loss = std::ptr::eq(self.spec, other.spec);
        same_loss && self.tensors == other.tensors && self.scalars == other.scalars
    }
}

impl<F: Float> Gradients<F> {
    pub(crate) fn new(spec: &'static Spec, tensors: Vec<ArrayD<F>>) -> Self {
        let scalars = vec![F::ZERO; spec.learned().count()];
        Self {
            tensors,
            scalars,
            spec,
        }
    }

    /// The gradient of the tensor `name`, if it is differentiable.
    pub fn tensor(&self, name: &str) -> Option<&ArrayD<F>> {
        self.spec
            .differentiable()
            .position(|p| p.name == name)
            .and_then(|at| self.tensors.get(at))
    }

    /// The gradient of the scalar `name`, if it is learned.
    pub fn scalar(&self, name: &str) -> Option<F> {
        self.spec
            .learned()
            .position(|p| p.name == name)
            .and_then(|at| self.scalars.get(at).copied())
    }

    /// The gradients as buffers to be overwritten.
    pub fn targets(&mut self) -> GradientTargets<'_, F> {
        let tensors = self
            .tensors
            .iter_mut()
            .map(|tensor| tensor.view_mut().into())
            .collect();
        GradientTargets {
            tensors,
            scalars: self.scalars.iter_mut().collect(),
        }
    }
}

/// The gradient of a tensor.
impl<F: Float> Index<&str> for Gradients<F> {
    type Output = ArrayD<F>;

    /// # Panics
    /// If there is no differentiable tensor of that name; [`Gradients::tensor`] asks.
    fn index(&self, name: &str) -> &ArrayD<F> {
        self.tensor(name)
            .unwrap_or_else(|| panic!("{} has no gradient of `{name}`", self.spec.name))
    }
}

/// A borrowed buffer for a gradient, of any memory layout.
#[derive(Debug)]
pub enum GradientTarget<'a, F> {
    /// Of the number type that is computed with.
    Real(ArrayViewMutD<'a, F>),
    /// Of IEEE 754 binary16; rounded to nearest even.
    F16(ArrayViewMutD<'a, f16>),
    /// Of bfloat16; rounded to nearest even.
    Bf16(ArrayViewMutD<'a, bf16>),
}

impl<F> GradientTarget<'_, F> {
    /// Extent of each axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Real(array) => array.shape(),
            Self::F16(array) => array.shape(),
            Self::Bf16(array) => array.shape(),
        }
    }
}

impl<'a, F> From<ArrayViewMutD<'a, F>> for GradientTarget<'a, F> {
    fn from(array: ArrayViewMutD<'a, F>) -> Self {
        Self::Real(array)
    }
}

/// Borrowed buffers for the gradients of one call, in declaration order; overwritten, not added to.
#[derive(Debug)]
pub struct GradientTargets<'a, F> {
    /// One per differentiable tensor; it need not be stored as the tensor is.
    pub tensors: Vec<GradientTarget<'a, F>>,
    /// One per learned scalar.
    pub scalars: Vec<&'a mut F>,
}

impl<F> Default for GradientTargets<'_, F> {
    fn default() -> Self {
        Self {
            tensors: Vec::new(),
            scalars: Vec::new(),
        }
    }
}

impl<'a, F: Float> GradientTargets<'a, F> {
    /// No buffers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the buffer of the next differentiable tensor.
    #[must_use]
    pub fn tensor<D: Dimension>(mut self, buffer: &'a mut ArrayRef<F, D>) -> Self {
        self.tensors.push(buffer.view_mut().into_dyn().into());
        self
    }

    /// Appends the buffer of the next differentiable tensor, of numbers that are stored in 16 bits.
    #[must_use]
    pub fn half<H: HalfElement, D: Dimension>(mut self, buffer: &'a mut ArrayRef<H, D>) -> Self {
        self.tensors
            .push(H::wrap_half_mut(buffer.view_mut().into_dyn()));
        self
    }

    /// Appends the buffer of the next learned scalar.
    #[must_use]
    pub fn scalar(mut self, buffer: &'a mut F) -> Self {
        self.scalars.push(buffer);
        self
    }
}
