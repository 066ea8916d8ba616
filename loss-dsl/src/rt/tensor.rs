//! Tensors over flat memory: what kernels read and write.
//!
//! An array may be stored in halves of 32 bits, see [`Stored`]; then what is read is converted, and so is what is written.
//!
//! Invariant: the data has exactly as many elements as the layout, or one that all indices share, so no index within the
//! extents leaves it.

use ndarray::{Array, ArrayRef, ArrayView, Dimension, ShapeBuilder};

use super::turn::{rows_to_lanes, spare_to_lanes};
use super::{Float, LANES, Layout, Stored, StoredMut, Target, row_lanes};

/// A read-only tensor.
#[derive(Clone, Debug)]
pub struct Tensor<'a, F> {
    data: Stored<'a, F>,
    layout: Layout,
}

impl<'a, F: Float> Tensor<'a, F> {
    /// A row-major tensor of extents `shape`.
    ///
    /// # Panics
    /// If `data` has not as many elements as `shape` says.
    pub fn contiguous(data: &'a [F], shape: &[usize]) -> Self {
        Self::new(Stored::Number(data), Layout::row_major(shape))
    }

    /// A tensor whose elements are all the same one.
    pub(super) fn filled(element: &'a F, shape: &[usize]) -> Self {
        Self {
            data: Stored::Number(std::slice::from_ref(element)),
            layout: Layout::strided(shape.to_vec(), vec![0; shape.len()], None),
        }
    }

    /// # Panics
    /// If `data` has not as many elements as the layout.
    pub(crate) fn new(data: Stored<'a, F>, layout: Layout) -> Self {
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
        self.data.get(offset)
    }

    /// All elements, in memory order.
    pub fn stored(&self) -> Stored<'a, F> {
        self.data
    }

    /// All elements, in memory order, of a tensor whose numbers are the kernel's own.
    ///
    /// # Panics
    /// If they are stored in another type.
    #[inline(always)]
    pub fn data(&self) -> &'a [F] {
        match self.data {
            Stored::Number(data) => data,
            _ => panic!("numbers of another type"),
        }
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
        if let Stored::Number(data) = self.data
            && (stride == 1 || len <= 1)
        {
            return &data[offset..offset + len];
        }
        scratch.resize(len, F::ZERO);
        self.data.gather(offset, stride, scratch);
        scratch
    }

    /// See the function [`row_lanes`].
    #[inline(always)]
    pub fn row_lanes(&self, at: usize, step: usize, count: usize) -> [F; LANES] {
        match self.data {
            Stored::Number(data) => row_lanes(data, at, step, count),
            halves => {
                let mut lanes = [F::ZERO; LANES];
                halves.gather(at, step, &mut lanes[..count]);
                let last = lanes[count - 1];
                lanes[count..].fill(last);
                lanes
            }
        }
    }

    /// See the function [`rows_to_lanes`].
    #[inline(always)]
    pub fn rows_to_lanes(
        &self,
        block: &mut [[F; LANES]],
        spare: &mut [[F; LANES]],
        at: usize,
        (step, stride): (usize, usize),
        count: usize,
    ) {
        match self.data {
            Stored::Number(data) => rows_to_lanes(block, spare, data, at, (step, stride), count),
            _ => self.halves_to_lanes(block, spare, at, (step, stride), count),
        }
    }

    #[inline(never)]
    fn halves_to_lanes(
        &self,
        block: &mut [[F; LANES]],
        spare: &mut [[F; LANES]],
        at: usize,
        (step, stride): (usize, usize),
        count: usize,
    ) {
        let len = block.len();
        if stride != 1 || len <= 1 {
            for (c, lanes) in block.iter_mut().enumerate() {
                *lanes = self.row_lanes(at + c * stride, step, count);
            }
            return;
        }
        let rows = &mut spare.as_flattened_mut()[..len * LANES];
        if step == len {
            self.data.gather(at, 1, &mut rows[..len * count]);
        } else {
            for (i, row) in rows.chunks_exact_mut(len).take(count).enumerate() {
                self.data.gather(at + i * step, 1, row);
            }
        }
        for i in count..LANES {
            rows.copy_within((count - 1) * len..count * len, i * len);
        }
        spare_to_lanes(block, spare);
    }
}

/// A tensor to be written: a gradient in the caller's layout.
#[derive(Debug)]
pub struct TensorMut<'a, F> {
    data: StoredMut<'a, F>,
    layout: Layout,
}

impl<'a, F: Float> TensorMut<'a, F> {
    /// A row-major tensor of extents `shape`.
    ///
    /// # Panics
    /// If `data` has not as many elements as `shape` says.
    pub fn contiguous(data: &'a mut [F], shape: &[usize]) -> Self {
        Self::new(StoredMut::Number(data), Layout::row_major(shape))
    }

    /// # Panics
    /// If `data` has not as many elements as the layout.
    pub(crate) fn new(data: StoredMut<'a, F>, layout: Layout) -> Self {
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

    /// Whether the elements are in row-major order of the declared axes.
    pub fn is_row_major(&self) -> bool {
        self.layout.is_row_major()
    }

    /// All elements, in memory order, if their numbers are the kernel's own.
    pub(super) fn numbers(&mut self) -> Option<&mut [F]> {
        match &mut self.data {
            StoredMut::Number(data) => Some(data),
            _ => None,
        }
    }

    /// The tensor as a [`Target`] of rows; see [`Layout::row_layout`].
    pub fn row_target(&mut self, rows: &[usize], columns: &[usize]) -> Option<Target<'_, F>> {
        let layout = self.layout.row_layout(rows, columns)?;
        let data = self.data.reborrow();
        Some(Target::Rows { data, layout })
    }

    /// Data and layout at once, so that elements can be written while offsets are computed.
    pub fn parts_mut(&mut self) -> (StoredMut<'_, F>, &Layout) {
        (self.data.reborrow(), &self.layout)
    }
}

/// A zero array shaped like `array`, in its memory order where that is a permutation of row-major,
/// so that a gradient is written in the order in which its input is read.
pub fn gradient_like<F: Float, T, D: Dimension>(array: &ArrayRef<T, D>) -> Array<F, D> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_borrowed_or_gathered() {
        let data: Vec<f64> = (0..6).map(f64::from).collect();
        let tensor = Tensor::contiguous(&data, &[2, 3]);
        let mut scratch = Vec::new();
        assert_eq!(
            tensor.row(tensor.at(0, 1), 1, 3, &mut scratch),
            [3.0, 4.0, 5.0]
        );
        assert!(scratch.is_empty());
        assert_eq!(tensor.row(2, tensor.stride(0), 2, &mut scratch), [2.0, 5.0]);
        assert!(tensor.is_row_major());
        let transposed = Layout::strided(vec![3, 2], vec![1, 3], None);
        assert!(!transposed.is_row_major());
        assert!(Layout::strided(vec![1, 3], vec![1, 1], None).is_row_major());
    }
}
