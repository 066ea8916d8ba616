//! Disjoint rows of one buffer, to be written by several threads: the module for `unsafe`.
//!
//! Element (n, c) of a target lies at
//!
//! ```text
//! (n / inner) · outer_stride + (n mod inner) · inner_stride + c · stride
//! ```
//!
//! so that the rows of, say, an [N, C, H, W] gradient (n over N·H·W, c over C) interleave and
//! cannot be cut with `split_at_mut`. [`Rows`] owns a range of such rows.
//!
//! Invariant, asserted once at construction: that map is injective on the rows and columns, and
//! stays inside the buffer. Ranges are only ever split, never copied; so two [`Rows`] never reach
//! the same element, and each behaves as a `&mut` to its own elements.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ops::Range;

/// Where the values of row n lie in a flat buffer; strides are in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLayout {
    /// Values in a row.
    pub len: usize,
    /// Distance between neighbouring values of a row.
    pub stride: usize,
    /// Rows that are `inner_stride` apart before the next step of `outer_stride`; at least 1.
    pub inner: usize,
    /// Distance between neighbouring rows.
    pub inner_stride: usize,
    /// Distance between row n and row n + `inner`.
    pub outer_stride: usize,
}

impl RowLayout {
    /// Row-major rows of `len` values without gaps.
    pub fn contiguous(len: usize) -> Self {
        Self {
            len,
            stride: 1,
            inner: usize::MAX,
            inner_stride: len,
            outer_stride: 0,
        }
    }

    /// The offset of the first value of row n.
    #[inline(always)]
    pub fn base(&self, n: usize) -> usize {
        if n < self.inner {
            // The usual case, without a division.
            n * self.inner_stride
        } else {
            (n / self.inner) * self.outer_stride + (n % self.inner) * self.inner_stride
        }
    }

    /// Whether every row is a slice.
    #[inline(always)]
    pub(super) fn has_slices(&self) -> bool {
        self.stride == 1 || self.len <= 1
    }

    /// Asserts that `rows` rows lie within `size` elements and share none.
    fn assert_disjoint(&self, rows: usize, size: usize) {
        if rows == 0 || self.len == 0 {
            return;
        }
        assert!(self.inner > 0, "an inner extent of 0");
        let outer = rows.div_ceil(self.inner);
        let mut axes = [
            (self.stride, self.len),
            (self.inner_stride, self.inner.min(rows)),
            (self.outer_stride, outer),
        ];
        axes.sort_unstable();
        // Each axis must step over everything that the finer ones reach.
        let mut reach = 1usize;
        for (stride, extent) in axes {
            if extent > 1 {
                assert!(stride >= reach, "rows overlap: {self:?}");
                reach = (extent - 1)
                    .checked_mul(stride)
                    .and_then(|last| last.checked_add(reach))
                    .expect("a row lies outside any buffer");
            }
        }
        assert!(
            reach <= size,
            "{rows} rows of {self:?} exceed {size} values"
        );
    }
}

/// Exclusive access to a range of the rows of a buffer.
pub(super) struct Rows<'a, F> {
    data: *mut F,
    layout: RowLayout,
    range: Range<usize>,
    buffer: PhantomData<&'a mut [F]>,
}

// SAFETY: a `Rows` is a `&mut` to its own elements (see the module), and no thread holds another.
unsafe impl<F: Send> Send for Rows<'_, F> {}

impl<'a, F: Copy> Rows<'a, F> {
    /// The first `rows` rows of `data`.
    ///
    /// # Panics
    /// If rows share elements or exceed the buffer.
    pub(super) fn new(data: &'a mut [F], rows: usize, layout: RowLayout) -> Self {
        layout.assert_disjoint(rows, data.len());
        Self {
            data: data.as_mut_ptr(),
            layout,
            range: 0..rows,
            buffer: PhantomData,
        }
    }

    /// How rows lie in the buffer.
    #[inline(always)]
    pub(super) fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// The rows before `n`, and those from `n` on.
    pub(super) fn split_at(self, n: usize) -> (Self, Self) {
        let Range { start, end } = self.range;
        assert!(start <= n && n <= end, "row {n} is not in {start}..{end}");
        let part = |range| Self { range, ..self };
        (part(start..n), part(n..end))
    }

    /// Row `n` as a slice.
    ///
    /// # Panics
    /// If the row is not in the range or not a slice.
    #[inline(always)]
    pub(super) fn row(&mut self, n: usize) -> &mut [F] {
        assert!(self.range.contains(&n) && self.layout.has_slices());
        if self.layout.len == 0 {
            return &mut [];
        }
        // SAFETY: row n is ours and its `len` values are consecutive, inside the buffer.
        unsafe {
            let first = self.data.add(self.layout.base(n));
            std::slice::from_raw_parts_mut(first, self.layout.len)
        }
    }

    /// The `count` rows from `n` on as one slice, if they are one.
    ///
    /// # Panics
    /// If a row is not in the range.
    #[inline(always)]
    pub(super) fn slice(&mut self, n: usize, count: usize) -> Option<&mut [F]> {
        let Range { start, end } = self.range;
        assert!(start <= n && n <= end && count <= end - n);
        let RowLayout {
            len,
            stride,
            inner,
            inner_stride,
            ..
        } = self.layout;
        if stride != 1 || inner_stride != len || len == 0 || count > inner - n % inner {
            return None;
        }
        // SAFETY: the rows are ours, and each begins where the one before it ends; so these are `count * len`
        // consecutive values inside the buffer.
        unsafe {
            let first = self.data.add(self.layout.base(n));
            Some(std::slice::from_raw_parts_mut(first, count * len))
        }
    }

    /// Writes column `c` of the rows from `n` on.
    ///
    /// # Panics
    /// If a row is not in the range or `c` is not in a row.
    #[inline(always)]
    pub(super) fn write_column(&mut self, n: usize, c: usize, values: &[F]) {
        let Range { start, end } = self.range;
        assert!(start <= n && n <= end && values.len() <= end - n);
        assert!(c < self.layout.len);
        let mut n = n;
        let mut values = values;
        while !values.is_empty() {
            // Up to the next outer step, rows are `inner_stride` apart.
            let run = values.len().min(self.layout.inner - n % self.layout.inner);
            let (now, later) = values.split_at(run);
            let first = self.layout.base(n) + c * self.layout.stride;
            let step = self.layout.inner_stride;
            // SAFETY: element (n + i, c) of a row of ours, inside the buffer; the two forms differ
            // only in the step, 1 in the first.
            unsafe {
                let first = self.data.add(first);
                if step == 1 {
                    first.copy_from_nonoverlapping(now.as_ptr(), run);
                } else {
                    for (i, &value) in now.iter().enumerate() {
                        first.add(i * step).write(value);
                    }
                }
            }
            n += run;
            values = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of an [outer, len, inner] array.
    fn interleaved(len: usize, inner: usize) -> RowLayout {
        RowLayout {
            len,
            stride: inner,
            inner,
            inner_stride: 1,
            outer_stride: len * inner,
        }
    }

    #[test]
    fn bases_follow_the_formula() {
        let layout = interleaved(3, 4);
        let bases: Vec<_> = (0..9).map(|n| layout.base(n)).collect();
        assert_eq!(bases, [0, 1, 2, 3, 12, 13, 14, 15, 24]);
        assert_eq!(RowLayout::contiguous(5).base(7), 35);
    }

    #[test]
    fn columns_cross_outer_steps() {
        let mut data = vec![0; 2 * 3 * 4];
        let rows = Rows::new(&mut data, 8, interleaved(3, 4));
        let (mut low, mut high) = rows.split_at(2);
        low.write_column(0, 1, &[1, 2]);
        high.write_column(2, 1, &[3, 4, 5, 6, 7]);
        let mut expected = vec![0; 24];
        expected[4..8].copy_from_slice(&[1, 2, 3, 4]);
        expected[16..19].copy_from_slice(&[5, 6, 7]);
        assert_eq!(data, expected);
    }

    #[test]
    fn slices_are_the_rows() {
        let mut data: Vec<usize> = (0..12).collect();
        let mut rows = Rows::new(&mut data, 4, RowLayout::contiguous(3));
        assert_eq!(rows.row(2), [6, 7, 8]);
    }

    #[test]
    fn neighbouring_rows_are_one_slice() {
        let mut data: Vec<usize> = (0..12).collect();
        let mut rows = Rows::new(&mut data, 4, RowLayout::contiguous(3));
        assert_eq!(rows.slice(1, 2).unwrap(), [3, 4, 5, 6, 7, 8]);
        let gaps = RowLayout {
            inner: 2,
            outer_stride: 7,
            ..RowLayout::contiguous(3)
        };
        let mut data: Vec<usize> = (0..13).collect();
        let mut rows = Rows::new(&mut data, 4, gaps);
        assert_eq!(rows.slice(2, 2).unwrap(), [7, 8, 9, 10, 11, 12]);
        assert_eq!(rows.slice(1, 2), None);
        let mut data = vec![0; 24];
        assert_eq!(Rows::new(&mut data, 8, interleaved(3, 4)).slice(0, 2), None);
    }

    #[test]
    #[should_panic]
    fn slices_of_the_other_half_are_out_of_reach() {
        let mut data = [0; 12];
        let (mut low, _high) = Rows::new(&mut data, 4, RowLayout::contiguous(3)).split_at(2);
        low.slice(1, 2);
    }

    #[test]
    #[should_panic(expected = "rows overlap")]
    fn overlapping_rows_are_refused() {
        let layout = RowLayout {
            inner_stride: 2,
            ..RowLayout::contiguous(3)
        };
        Rows::new(&mut [0; 100], 4, layout);
    }

    #[test]
    #[should_panic(expected = "exceed")]
    fn rows_outside_the_buffer_are_refused() {
        Rows::new(&mut [0; 23], 8, interleaved(3, 4));
    }

    #[test]
    #[should_panic]
    fn rows_of_the_other_half_are_out_of_reach() {
        let mut data = [0; 12];
        let (mut low, _high) = Rows::new(&mut data, 4, RowLayout::contiguous(3)).split_at(2);
        low.row(2);
    }

    #[test]
    #[should_panic]
    fn columns_of_the_other_half_are_out_of_reach() {
        let mut data = [0; 12];
        let (mut low, _high) = Rows::new(&mut data, 4, RowLayout::contiguous(3)).split_at(2);
        low.write_column(1, 0, &[1, 1]);
    }
}
