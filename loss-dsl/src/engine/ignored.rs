//! Ignored positions leave no trace in gradients, not even a NaN.
//!
//! Their cotangent is 0, but 0 · NaN is NaN. So in losses whose samples don't interact, their rows of
//! per-sample gradients are overwritten with zeros, and where gradients are shared by all samples
//! (class centres, learned scalars) a row that is not finite is replaced by a valid one beforehand: times
//! the cotangent 0 that row adds nothing, whatever it is.

use super::bound::{Bound, BoundTensor};
use super::labels::unravel;
use crate::input::Inputs;
use crate::rt::{Float, Layout, Stored, TensorMut};
use crate::spec::Spec;

/// The elements of a tensor by batch position.
struct Samples<'l> {
    layout: &'l Layout,
    /// The tensor's axis for each batch axis.
    batch: Vec<usize>,
    shape: Vec<usize>,
    /// Offsets of all indices on the other axes.
    offsets: Vec<usize>,
}

/// The axis of a tensor for each batch axis; None if it lacks one, or has one twice.
fn batch_axes(spec: &Spec, axes: &[usize]) -> Option<Vec<usize>> {
    let once = |dim: &usize| {
        let mut places = axes
            .iter()
            .enumerate()
            .filter(|(_, own)| *own == dim)
            .map(|(at, _)| at);
        places.next().filter(|_| places.next().is_none())
    };
    spec.value_axes.iter().map(once).collect()
}

impl<'l> Samples<'l> {
    /// None if the tensor lacks a batch axis, or has one twice.
    fn new(spec: &Spec, axes: &[usize], layout: &'l Layout) -> Option<Self> {
        let batch = batch_axes(spec, axes)?;
        let shape = batch.iter().map(|&axis| layout.shape()[axis]).collect();
        let mut offsets = vec![0];
        for axis in (0..axes.len()).filter(|axis| !batch.contains(axis)) {
            let step =
                |&base: &usize| (0..layout.shape()[axis]).map(move |i| base + layout.at(axis, i));
            offsets = offsets.iter().flat_map(step).collect();
        }
        Some(Self {
            layout,
            batch,
            shape,
            offsets,
        })
    }

    fn base(&self, position: usize) -> usize {
        let index = unravel(position, &self.shape);
        self.batch
            .iter()
            .zip(index)
            .map(|(&axis, i)| self.layout.at(axis, i))
            .sum()
    }

    fn offsets(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        let base = self.base(position);
        self.offsets.iter().map(move |offset| base + offset)
    }
}

fn ignored_places(ignored: &[bool]) -> impl Iterator<Item = usize> + '_ {
    ignored
        .iter()
        .enumerate()
        .filter(|(_, ignored)| **ignored)
        .map(|(place, _)| place)
}

/// For each tensor, a copy without what is not finite at ignored positions, where that matters.
pub(super) fn cleaned_tensors<F: Float>(
    spec: &Spec,
    bound: &Bound<F>,
    inputs: &Inputs<'_, F>,
) -> Vec<Option<Vec<F>>> {
    let is_shared = |tensor: &BoundTensor<F>| {
        tensor.parameter.is_differentiable() && batch_axes(spec, tensor.parameter.axes).is_none()
    };
    let shared = spec.learned().next().is_some() || bound.tensors.iter().any(is_shared);
    let valid = bound.ignored.iter().position(|ignored| !ignored);
    match valid {
        Some(valid) if shared && !spec.coupled => bound
            .tensors
            .iter()
            .map(|tensor| {
                cleaned(
                    spec,
                    tensor,
                    &bound.ignored,
                    valid,
                    tensor.data(inputs.as_slice()),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn cleaned<F: Float>(
    spec: &Spec,
    tensor: &BoundTensor<F>,
    ignored: &[bool],
    valid: usize,
    data: Stored<'_, F>,
) -> Option<Vec<F>> {
    let samples = Samples::new(spec, tensor.parameter.axes, &tensor.layout)?;
    let mut copy: Option<Vec<F>> = None;
    for place in ignored_places(ignored) {
        if samples
            .offsets(place)
            .all(|offset| data.get(offset).is_finite())
        {
            continue;
        }
        let copy = copy.get_or_insert_with(|| data.to_vec());
        samples
            .offsets(place)
            .zip(samples.offsets(valid))
            .for_each(|(to, from)| copy[to] = data.get(from));
    }
    copy
}

/// Overwrites the gradients of ignored positions with zeros.
pub(super) fn clear<F: Float>(spec: &Spec, bound: &Bound<F>, gradients: &mut [TensorMut<'_, F>]) {
    if bound.ignored.is_empty() || spec.coupled {
        return;
    }
    for (parameter, gradient) in spec.differentiable().zip(gradients) {
        let (mut data, layout) = gradient.parts_mut();
        let Some(samples) = Samples::new(spec, parameter.axes, layout) else {
            continue;
        };
        for place in ignored_places(&bound.ignored) {
            samples
                .offsets(place)
                .for_each(|offset| data.set(offset, F::ZERO));
        }
    }
}
