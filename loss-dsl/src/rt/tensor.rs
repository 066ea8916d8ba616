//! Strided tensors in the axes of a definition, over flat memory of any axis order.
//!
//! Element (i₀, i₁, …) lies at Σₐ at(a, iₐ), where at(a, i) = i·strideₐ, except on the one axis that
//! may be *split*: [N, C, H, W] given where [N, C] is declared makes N stand for the pair
//! (n, h·W + w), and at(N, i) = (i / inner)·outer + (i mod inner)·stride with inner = H·W. So a
//! segmentation loss reads its logits where they are.

use ndarray::{Array, ArrayRef, ArrayView, Dimension, ShapeBuilder};

use super::Float;

/// The outer part of a split axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Which axis is split (position among the tensor's own axes).
    pub axis: usize,
    /// How many consecutive positions share one outer index; at least 1.
    pub inner: usize,
    /// Distance between two outer indices.
    pub outer_stride: usize,
}

/// Extent and stride of every declared axis of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Vec<usize>,
    strides: Vec<usize>,
    split: Option<Split>,
}

impl Layout {
    /// Row-major layout of `shape`.
    pub fn row_major(shape: &[usize]) -> Self {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        Self {
            shape: shape.to_vec(),
            strides,
            split: None,
        }
    }

    /// A layout with explicit strides (in elements) and, if an axis is split, its outer part.
    pub(crate) fn strided(shape: Vec<usize>, strides: Vec<usize>, split: Option<Split>) -> Self {
        debug_assert_eq!(shape.len(), strides.len());
        Self {
            shape,
            strides,
            split,
        }
    }

    /// Extent of each axis; a split axis counts all its positions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What index `i` on `axis` (a position among the tensor's own axes) adds to an offset.
    #[inline(always)]
    pub fn at(&self, axis: usize, i: usize) -> usize {
        match self.split {
            Some(split) if split.axis == axis => {
                (i / split.inner) * split.outer_stride + (i % split.inner) * self.strides[axis]
            }
            _ => i * self.strides[axis],
        }
    }

    /// Distance of neighbours on `axis`; on a split axis, of neighbours with the same outer index.
    #[inline(always)]
    pub fn stride(&self, axis: usize) -> usize {
        self.strides[axis]
    }

    /// The split axis, if there is one.
    #[inline(always)]
    pub fn split(&self) -> Option<Split> {
        self.split
    }

    /// Whether the elements lie in row-major order without gaps (axes of extent 1 don't matter).
    pub fn is_row_major(&self) -> bool {
        let mut expected = 1;
        for (&extent, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if extent != 1 && stride != expected {
                return self.is_empty();
            }
            expected *= extent;
        }
        self.split.is_none() || self.is_empty()
    }
}

/// A read-only tensor.
#[derive(Clone, Debug)]
pub struct Tensor<'a, F> {
    data: &'a [F],
    layout: Layout,
}

impl<'a, F: Float> Tensor<'a, F> {
    /// A row-major tensor of extents `shape`.
    ///
    /// # Panics
    /// If `data` has not as many elements as `shape` says.
    pub fn contiguous(data: &'a [F], shape: &[usize]) -> Self {
        Self::new(data, Layout::row_major(shape))
    }

    /// # Panics
    /// If `data` has not as many elements as the layout.
    pub(crate) fn new(data: &'a [F], layout: Layout) -> Self {
        assert_eq!(
            data.len(),
            layout.len(),
            "a tensor's data must fill its layout"
        );
        Self { data, layout }
    }

    /// Extents and strides.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Extent of each axis; a split axis counts all its positions.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// What index `i` on `axis` (a position among the tensor's own axes) adds to an offset.
    #[inline(always)]
    pub fn at(&self, axis: usize, i: usize) -> usize {
        self.layout.at(axis, i)
    }

    /// Distance of neighbours on `axis`; on a split axis, of neighbours with the same outer index.
    #[inline(always)]
    pub fn stride(&self, axis: usize) -> usize {
        self.layout.stride(axis)
    }

    /// The element at `offset`.
    ///
    /// # Panics
    /// If `offset` is outside the data.
    #[inline(always)]
    pub fn get(&self, offset: usize) -> F {
        self.data[offset]
    }

    /// All elements, in memory order.
    #[inline(always)]
    pub fn data(&self) -> &'a [F] {
        self.data
    }

    /// Whether [`data`](Self::data) is in row-major order of the declared axes.
    pub fn is_row_major(&self) -> bool {
        self.layout.is_row_major()
    }

    /// The `len` values from `offset` on, `stride` apart: borrowed where they are neighbours,
    /// gathered into `scratch` otherwise.
    ///
    /// # Panics
    /// If one of them is outside the data.
    #[inline(always)]
    pub fn row<'s>(
        &'s self,
        offset: usize,
        stride: usize,
        len: usize,
        scratch: &'s mut Vec<F>,
    ) -> &'s [F] {
        if stride == 1 || len <= 1 {
            return &self.data[offset..offset + len];
        }
        scratch.clear();
        scratch.extend((0..len).map(|i| self.data[offset + i * stride]));
        scratch
    }
}

/// A tensor to be written: a gradient in the caller's layout.
#[derive(Debug)]
pub struct TensorMut<'a, F> {
    data: &'a mut [F],
    layout: Layout,
}

impl<'a, F: Float> TensorMut<'a, F> {
    /// A row-major tensor of extents `shape`.
    ///
    /// # Panics
    /// If `data` has not as many elements as `shape` says.
    pub fn contiguous(data: &'a mut [F], shape: &[usize]) -> Self {
        Self::new(data, Layout::row_major(shape))
    }

    /// # Panics
    /// If `data` has not as many elements as the layout.
    pub(crate) fn new(data: &'a mut [F], layout: Layout) -> Self {
        assert_eq!(
            data.len(),
            layout.len(),
            "a tensor's data must fill its layout"
        );
        Self { data, layout }
    }

    /// Extents and strides.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Extent of each axis; a split axis counts all its positions.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// What index `i` on `axis` (a position among the tensor's own axes) adds to an offset.
    #[inline(always)]
    pub fn at(&self, axis: usize, i: usize) -> usize {
        self.layout.at(axis, i)
    }

    /// Distance of neighbours on `axis`; on a split axis, of neighbours with the same outer index.
    #[inline(always)]
    pub fn stride(&self, axis: usize) -> usize {
        self.layout.stride(axis)
    }

    /// Whether [`data`](Self::data) is in row-major order of the declared axes.
    pub fn is_row_major(&self) -> bool {
        self.layout.is_row_major()
    }

    /// All elements, in memory order.
    #[inline(always)]
    pub fn data(&self) -> &[F] {
        self.data
    }

    /// All elements, in memory order, to be written.
    #[inline(always)]
    pub fn data_mut(&mut self) -> &mut [F] {
        self.data
    }

    /// Data and layout at once, so that rows can be handed out while offsets are computed.
    pub fn parts_mut(&mut self) -> (&mut [F], &Layout) {
        (self.data, &self.layout)
    }
}

/// A zero array shaped like `array`, in its memory order where that is a permutation of row-major,
/// so that a gradient is written in the order in which its input is read.
pub fn gradient_like<F: Float, D: Dimension>(array: &ArrayRef<F, D>) -> Array<F, D> {
    let zeros = vec![F::ZERO; array.len()];
    let permuted =
        positive_strides(&array.view()).filter(|_| array.as_slice_memory_order().is_some());
    let filled = match permuted {
        Some(strides) => Array::from_shape_vec(array.raw_dim().strides(strides), zeros),
        None => Array::from_shape_vec(array.raw_dim(), zeros),
    };
    filled.unwrap_or_else(|_| Array::from_elem(array.raw_dim(), F::ZERO))
}

/// The strides of `array`, unless an axis runs backwards.
fn positive_strides<F, D: Dimension>(array: &ArrayView<'_, F, D>) -> Option<D> {
    let mut strides = array.raw_dim();
    for (axis, &stride) in array.strides().iter().enumerate() {
        let extent = array.shape()[axis];
        strides[axis] = if extent > 1 {
            usize::try_from(stride).ok()?
        } else {
            stride.unsigned_abs()
        };
    }
    Some(strides)
}
