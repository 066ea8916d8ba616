//! From array axes to declared axes.
//!
//! An array of a parameter has its declared axes first and then the trailing axes of the batch:
//! [N, C, H, W] for [N, C]. *Flat order* puts the trailing axes behind the batch axis, [N, H, W, C], so
//! that a batch position is one row-major index over (N, H, W).

use ndarray::{ArrayViewD, IxDyn};

use crate::rt::{Layout, Split};

/// How the axes of one array are grouped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grouping {
    /// Number of declared axes.
    pub(super) declared: usize,
    /// Which of them is the batch axis that the trailing axes extend, if any.
    pub(super) batch: Option<usize>,
    /// Whether a batch axis and its trailing axes may stay apart in memory.
    pub(super) splittable: bool,
}

impl Grouping {
    /// Array axes in flat order.
    pub(super) fn flat_order(&self, rank: usize) -> Vec<usize> {
        let trailing = self.declared..rank;
        match self.batch {
            None => (0..rank).collect(),
            Some(batch) => (0..=batch)
                .chain(trailing)
                .chain(batch + 1..self.declared)
                .collect(),
        }
    }

    /// The extents of the declared axes, the batch axis counting all its positions.
    pub(super) fn declared_shape(&self, shape: &[usize]) -> Vec<usize> {
        let mut declared = shape[..self.declared].to_vec();
        if let Some(batch) = self.batch {
            declared[batch] *= shape[self.declared..].iter().product::<usize>();
        }
        declared
    }

    /// The layout of an array in the declared axes, if a kernel can address it like that.
    pub(super) fn layout(&self, shape: &[usize], strides: &[usize]) -> Option<Layout> {
        let declared = self.declared_shape(shape);
        let mut declared_strides = strides[..self.declared].to_vec();
        let mut split = None;
        if let Some(axis) = self.batch {
            let (inner, stride) = merge(&shape[self.declared..], &strides[self.declared..])?;
            let outer_stride = declared_strides[axis];
            if inner != 1 {
                declared_strides[axis] = stride;
                let apart = shape[axis] > 1 && outer_stride != inner * stride;
                split = apart.then_some(Split {
                    axis,
                    inner: inner.max(1),
                    outer_stride,
                });
            }
        }
        let addressable = split.is_none() || self.splittable;
        addressable.then(|| Layout::strided(declared, declared_strides, split))
    }

    /// The array axes in the order in which a copy is laid out: as they are where the layout of a
    /// row-major array is addressable, flat order otherwise.
    pub(super) fn copy_order(&self, rank: usize) -> Vec<usize> {
        if self.splittable {
            (0..rank).collect()
        } else {
            self.flat_order(rank)
        }
    }

    /// The layout of a copy in [`copy_order`](Self::copy_order).
    pub(super) fn copy_layout(&self, shape: &[usize]) -> Layout {
        let row_major = Layout::row_major(shape);
        let strides: Vec<usize> = (0..shape.len())
            .map(|axis| row_major.stride(axis))
            .collect();
        let in_place = if self.splittable {
            self.layout(shape, &strides)
        } else {
            None
        };
        in_place.unwrap_or_else(|| Layout::row_major(&self.declared_shape(shape)))
    }
}

/// Several axes as one: its extent and stride, if neighbours on it are equally far apart.
fn merge(shape: &[usize], strides: &[usize]) -> Option<(usize, usize)> {
    let mut merged = (1, 1);
    for (&extent, &stride) in shape.iter().zip(strides).rev() {
        if extent == 1 {
            continue;
        }
        if merged.0 == 1 {
            merged = (extent, stride);
        } else if stride == merged.0 * merged.1 {
            merged.0 *= extent;
        } else {
            return None;
        }
    }
    Some(merged)
}

/// The strides of a view whose elements fill a slice, if none is negative. Axes of extent 1 get
/// stride 1.
pub(super) fn memory_strides<T>(shape: &[usize], view: &ArrayViewD<'_, T>) -> Option<Vec<usize>> {
    view.as_slice_memory_order()?;
    let stride = |(&extent, &stride): (&usize, &isize)| {
        if extent > 1 {
            usize::try_from(stride).ok()
        } else {
            Some(1)
        }
    };
    shape.iter().zip(view.strides()).map(stride).collect()
}

/// The elements of a view with its axes in `order`, row-major.
pub(super) fn copied<T: Copy>(view: &ArrayViewD<'_, T>, order: &[usize]) -> Vec<T> {
    view.view()
        .permuted_axes(IxDyn(order))
        .iter()
        .copied()
        .collect()
}

/// The elements of a view in flat order, if they lie so in memory.
pub(super) fn flat_slice<'a, T>(view: ArrayViewD<'a, T>, grouping: &Grouping) -> Option<&'a [T]> {
    let order = grouping.flat_order(view.ndim());
    view.permuted_axes(IxDyn(&order)).to_slice()
}
