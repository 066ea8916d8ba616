//! Where the elements of a tensor lie.
//!
//! Element (i₀, i₁, …) lies at Σₐ at(a, iₐ), where at(a, i) = i·strideₐ, except on the one axis that
//! may be *split*: [N, C, H, W] given where [N, C] is declared makes N stand for the pair
//! (n, h·W + w), and at(N, i) = (i / inner)·outer + (i mod inner)·stride with inner = H·W. So a
//! segmentation loss reads its logits where they are.

use super::RowLayout;

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

    /// The tensor as rows of a [`Target`]: a row is one combination of indices on the axes `rows`,
    /// row-major in the order given, its values run over the axes `columns`. None where memory
    /// does not follow so few strides. Axes in neither list are at index 0.
    pub fn row_layout(&self, rows: &[usize], columns: &[usize]) -> Option<RowLayout> {
        let (len, stride) = match self.merged(columns)[..] {
            [] => (1, 1),
            [column] => column,
            _ => return None,
        };
        let (inner, inner_stride, outer_stride) = match self.merged(rows)[..] {
            [] => (usize::MAX, 0, 0),
            [(_, row_stride)] => (usize::MAX, row_stride, 0),
            [(_, outer_stride), (inner, inner_stride)] => (inner, inner_stride, outer_stride),
            _ => return None,
        };
        Some(RowLayout {
            len,
            stride,
            inner,
            inner_stride,
            outer_stride,
        })
    }

    /// Extents and strides of `axes`, outermost first, with neighbours joined where one stride
    /// serves both.
    fn merged(&self, axes: &[usize]) -> Vec<(usize, usize)> {
        let mut merged: Vec<(usize, usize)> = Vec::new();
        let mut join = |extent: usize, stride: usize| match merged.last_mut() {
            _ if extent == 1 => {}
            Some((inner, inner_stride)) if stride == *inner * *inner_stride => *inner *= extent,
            _ => merged.push((extent, stride)),
        };
        for &axis in axes.iter().rev() {
            let own = self.split.filter(|split| split.axis == axis);
            let inner = own.map_or(self.shape[axis], |split| split.inner);
            join(inner, self.strides[axis]);
            if let Some(split) = own {
                join(self.shape[axis] / split.inner, split.outer_stride);
            }
        }
        merged.reverse();
        merged
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element that `row_layout` reaches is the one that `at` reaches.
    fn rows_agree(layout: &Layout, rows: &[usize], columns: &[usize]) {
        let as_rows = layout.row_layout(rows, columns).expect("addressable");
        let extent = |axes: &[usize]| {
            axes.iter()
                .map(|&axis| layout.shape()[axis])
                .product::<usize>()
        };
        let offset = |axes: &[usize], mut place: usize| {
            let mut offset = 0;
            for &axis in axes.iter().rev() {
                offset += layout.at(axis, place % layout.shape()[axis]);
                place /= layout.shape()[axis];
            }
            offset
        };
        assert_eq!(as_rows.len, extent(columns));
        for n in 0..extent(rows) {
            for c in 0..as_rows.len {
                let expected = offset(rows, n) + offset(columns, c);
                assert_eq!(
                    as_rows.base(n) + c * as_rows.stride,
                    expected,
                    "row {n}, column {c}"
                );
            }
        }
    }

    #[test]
    fn row_layouts_reach_what_indices_reach() {
        // [N, C] from row-major [2, 3, 4, 5].
        let split = Split {
            axis: 0,
            inner: 20,
            outer_stride: 60,
        };
        let pixels = Layout::strided(vec![40, 3], vec![1, 20], Some(split));
        rows_agree(&pixels, &[0], &[1]);
        let cube = Layout::row_major(&[2, 3, 4]);
        for (rows, columns) in [
            (&[0][..], &[1, 2][..]),
            (&[0, 1], &[2]),
            (&[0, 2], &[1]),
            (&[2, 0], &[1]),
            (&[0, 1, 2], &[]),
            (&[], &[0, 1, 2]),
        ] {
            rows_agree(&cube, rows, columns);
        }
        assert_eq!(cube.row_layout(&[1], &[0, 2]), None);
    }
}
