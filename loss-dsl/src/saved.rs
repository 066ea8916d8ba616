//! A checked call between its forward and its backward pass.

use core::marker::PhantomData;

use ndarray::{Array, Dimension};

use crate::engine::{self, Bound};
use crate::error::Error;
use crate::input::Inputs;
use crate::loss::Loss;
use crate::rt::Float;
use crate::value::{GradientTargets, Gradients, Upstream};

/// What a forward pass leaves for backward passes: the loss as it was, the borrowed inputs, and what
/// checking them yielded (positions of labels, copies of arrays with gaps). The gradient kernel
/// recomputes the rest, which costs less than storing it.
///
/// `D` records the dimension types of the differentiable tensors for typed callers.
#[derive(Clone, Debug)]
pub struct Saved<'a, L, F: Float, D = ()> {
    pub(crate) loss: L,
    pub(crate) inputs: Inputs<'a, F>,
    pub(crate) bound: Bound<F>,
    pub(crate) dimensions: PhantomData<fn() -> D>,
}

impl<L: Loss, F: Float, D> Saved<'_, L, F, D> {
    /// The vector-Jacobian product: gradients of Σ upstream · value.
    ///
    /// # Errors
    /// If `upstream` is not shaped like the value.
    pub fn pull_back(&self, upstream: Upstream<'_, F>) -> Result<Gradients<F>, Error> {
        let mut gradients = engine::blank_gradients(L::spec(), &self.inputs);
        self.pull_back_into(upstream, gradients.targets())?;
        Ok(gradients)
    }

    /// As [`pull_back`](Self::pull_back), into buffers of the caller.
    ///
    /// # Errors
    /// If `upstream` is not shaped like the value or a buffer not like its input; then the buffers
    /// are untouched.
    pub fn pull_back_into(
        &self,
        upstream: Upstream<'_, F>,
        targets: GradientTargets<'_, F>,
    ) -> Result<(), Error> {
        engine::pull_back(&self.loss, &self.inputs, &self.bound, &upstream, targets)
    }

    /// A zero array shaped like the differentiable tensor number `index`, in its memory order.
    ///
    /// # Panics
    /// If there is no such tensor, or its rank is not `X`'s.
    #[doc(hidden)]
    pub fn gradient_like<X: Dimension>(&self, index: usize) -> Array<F, X> {
        let blank = engine::blank_gradient(L::spec(), &self.inputs, index);
        blank
            .into_dimensionality()
            .expect("the saved dimension types are the inputs' own")
    }
}
