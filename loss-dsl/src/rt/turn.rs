//! Rows into lanes and back: blocks of [`LANES`] rows, turned from row after row to position after position.
//!
//! A row-major block, seen as one run of memory, is turned by shuffling it like a deck of cards: interleaving its two
//! halves moves the highest bit of the row's number below the column's, interleaving its quarters the two highest;
//! after the five bits of a row's number, rows have become lanes. Each shuffle is a loop that the compiler
//! makes vectors of, for every instruction set and number of columns (about one instruction for an element in all),
//! where single elements would be moved with a load and a store each. The way back deals the cards out.

use super::isa::LANES;
use super::lanes::row_lanes;

const _: () = assert!(LANES == 4 * 4 * 2);

/// Lane `i` of `block[c]` becomes element `at + i·step + c·stride` of `data` for the first `count` rows; the other
/// lanes repeat the last one. `spare` is memory of at least the block's size.
///
/// # Panics
/// If an element lies outside `data`, or `count` is 0 or more than [`LANES`].
#[inline(always)]
pub fn rows_to_lanes<T: Copy>(
    block: &mut [[T; LANES]],
    spare: &mut [[T; LANES]],
    data: &[T],
    at: usize,
    (step, stride): (usize, usize),
    count: usize,
) {
    let len = block.len();
    if stride != 1 || len <= 1 {
        for (c, lanes) in block.iter_mut().enumerate() {
            *lanes = row_lanes(data, at + c * stride, step, count);
        }
        return;
    }
    let block = block.as_flattened_mut();
    let spare = &mut spare.as_flattened_mut()[..len * LANES];
    if step == len && count == LANES {
        interleave_quarters(&data[at..][..len * LANES], block);
    } else {
        for (i, row) in spare.chunks_exact_mut(len).enumerate() {
            row.copy_from_slice(&data[at + i.min(count - 1) * step..][..len]);
        }
        interleave_quarters(spare, block);
    }
    shuffle(block, spare);
}

/// The same for rows that are in `spare` already, one after the other.
pub(super) fn spare_to_lanes<T: Copy>(block: &mut [[T; LANES]], spare: &mut [[T; LANES]]) {
    let len = block.len();
    let block = block.as_flattened_mut();
    let spare = &mut spare.as_flattened_mut()[..len * LANES];
    interleave_quarters(spare, block);
    shuffle(block, spare);
}

/// All but the first step of the way.
#[inline(always)]
fn shuffle<T: Copy>(block: &mut [T], spare: &mut [T]) {
    interleave_quarters(block, spare);
    interleave_halves(spare, block);
}

/// The way back: row `i` of `rows`, row-major, becomes lane `i` of `block`. The contents of `block` and `spare` are lost.
#[inline(always)]
pub(super) fn lanes_to_rows<T: Copy>(
    block: &mut [[T; LANES]],
    spare: &mut [[T; LANES]],
    rows: &mut [T],
) {
    unshuffle(block, spare);
    deal_to_quarters(block.as_flattened(), rows);
}

/// The same with the rows in `spare`, which are returned.
#[inline(always)]
pub(super) fn lanes_to_spare<'s, T: Copy>(
    block: &mut [[T; LANES]],
    spare: &'s mut [[T; LANES]],
) -> &'s [T] {
    unshuffle(block, spare);
    let rows = &mut spare.as_flattened_mut()[..block.len() * LANES];
    deal_to_quarters(block.as_flattened(), rows);
    rows
}

/// All but the last step of the way back.
#[inline(always)]
fn unshuffle<T: Copy>(block: &mut [[T; LANES]], spare: &mut [[T; LANES]]) {
    let spare = &mut spare.as_flattened_mut()[..block.len() * LANES];
    let block = block.as_flattened_mut();
    deal_to_halves(block, spare);
    deal_to_quarters(spare, block);
}

// One slice and offsets into it, not the parts as slices of their own: the compiler has to prove that what is
// written is not what is read, and gives up on more pointers.

#[inline(always)]
fn interleave_halves<T: Copy>(from: &[T], to: &mut [T]) {
    let half = from.len() / 2;
    let (from, to) = (&from[..2 * half], &mut to[..2 * half]);
    for i in 0..half {
        to[2 * i] = from[i];
        to[2 * i + 1] = from[half + i];
    }
}

#[inline(always)]
fn interleave_quarters<T: Copy>(from: &[T], to: &mut [T]) {
    let quarter = from.len() / 4;
    let (from, to) = (&from[..4 * quarter], &mut to[..4 * quarter]);
    for i in 0..quarter {
        to[4 * i] = from[i];
        to[4 * i + 1] = from[quarter + i];
        to[4 * i + 2] = from[2 * quarter + i];
        to[4 * i + 3] = from[3 * quarter + i];
    }
}

#[inline(always)]
fn deal_to_halves<T: Copy>(from: &[T], to: &mut [T]) {
    let half = from.len() / 2;
    let (from, to) = (&from[..2 * half], &mut to[..2 * half]);
    for i in 0..half {
        to[i] = from[2 * i];
        to[half + i] = from[2 * i + 1];
    }
}

#[inline(always)]
fn deal_to_quarters<T: Copy>(from: &[T], to: &mut [T]) {
    let quarter = from.len() / 4;
    let (from, to) = (&from[..4 * quarter], &mut to[..4 * quarter]);
    for i in 0..quarter {
        to[i] = from[4 * i];
        to[quarter + i] = from[4 * i + 1];
        to[2 * quarter + i] = from[4 * i + 2];
        to[3 * quarter + i] = from[4 * i + 3];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_turn_there_and_back() {
        for len in [1, 2, 3, 10, 33] {
            for (step, stride) in [(len, 1), (len + 2, 1), (1, LANES), (3, 100)] {
                let data: Vec<f32> = (0..LANES * 110).map(|i| i as f32).collect();
                for count in [1, 7, LANES] {
                    let mut block = vec![[0.0; LANES]; len];
                    let mut spare = vec![[0.0; LANES]; len + 1];
                    rows_to_lanes(&mut block, &mut spare, &data, 5, (step, stride), count);
                    let expected =
                        |i: usize, c: usize| data[5 + i.min(count - 1) * step + c * stride];
                    for (c, lanes) in block.iter().enumerate() {
                        for (i, &lane) in lanes.iter().enumerate() {
                            assert_eq!(lane, expected(i, c));
                        }
                    }
                    let mut rows = vec![0.0; len * LANES];
                    lanes_to_rows(&mut block.clone(), &mut spare.clone(), &mut rows);
                    assert_eq!(lanes_to_spare(&mut block, &mut spare), rows);
                    for (i, row) in rows.chunks_exact(len).enumerate() {
                        for (c, &x) in row.iter().enumerate() {
                            assert_eq!(x, expected(i, c));
                        }
                    }
                }
            }
        }
    }
}
