//! Gradient buffers of the caller as tensors that a kernel can write.
//!
//! A buffer whose elements fill memory in some order of its axes is written in place; any other
//! through a staging copy.

use half::{bf16, f16};
use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use super::array::{self, Grouping};
use super::bound::Bound;
use super::differentiable_inputs;
use crate::error::Error;
use crate::input::Inputs;
use crate::rt::{Float, Half, Layout, StoredMut, TensorMut};
use crate::spec::Spec;
use crate::value::{GradientTarget, GradientTargets};

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
    for tensor in targets.tensors {
        match tensor {
            GradientTarget::Real(mut array) => array.fill(F::ZERO),
            GradientTarget::F16(mut array) => array.fill(f16::ZERO),
            GradientTarget::Bf16(mut array) => array.fill(bf16::ZERO),
        }
    }
    targets
        .scalars
        .into_iter()
        .for_each(|scalar| *scalar = F::ZERO);
}

/// A gradient buffer.
pub(super) enum Buffer<'a, F> {
    /// Written in place.
    Direct {
        data: StoredMut<'a, F>,
        layout: Layout,
    },
    /// Written to `staging`, which is then copied to the array, whose axes are in the same order.
    Staged {
        array: GradientTarget<'a, F>,
        staging: Vec<F>,
        layout: Layout,
    },
}

/// One buffer per differentiable tensor.
pub(super) fn buffers<'a, F: Float>(
    spec: &Spec,
    bound: &Bound<F>,
    targets: Vec<GradientTarget<'a, F>>,
) -> Vec<Buffer<'a, F>> {
    let axes = spec.differentiable().map(|parameter| parameter.axes);
    axes.zip(targets)
        .map(|(axes, target)| {
            let grouping = bound.grouping(axes);
            match target {
                GradientTarget::Real(array) => {
                    Buffer::new(&grouping, array, StoredMut::Number, GradientTarget::Real)
                }
                GradientTarget::F16(array) => {
                    Buffer::new(&grouping, array, StoredMut::F16, GradientTarget::F16)
                }
                GradientTarget::Bf16(array) => {
                    Buffer::new(&grouping, array, StoredMut::Bf16, GradientTarget::Bf16)
                }
            }
        })
        .collect()
}

impl<'a, F: Float> Buffer<'a, F> {
    fn new<T>(
        grouping: &Grouping,
        target: ArrayViewMutD<'a, T>,
        stored: fn(&'a mut [T]) -> StoredMut<'a, F>,
        array: fn(ArrayViewMutD<'a, T>) -> GradientTarget<'a, F>,
    ) -> Self {
        let shape = target.shape().to_vec();
        let in_place = array::memory_strides(&shape, &target.view())
            .and_then(|strides| grouping.layout(&shape, &strides));
        match in_place {
            Some(layout) => Self::Direct {
                data: stored(memory(target)),
                layout,
            },
            None => {
                let order = grouping.copy_order(shape.len());
                let layout = grouping.copy_layout(&shape);
                let staging = vec![F::ZERO; layout.len()];
                Self::Staged {
                    array: array(target.permuted_axes(IxDyn(&order))),
                    staging,
                    layout,
                }
            }
        }
    }

    /// The buffer as a kernel sees it.
    pub(super) fn tensor(&mut self) -> TensorMut<'_, F> {
        match self {
            Self::Direct { data, layout } => TensorMut::new(data.reborrow(), layout.clone()),
            Self::Staged {
                staging, layout, ..
            } => TensorMut::new(StoredMut::Number(staging), layout.clone()),
        }
    }

    /// Brings what was written to the caller.
    pub(super) fn release(self) {
        let Self::Staged { array, staging, .. } = self else {
            return;
        };
        match array {
            GradientTarget::Real(mut array) => {
                let written = ArrayViewD::from_shape(array.raw_dim(), &staging);
                array.assign(&written.expect("the staging copy has the array's extents"));
            }
            GradientTarget::F16(array) => assign_rounded(array, &staging),
            GradientTarget::Bf16(array) => assign_rounded(array, &staging),
        }
    }
}

/// Rounds numbers, row-major, to the elements of an array.
fn assign_rounded<H: Half, F: Float>(mut array: ArrayViewMutD<'_, H>, numbers: &[F]) {
    let mut halves = vec![H::default(); numbers.len()];
    H::narrow(numbers, &mut halves);
    for (slot, half) in array.iter_mut().zip(halves) {
        *slot = half;
    }
}

/// The elements of an array that fills its memory.
fn memory<T>(array: ArrayViewMutD<'_, T>) -> &mut [T] {
    array
        .into_slice_memory_order()
        .expect("checked to be contiguous")
}
