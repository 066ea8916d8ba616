//! A checked call, and its arrays as a kernel reads them.
//!
//! Arrays stay in the inputs and are read there wherever their layout can be addressed; what cannot
//! (gaps, reversed axes, labels of other types) is copied once, here.

use std::borrow::Cow;

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};

use super::agree::Place;
use super::array::{self, Grouping};
use super::labels::{self, Known};
use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::label::{LabelView, Labels, MaskElement, real_mask};
use crate::loss::Loss;
use crate::options::Options;
use crate::rt::{Call, Float, Layout, Shard, Stored, Tensor};
use crate::spec::{ParameterKind, ParameterSpec, Spec};

/// A checked call: extents, layouts, and copies of what kernels cannot read in place.
#[derive(Clone, Debug)]
pub(crate) struct Bound<F> {
    spec: &'static Spec,
    /// Where the own part of a sharded axis lies.
    shard: Option<Place>,
    /// What is read where the own part is empty, and not used.
    blank: Vec<F>,
    /// Extent of each dimension, trailing axes included.
    pub(super) dims: Vec<usize>,
    /// The dimension that trailing axes extend, its own extent, and theirs.
    batch: Option<(usize, usize)>,
    trailing: Vec<usize>,
    pub(super) tensors: Vec<BoundTensor<F>>,
    labels: Vec<BoundFlat<usize>>,
    masks: Vec<BoundFlat<bool>>,
    /// Whether each batch position is ignored; empty if none is.
    pub(super) ignored: Vec<bool>,
}

/// Where a tensor lies: in its input, or in a copy.
#[derive(Clone, Debug)]
pub(super) struct BoundTensor<F> {
    pub(super) parameter: &'static ParameterSpec,
    pub(super) input: usize,
    pub(super) layout: Layout,
    copy: Option<Vec<F>>,
}

/// Labels or a mask in flat order: in the input, or converted.
#[derive(Clone, Debug)]
struct BoundFlat<T> {
    input: usize,
    copy: Option<Vec<T>>,
}

impl<F: Float> Bound<F> {
    /// A call with these extents, no arrays bound yet.
    pub(super) fn new(
        spec: &'static Spec,
        mut dims: Vec<usize>,
        trailing: &[usize],
        shard: Option<Place>,
    ) -> Self {
        let batch = spec.extensible_batch().map(|dim| (dim, dims[dim]));
        if let Some((dim, extent)) = batch {
            dims[dim] = extent * trailing.iter().product::<usize>();
        }
        let is_blank = shard.is_some_and(|place| dims[place.dim] == 0);
        let blank = if is_blank {
            let lengths = spec
                .arrays()
                .map(|p| blank_shape(p.axes, &dims).iter().product());
            vec![F::ZERO; lengths.max().unwrap_or(0)]
        } else {
            vec![]
        };
        Self {
            spec,
            shard,
            blank,
            dims,
            batch,
            trailing: trailing.to_vec(),
            tensors: Vec::new(),
            labels: Vec::new(),
            masks: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// How the array axes of something with these declared axes are grouped.
    pub(super) fn grouping(&self, axes: &[usize]) -> Grouping {
        let batch = self
            .batch
            .and_then(|(batch, _)| axes.iter().position(|&dim| dim == batch));
        Grouping {
            declared: axes.len(),
            batch,
            splittable: self.spec.splittable && self.shard.is_none(),
        }
    }

    /// Converts all labels and finds the ignored positions.
    pub(super) fn bind_labels(
        &mut self,
        options: &Options,
        inputs: &Inputs<'_, F>,
    ) -> Result<(), Error> {
        let spec = self.spec;
        let arrays = spec.arrays().zip(inputs.as_slice());
        let identities = labels::identities(arrays.filter_map(|(p, input)| match input {
            Input::Labels(array) if p.kind == ParameterKind::Identity => Some(array),
            _ => None,
        }));
        let mut marked = Vec::new();
        for (index, (parameter, input)) in spec.arrays().zip(inputs.as_slice()).enumerate() {
            let (known, array) = match (parameter.kind, input) {
                (ParameterKind::Label { range }, Input::Labels(array)) => {
                    let range = labels::Range {
                        input: parameter.name,
                        axis: spec.dims[range].name,
                        extent: match self.shard {
                            Some(place) if place.dim == range => place.total,
                            _ => self.dims[range],
                        },
                    };
                    (Known::Positions(range), array)
                }
                (ParameterKind::Identity, Input::Labels(array)) => {
                    (Known::Identities(&identities), array)
                }
                _ => continue,
            };
            let of_samples = !parameter.axes.is_empty()
                && parameter
                    .axes
                    .iter()
                    .all(|dim| spec.value_axes.contains(dim));
            let ignore = options.ignore_index.filter(|_| of_samples);
            let resolved = labels::resolve(array, &self.grouping(parameter.axes), ignore, &known)?;
            self.labels.push(BoundFlat {
                input: index,
                copy: resolved.numbers,
            });
            if of_samples {
                marked.push((parameter, resolved.ignored));
            }
        }
        if options.ignore_index.is_some() && marked.is_empty() {
            return Err(Error::IgnoreIndex { loss: spec.name });
        }
        self.ignored = labels::ignored_positions(spec, &self.dims, &marked);
        Ok(())
    }

    /// Adds the next tensor.
    /// What of its elements has to be copied becomes numbers by `convert`.
    pub(super) fn bind_tensor<T: Copy>(
        &mut self,
        parameter: &'static ParameterSpec,
        input: usize,
        view: &ArrayViewD<'_, T>,
        convert: impl FnOnce(Vec<T>) -> Vec<F>,
    ) {
        let grouping = self.grouping(parameter.axes);
        let in_place = array::memory_strides(view.shape(), view)
            .and_then(|strides| grouping.layout(view.shape(), &strides));
        let (layout, copy) = match in_place {
            Some(layout) => (layout, None),
            None => {
                let copy = array::copied(view, &grouping.copy_order(view.ndim()));
                (grouping.copy_layout(view.shape()), Some(convert(copy)))
            }
        };
        self.tensors.push(BoundTensor {
            parameter,
            input,
            layout,
            copy,
        });
    }

    /// Adds the next mask.
    pub(super) fn bind_mask(
        &mut self,
        parameter: &'static ParameterSpec,
        index: usize,
        input: &Input<'_, F>,
    ) {
        let grouping = self.grouping(parameter.axes);
        let converted: CowArray<'_, bool, IxDyn> = match input {
            Input::Mask(array) => array.view().into(),
            Input::Labels(labels) => labels.to_mask(),
            Input::Real(array) => real_mask(array.view()),
            Input::F16(array) => MaskElement::wrap_mask(array.view()),
            Input::Bf16(array) => MaskElement::wrap_mask(array.view()),
        };
        let in_place = matches!(input, Input::Mask(_))
            && array::flat_slice(converted.view(), &grouping).is_some();
        let copy = (!in_place)
            .then(|| array::copied(&converted.view(), &grouping.flat_order(converted.ndim())));
        self.masks.push(BoundFlat { input: index, copy });
    }

    /// What a kernel gets; `cleaned` replaces the data of tensors.
    pub(super) fn call<'b, L: Loss>(
        &'b self,
        loss: &'b L,
        inputs: &'b Inputs<'_, F>,
        cleaned: &'b [Option<Vec<F>>],
    ) -> Call<'b, F> {
        let inputs = inputs.as_slice();
        let tensors = self.tensors.iter().enumerate().map(|(index, tensor)| {
            if let Some(shape) = self.blank_part(tensor.parameter.axes) {
                let len = shape.iter().product();
                return Tensor::contiguous(&self.blank[..len], &shape);
            }
            let data = match cleaned.get(index).and_then(Option::as_deref) {
                Some(cleaned) => Stored::Number(cleaned),
                None => tensor.data(inputs),
            };
            Tensor::new(data, tensor.layout.clone())
        });
        let labels = self
            .labels
            .iter()
            .map(|bound| match (&bound.copy, &inputs[bound.input]) {
                _ if self.blank_input(bound.input).is_some() => {
                    Cow::Owned(vec![0; self.blank.len()])
                }
                (Some(copy), _) => Cow::Borrowed(copy.as_slice()),
                (None, Input::Labels(Labels(LabelView::Usize(view)))) => {
                    Cow::Borrowed(view.as_slice().unwrap_or(&[]))
                }
                (None, _) => Cow::Borrowed(&[][..]),
            });
        let masks = self
            .masks
            .iter()
            .map(|bound| match (&bound.copy, &inputs[bound.input]) {
                _ if self.blank_input(bound.input).is_some() => {
                    Cow::Owned(vec![false; self.blank.len()])
                }
                (Some(copy), _) => Cow::Borrowed(copy.as_slice()),
                (None, Input::Mask(array)) => {
                    Cow::Borrowed(array.as_slice_memory_order().unwrap_or(&[]))
                }
                (None, _) => Cow::Borrowed(&[][..]),
            });
        Call {
            dims: self.dims.clone(),
            tensors: tensors.collect(),
            labels: labels.collect(),
            masks: masks.collect(),
            scalars: loss.scalar_values().into_iter().map(F::from_f64).collect(),
            flags: loss.flag_values(),
            cotangent: Vec::new(),
            tile: loss.options().tile,
            shard: self
                .shard
                .zip(loss.spread_axis())
                .map(|(place, axis)| Shard {
                    ranks: &axis.ranks,
                    first: place.first,
                    len: self.dims[place.dim],
                    total: place.total,
                }),
        }
    }

    /// The extents of what stands for an array of which there is nothing here: an array of one position, which is read and not used.
    fn blank_part(&self, axes: &[usize]) -> Option<Vec<usize>> {
        let place = self.shard?;
        let empty = self.dims[place.dim] == 0 && axes.contains(&place.dim);
        empty.then(|| blank_shape(axes, &self.dims))
    }

    /// The same of the array with this number.
    fn blank_input(&self, input: usize) -> Option<Vec<usize>> {
        let parameter = self.spec.arrays().nth(input);
        parameter.and_then(|parameter| self.blank_part(parameter.axes))
    }

    /// Number of losses: batch positions, 1 for a scalar loss.
    pub(super) fn positions(&self) -> usize {
        self.len(self.spec.value_axes)
    }

    /// Number of elements of something with these axes.
    pub(super) fn len(&self, axes: &[usize]) -> usize {
        axes.iter().map(|&dim| self.dims[dim]).product()
    }

    /// The product of all extents: about how many elements a kernel goes over.
    pub(super) fn work(&self) -> usize {
        let extents = self.dims.iter();
        extents.fold(1, |work, &extent| work.saturating_mul(extent))
    }

    /// Whether there is nothing to compute on: some dimension has no positions.
    pub(super) fn is_empty(&self) -> bool {
        let shard = self.shard.map(|place| place.dim);
        let mut dims = self.dims.iter().enumerate();
        dims.any(|(dim, &extent)| extent == 0 && shard != Some(dim))
    }

    /// Whether every position is ignored.
    pub(super) fn all_ignored(&self) -> bool {
        !self.ignored.is_empty() && self.ignored.iter().all(|&ignored| ignored)
    }

    /// The dimensions of the value.
    pub(super) fn value_axes(&self) -> &'static [usize] {
        self.spec.value_axes
    }

    /// Whether the loss has no batch axes.
    pub(super) fn is_scalar(&self) -> bool {
        self.spec.value_axes.is_empty()
    }

    /// Extent of the first array axis of the batch.
    pub(super) fn batch_size(&self) -> usize {
        self.array_shape(self.spec.value_axes)
            .first()
            .copied()
            .unwrap_or(1)
    }

    /// Extents of the array axes of something with these declared axes, trailing ones last.
    pub(super) fn array_shape(&self, axes: &[usize]) -> Vec<usize> {
        let own = |&dim: &usize| match self.batch {
            Some((batch, extent)) if batch == dim => extent,
            _ => self.dims[dim],
        };
        let trailing: &[usize] = if self.grouping(axes).batch.is_some() {
            &self.trailing
        } else {
            &[]
        };
        axes.iter()
            .map(own)
            .chain(trailing.iter().copied())
            .collect()
    }

    /// An array from values in flat order.
    pub(super) fn array(&self, axes: &[usize], values: Vec<F>) -> ArrayD<F> {
        let shape = self.array_shape(axes);
        let order = self.grouping(axes).flat_order(shape.len());
        let flat_shape: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
        let mut inverse = vec![0; order.len()];
        order
            .iter()
            .enumerate()
            .for_each(|(flat, &axis)| inverse[axis] = flat);
        let flat = ArrayD::from_shape_vec(flat_shape, values)
            .expect("as many values as the axes have positions");
        flat.permuted_axes(inverse)
    }
}

impl<F: Float> BoundTensor<F> {
    /// The tensor's elements in memory order.
    pub(super) fn data<'b>(&'b self, inputs: &'b [Input<'_, F>]) -> Stored<'b, F> {
        match (&self.copy, &inputs[self.input]) {
            (Some(copy), _) => Stored::Number(copy),
            (None, Input::Real(array)) => Stored::Number(memory(array.as_slice_memory_order())),
            (None, Input::F16(array)) => Stored::F16(memory(array.as_slice_memory_order())),
            (None, Input::Bf16(array)) => Stored::Bf16(memory(array.as_slice_memory_order())),
            (None, Input::Labels(_) | Input::Mask(_)) => Stored::Number(&[]),
        }
    }
}

fn blank_shape(axes: &[usize], dims: &[usize]) -> Vec<usize> {
    axes.iter().map(|&dim| dims[dim].max(1)).collect()
}

/// The elements of an array that fills its memory.
fn memory<T>(slice: Option<&[T]>) -> &[T] {
    slice.expect("checked to be contiguous")
}
