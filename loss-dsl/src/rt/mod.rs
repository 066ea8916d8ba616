//! What generated code may name: everything reachable as `loss_dsl::__rt::…` and nothing else.
//!
//! Typed methods of a generated loss call [`gradient_like`], the `real`/`labels`/`mask` builders of
//! [`Inputs`](crate::Inputs), [`GradientTargets`](crate::GradientTargets) and the provided methods
//! of [`Loss`](crate::Loss); its kernels see a [`Call`], [`Tensor`] and [`TensorMut`].

mod call;
mod float;
mod tensor;

pub use call::Call;
pub use float::Float;
pub use ndarray::{Array, ArrayD, ArrayRef, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};
pub use tensor::{Layout, Split, Tensor, TensorMut, gradient_like};

/// The value and the auxiliary outputs of a loss that has `K` of them.
///
/// # Errors
/// As [`Loss::evaluate`](crate::Loss::evaluate).
pub fn auxiliary<L: crate::Loss, F: Float, const K: usize>(
    loss: &L,
    inputs: &crate::Inputs<'_, F>,
) -> Result<(crate::Value<F>, [ArrayD<F>; K]), crate::Error> {
    let (value, outputs) = loss.evaluate_auxiliary(inputs)?;
    Ok((
        value,
        outputs
            .try_into()
            .expect("the spec lists as many outputs as the generated struct"),
    ))
}
