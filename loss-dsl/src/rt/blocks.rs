//! Blocks of lanes: how emitted loops read and write slices.
//!
//! A loop handles [`LANES`] elements at a time as arrays of that length, which the compiler keeps in
//! vector registers. The rest of a slice is one more block, filled up on reading and cut off on
//! writing, so that there is one body of code for both.

use super::{Float, LANES};

/// The full blocks of `row`, in order.
#[inline(always)]
pub fn blocks<T>(row: &[T]) -> core::slice::Iter<'_, [T; LANES]> {
    row.as_chunks().0.iter()
}

/// The full blocks of `row`, in order, to be written.
#[inline(always)]
pub fn blocks_mut<T>(row: &mut [T]) -> core::slice::IterMut<'_, [T; LANES]> {
    row.as_chunks_mut().0.iter_mut()
}

/// What is left of `row` at `from`, less than a block, filled up.
#[inline(always)]
pub fn padded_lanes<T: Copy>(row: &[T], from: usize, fill: T) -> [T; LANES] {
    let rest = &row[from..];
    let mut block = [fill; LANES];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Writes a block at `from`, as much of it as the row has room for.
#[inline(always)]
pub fn write_lanes<T: Copy>(row: &mut [T], from: usize, block: &[T; LANES]) {
    let rest = &mut row[from..];
    match rest.first_chunk_mut() {
        Some(full) => *full = *block,
        None => rest.copy_from_slice(&block[..rest.len()]),
    }
}

/// Adds a block to an accumulator at `from`, as much of it as there is room for.
#[inline(always)]
pub fn fold_sum_lanes<F: Float>(row: &mut [f64], from: usize, block: &[F; LANES]) {
    for (sum, &value) in row[from..].iter_mut().zip(block) {
        *sum += value.to_f64();
    }
}

/// Takes the maximum of an accumulator at `from` and a block; NaN if either is NaN.
#[inline(always)]
pub fn fold_max_lanes<F: Float>(row: &mut [f64], from: usize, block: &[F; LANES]) {
    for (largest, &value) in row[from..].iter_mut().zip(block) {
        *largest = largest.larger(value.to_f64());
    }
}

/// `a` if the condition holds, `b` otherwise; both are computed, so that lanes need no branches. The
/// one that is not chosen has no effect, be it infinite or NaN.
#[inline(always)]
pub fn select<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_filled_up_and_cut_off() {
        let row: Vec<usize> = (0..LANES + 3).collect();
        assert_eq!(blocks(&row).count(), 1);
        let rest = padded_lanes(&row, LANES, 7);
        assert_eq!(rest[..5], [LANES, LANES + 1, LANES + 2, 7, 7]);
        let mut out = vec![0; LANES + 3];
        blocks_mut(&mut out)
            .zip(blocks(&row))
            .for_each(|(to, from)| *to = *from);
        write_lanes(&mut out, LANES, &rest);
        assert_eq!(out, row);
    }

    #[test]
    fn accumulators_keep_nan() {
        let mut largest = [f64::NEG_INFINITY, 2.0, f64::NAN];
        let mut block = [1.0f32; LANES];
        block[1] = f32::NAN;
        fold_max_lanes(&mut largest, 0, &block);
        assert_eq!(largest[0], 1.0);
        assert!(largest[1].is_nan() && largest[2].is_nan());
    }
}
