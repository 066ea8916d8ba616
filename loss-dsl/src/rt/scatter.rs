//! Scatter-add: the adjoint of gathering rows.
//!
//! `x[N, D] = w[index[N], D]` reads a row of `w` for each n; its pull-back adds each cotangent row
//! to the row it was read from. Rows are added in ascending n, so repeated indices always meet in
//! the same order and the result does not depend on threads.

use super::{Float, Tile};

/// `out[index[n], :] += src[n, :]` for n in ascending order, rows of `len` values.
///
/// # Panics
/// If `src` is not `index.len()` rows, or an index is not a row of `out`.
pub fn scatter_add<F: Float>(out: &mut [F], len: usize, index: &[usize], src: &[F]) {
    assert_eq!(src.len(), index.len() * len, "one source row per index");
    if len == 0 {
        return;
    }
    for (&row, source) in index.iter().zip(src.chunks_exact(len)) {
        let target = &mut out[row * len..][..len];
        for (target, &value) in target.iter_mut().zip(source) {
            *target += value;
        }
    }
}

/// The rows of `out` that are in the tile, overwritten by what [`scatter_add`] would add to them.
///
/// # Panics
/// If `src` is not `index.len()` rows, or `out` not as many as the tile.
pub fn scatter_add_tile<F: Float>(
    tile: Tile,
    out: &mut [F],
    len: usize,
    index: &[usize],
    src: &[F],
) {
    assert_eq!(src.len(), index.len() * len, "one source row per index");
    assert_eq!(out.len(), tile.len * len, "a row per position of the tile");
    out.fill(F::ZERO);
    if len == 0 {
        return;
    }
    for (&row, source) in index.iter().zip(src.chunks_exact(len)) {
        let Some(row) = tile.within(row) else {
            continue;
        };
        let target = &mut out[row * len..][..len];
        for (target, &value) in target.iter_mut().zip(source) {
            *target += value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{scatter_add, scatter_add_tile};
    use crate::rt::Tile;

    #[test]
    fn tiles_together_are_the_whole() {
        let (index, src) = ([2, 0, 2, 4], [1.0, 2.0, 10.0, 20.0, 100.0, 200.0, 7.0, 8.0]);
        let mut whole = [0.0f64; 10];
        scatter_add(&mut whole, 2, &index, &src);
        for (start, len) in [(0, 5), (0, 2), (2, 2), (4, 1)] {
            let mut out = vec![9.0; 2 * len];
            let tile = Tile {
                start: 0,
                len,
                first: start,
            };
            scatter_add_tile(tile, &mut out, 2, &index, &src);
            assert_eq!(out, whole[2 * start..][..2 * len]);
        }
    }

    #[test]
    fn repeated_rows_add_up_and_others_stay() {
        let mut out = [1.0f64, 1.0, 2.0, 2.0, 3.0, 3.0];
        scatter_add(
            &mut out,
            2,
            &[2, 0, 2],
            &[1.0, 2.0, 10.0, 20.0, 100.0, 200.0],
        );
        assert_eq!(out, [11.0, 21.0, 2.0, 2.0, 104.0, 205.0]);
    }

    #[test]
    fn no_rows_and_empty_rows_change_nothing() {
        let mut out = [1.0f32; 4];
        scatter_add(&mut out, 2, &[], &[]);
        scatter_add(&mut out, 0, &[7, 9], &[]);
        assert_eq!(out, [1.0; 4]);
    }

    #[test]
    #[should_panic]
    fn an_index_outside_panics() {
        scatter_add(&mut [0.0f64; 4], 2, &[2], &[1.0, 1.0]);
    }
}
