//! The checked, flattened form of a call: what a generated kernel receives.

use std::borrow::Cow;

use super::{Float, Tensor};

/// Everything a kernel reads. Built by the engine after all checks, so a kernel never fails.
///
/// Invariants: every tensor has the extents of `dims` on its axes; every label lies below the extent
/// of its range; no extent is zero; the per-sample buffers have as many elements as there are
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
    /// is ignored. Empty in a forward pass.
    pub cotangent: Vec<F>,
}
