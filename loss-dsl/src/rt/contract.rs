//! Contractions: matrix products through faer, tiled so that threads cannot change a bit.
//!
//! The output is halved along its longer side until a tile is small, and tiles run in parallel,
//! each as one single-threaded product over the whole of k. An output that is too small to be cut
//! is a sum of products over parts of k, added in order. The cuts depend on the shape alone, so
//! every element is computed by the same operations whatever the number of threads.
//!
//! (Measured, `f32`, two threads: about the speed of faer's own threads on large outputs, two to
//! five times theirs where the output is small and k is long.)

use super::Float;
use faer::prelude::ReborrowMut;
use faer::{MatMut, MatRef};

/// Multiply-adds in a tile that are worth a task of their own (about 0.2 ms).
const TILE_WORK: usize = 1 << 24;
/// Parts of k at most, where k is cut.
const PARTS: usize = 64;
/// Tiles are cut at multiples of this, a multiple of every micro-kernel's height and width.
const TILE_ALIGN: usize = 96;

/// `out (+)= a · b`, with `out` m×n row-major, `a` m×k and `b` k×n.
///
/// Strides are `(row, column)`, in elements; one of each pair is 1, unless the extent it would
/// step over is at most 1. With `accumulate` the product is added to `out`, otherwise `out` is
/// overwritten. Empty extents are fine; k = 0 is a product of zeros.
///
/// # Panics
/// If `out` is not m·n long, a slice is too short for its shape, or neither stride of a pair is 1.
#[allow(clippy::too_many_arguments)]
pub fn contract<F: Float>(
    out: &mut [F],
    m: usize,
    n: usize,
    k: usize,
    a: &[F],
    a_strides: (usize, usize),
    b: &[F],
    b_strides: (usize, usize),
    accumulate: bool,
) {
    assert_eq!(out.len(), m * n, "the output must be {m}×{n}");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            out.fill(F::ZERO);
        }
        return;
    }
    let a = matrix(a, m, k, a_strides);
    let b = matrix(b, k, n, b_strides);
    tiles(
        MatMut::from_row_major_slice_mut(out, m, n),
        a,
        b,
        accumulate,
    );
}

/// Views `data` as a matrix; checks bounds.
fn matrix<F: Float>(
    data: &[F],
    rows: usize,
    cols: usize,
    (row_stride, col_stride): (usize, usize),
) -> MatRef<'_, F> {
    let needed = (rows - 1) * row_stride + (cols - 1) * col_stride + 1;
    assert!(
        data.len() >= needed,
        "{} values are too few for {rows}×{cols} with strides {row_stride}, {col_stride}",
        data.len(),
    );
    if col_stride == 1 || cols == 1 {
        MatRef::from_row_major_slice_with_stride(data, rows, cols, row_stride)
    } else {
        assert!(row_stride == 1 || rows == 1, "one stride must be 1");
        MatRef::from_column_major_slice_with_stride(data, rows, cols, col_stride)
    }
}

/// Halves the output until a tile is small.
fn tiles<F: Float>(out: MatMut<'_, F>, a: MatRef<'_, F>, b: MatRef<'_, F>, accumulate: bool) {
    let (m, n, k) = (out.nrows(), out.ncols(), a.ncols());
    let longer = m.max(n);
    if m * n * k <= TILE_WORK {
        return F::product(out, a, b, accumulate);
    }
    if longer <= TILE_ALIGN {
        return sum_of_parts(out, a, b, accumulate);
    }
    let cut = (longer / 2).next_multiple_of(TILE_ALIGN).min(longer);
    if m >= n {
        let (top, bottom) = out.split_at_row_mut(cut);
        let (a_top, a_bottom) = a.split_at_row(cut);
        both(
            || tiles(top, a_top, b, accumulate),
            || tiles(bottom, a_bottom, b, accumulate),
        );
    } else {
        let (left, right) = out.split_at_col_mut(cut);
        let (b_left, b_right) = b.split_at_col(cut);
        both(
            || tiles(left, a, b_left, accumulate),
            || tiles(right, a, b_right, accumulate),
        );
    }
}

/// Cuts k: the first part goes to `out`, the others to buffers that are then added in order.
fn sum_of_parts<F: Float>(
    mut out: MatMut<'_, F>,
    a: MatRef<'_, F>,
    b: MatRef<'_, F>,
    accumulate: bool,
) {
    let (m, n, k) = (out.nrows(), out.ncols(), a.ncols());
    let parts = (m * n * k).div_ceil(TILE_WORK).min(PARTS);
    let length = k.div_ceil(parts);
    let (a_first, a_rest) = a.split_at_col(length);
    let (b_first, b_rest) = b.split_at_row(length);
    let mut partials = vec![F::ZERO; (k - length).div_ceil(length) * m * n];
    both(
        || F::product(out.rb_mut(), a_first, b_first, accumulate),
        || parts_into(&mut partials, a_rest, b_rest, length, m * n),
    );
    for partial in partials.chunks_exact(m * n) {
        for (i, row) in partial.chunks_exact(n).enumerate() {
            for (j, &value) in row.iter().enumerate() {
                out[(i, j)] += value;
            }
        }
    }
}

/// The product over each `length` of k into each `size` of `partials`, halves in parallel.
fn parts_into<F: Float>(
    partials: &mut [F],
    a: MatRef<'_, F>,
    b: MatRef<'_, F>,
    length: usize,
    size: usize,
) {
    let parts = partials.len() / size;
    if parts <= 1 {
        if parts == 1 {
            let out = MatMut::from_row_major_slice_mut(partials, a.nrows(), b.ncols());
            F::product(out, a, b, false);
        }
        return;
    }
    let (low, high) = partials.split_at_mut(parts / 2 * size);
    let (a_low, a_high) = a.split_at_col(parts / 2 * length);
    let (b_low, b_high) = b.split_at_row(parts / 2 * length);
    both(
        || parts_into(low, a_low, b_low, length, size),
        || parts_into(high, a_high, b_high, length, size),
    );
}

#[cfg(feature = "parallel")]
use rayon::join as both;

#[cfg(not(feature = "parallel"))]
fn both(first: impl FnOnce(), second: impl FnOnce()) {
    first();
    second();
}

#[cfg(test)]
mod tests;
