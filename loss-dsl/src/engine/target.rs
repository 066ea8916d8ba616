//! Gradient buffers of the caller as tensors that a kernel can write.
//!
//! A buffer whose elements fill memory in some order of its axes is written in place; any other
//! through a staging copy.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use super::array;
use super::bound::Bound;
use super::differentiable_inputs;
use crate::error::Error;
use crate::input::Inputs;
use crate::rt::{Float, Layout, TensorMut};
use crate::spec::Spec;
use crate::value::GradientTargets;

/// Refuses buffers that are not shaped like their inputs.
pub(super) fn check<F: Float>(
    spec: &'static Spec,
    inputs: &Inputs<'_, F>,
    targets: &GradientTargets<'_, F>,
) -> Result<(), Error> {
    let found = targets.tensors.len() + targets.scalars.len();
    let expected: Vec<_> = spec
        .differentiable()
        .chain(spec.learned())
        .map(|p| p.name)
        .collect();
    if targets.tensors.len() != spec.differentiable().count() || found != expected.len() {
        return Err(Error::GradientCount { found, expected });
    }
    let pairs = differentiable_inputs(spec, inputs).zip(&targets.tensors);
    for (parameter, (input, target)) in spec.differentiable().zip(pairs) {
        if input.shape() != target.shape() {
            let (shape, expected) = (target.shape().to_vec(), input.shape().to_vec());
            return Err(Error::GradientShape {
                input: parameter.name,
                shape,
                expected,
            });
        }
    }
    Ok(())
}

/// Sets all gradients to 0.
pub(super) fn fill_zero<F: Float>(targets: GradientTargets<'_, F>) {
    targets
        .tensors
        .into_iter()
        .for_each(|mut tensor| tensor.fill(F::ZERO));
    targets
        .scalars
        .into_iter()
        .for_each(|scalar| *scalar = F::ZERO);
}

/// A gradient buffer.
pub(super) enum Buffer<'a, F> {
    /// Written in place.
    Direct { data: &'a mut [F], layout: Layout },
    /// Written to `staging`, which is then copied to the array, whose axes are in the same order.
    Staged {
        array: ArrayViewMutD<'a, F>,
        staging: Vec<F>,
        layout: Layout,
    },
}

/// One buffer per differentiable tensor.
pub(super) fn buffers<'a, F: Float>(
    spec: &Spec,
    bound: &Bound<F>,
    targets: Vec<ArrayViewMutD<'a, F>>,
) -> Vec<Buffer<'a, F>> {
    let axes = spec.differentiable().map(|parameter| parameter.axes);
    axes.zip(targets)
        .map(|(axes, target)| Buffer::new(bound, axes, target))
        .collect()
}

impl<'a, F: Float> Buffer<'a, F> {
    fn new(bound: &Bound<F>, axes: &[usize], target: ArrayViewMutD<'a, F>) -> Self {
        let grouping = bound.grouping(axes);
        let shape = target.shape().to_vec();
        let in_place = array::memory_strides(&shape, &target.view())
            .and_then(|strides| grouping.layout(&shape, &strides));
        match in_place {
            Some(layout) => Self::Direct {
                data: memory(target),
                layout,
            },
            None => {
                let order = grouping.copy_order(shape.len());
                let layout = grouping.copy_layout(&shape);
                let staging = vec![F::ZERO; layout.len()];
                Self::Staged {
                    array: target.permuted_axes(IxDyn(&order)),
                    staging,
                    layout,
                }
            }
        }
    }

    /// The buffer as a kernel sees it.
    pub(super) fn tensor(&mut self) -> TensorMut<'_, F> {
        match self {
            Self::Direct { data, layout } => TensorMut::new(data, layout.clone()),
            Self::Staged {
                staging, layout, ..
            } => TensorMut::new(staging, layout.clone()),
        }
    }

    /// Brings what was written to the caller.
    pub(super) fn release(self) {
        if let Self::Staged {
            mut array, staging, ..
        } = self
        {
            let written = ArrayViewD::from_shape(array.raw_dim(), &staging);
            array.assign(&written.expect("the staging copy has the array's extents"));
        }
    }
}

/// The elements of an array that fills its memory.
fn memory<F>(array: ArrayViewMutD<'_, F>) -> &mut [F] {
    array
        .into_slice_memory_order()
        .expect("checked to be contiguous")
}
