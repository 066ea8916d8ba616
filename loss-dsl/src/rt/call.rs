//! The checked, flattened form of a call: what a generated kernel receives.

use std::borrow::Cow;

use ndarray::ArrayD;

use super::ranks::Shard;
use super::{Float, Tensor};
use crate::error::Error;
use crate::input::Inputs;
use crate::loss::Loss;
use crate::value::Value;

/// Everything a kernel reads. Built by the engine after all checks, so a kernel never fails.
///
/// Invariants: every tensor has the extents of `dims` on its axes; every label lies below the extent
/// of its range; no extent is zero, but for that of a shard; the per-sample buffers have as many elements as there are
/// batch positions (row-major over the value's axes).
#[derive(Clone, Debug)]
pub struct Call<'a, F: Float> {
    /// Extent of each dimension, in the order of [`Spec::dims`](crate::Spec::dims). A batch
    /// dimension that comes with trailing axes counts all its positions.
    pub dims: Vec<usize>,
    /// Every real tensor, differentiable or not, in declaration order.
    pub tensors: Vec<Tensor<'a, F>>,
    /// Every label, in declaration order, row-major over the label's own axes. Ignored labels are 0.
    pub labels: Vec<Cow<'a, [usize]>>,
    /// Every mask, in declaration order, row-major over the mask's own axes.
    pub masks: Vec<Cow<'a, [bool]>>,
    /// Run-time scalars, learned ones included, in declaration order.
    pub scalars: Vec<F>,
    /// Run-time flags, in declaration order.
    pub flags: Vec<bool>,
    /// ∂total/∂lossₙ for each batch position (one element for a scalar loss), 0 where the position
    /// is ignored. One element if all are alike. Empty in a forward pass.
    pub cotangent: Vec<F>,
    /// How many positions of an axis that is walked in tiles are taken at once; by size if it is not given.
    pub tile: Option<usize>,
    /// What of the sharded axis is here, if one is sharded. Its extent in [`dims`](Self::dims), which may be 0, is that of the shard.
    pub shard: Option<Shard<'a>>,
}

impl<'a, F: Float> Call<'a, F> {
    /// What of the sharded axis is here.
    ///
    /// # Panics
    /// If no axis is sharded.
    #[inline(always)]
    pub fn shard(&self) -> &Shard<'a> {
        self.shard
            .as_ref()
            .expect("kernels for shards are called with one")
    }

    /// The cotangent as a tensor of these extents.
    pub fn seed(&self, shape: &[usize]) -> Tensor<'_, F> {
        match &self.cotangent[..] {
            [all] => Tensor::filled(all, shape),
            each => Tensor::contiguous(each, shape),
        }
    }
}

/// The value and the auxiliary outputs of a loss that has `K` of them.
///
/// # Errors
/// As [`Loss::evaluate`].
///
/// # Panics
/// If the loss declares another number of outputs than `K`.
pub fn auxiliary<L: Loss, F: Float, const K: usize>(
    loss: &L,
    inputs: &Inputs<'_, F>,
) -> Result<(Value<F>, [ArrayD<F>; K]), Error> {
    let (value, outputs) = loss.evaluate_auxiliary(inputs)?;
    let outputs = outputs.try_into();
    Ok((
        value,
        outputs.expect("the spec lists as many outputs as the generated struct"),
    ))
}
