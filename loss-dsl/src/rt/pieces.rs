//! Loops within a row in pieces: the work of a row that is long enough for several threads.
//!
//! A batch of one row with a million classes is one row of work. Each loop over its classes is a function of a piece of
//! them; pieces go to whatever threads are free, and their totals are joined in the order of the classes.
//!
//! Invariant: pieces are cut by the length of the axis alone. Results are therefore the same for any number of threads and
//! in any batch.

use super::Float;
use super::isa::{Isa, Kernel};
use super::join::{Join, cut_each, join};
use super::totals::STRIP;

/// Positions in a piece, if there are several.
const PIECE: usize = 64 * STRIP;

/// What the loop over a piece writes to.
#[derive(Debug)]
pub struct Places<'a, F, const K: usize, const M: usize> {
    /// Memory for strips of its own.
    pub memory: &'a mut [F],
    /// An element for each position.
    pub written: [&'a mut [F]; K],
    /// An accumulator for each position.
    pub folded: [&'a mut [f64]; M],
}

/// Calls `body` for all of `extent` positions: with the first position of each piece, their number, and what it writes to.
/// The totals of pieces are joined as `joins` say.
///
/// # Panics
/// If there are several pieces and a place has not as many elements as there are positions.
#[inline(always)]
pub fn in_pieces<F, S, B, const T: usize, const K: usize, const M: usize>(
    isa: S,
    extent: usize,
    joins: [Join; T],
    places: Places<'_, F, K, M>,
    body: B,
) -> [f64; T]
where
    F: Float,
    S: Isa,
    B: Fn(usize, usize, Places<'_, F, K, M>) -> [f64; T] + Sync,
{
    let body = &body;
    let run = move |start: usize, extent: usize, places: Places<'_, F, K, M>| {
        isa.enter(Piece {
            start,
            extent,
            places,
            body,
        })
    };
    if extent < 2 * PIECE {
        run(0, extent, places)
    } else {
        cut(0, extent, joins, places, &run)
    }
}

/// The work on a piece: the first position, their number, and what it writes to.
type Run<'r, F, const T: usize, const K: usize, const M: usize> =
    dyn Fn(usize, usize, Places<'_, F, K, M>) -> [f64; T] + Sync + 'r;

/// Halves of what is longer than a piece, in parallel. (The work is behind a pointer, so that there is one such function
/// for all loops of a kind: pieces are long, and compiling is not free.)
fn cut<F: Float, const T: usize, const K: usize, const M: usize>(
    start: usize,
    extent: usize,
    joins: [Join; T],
    places: Places<'_, F, K, M>,
    run: &Run<'_, F, T, K, M>,
) -> [f64; T] {
    if extent <= PIECE {
        return run(start, extent, places);
    }
    let Places {
        memory,
        written,
        folded,
    } = places;
    let middle = extent.div_ceil(2 * PIECE) * PIECE;
    let (low, high) = cut_each(written, |slice| slice.split_at_mut(middle));
    let (low_folded, high_folded) = cut_each(folded, |slice| slice.split_at_mut(middle));
    let mut own = vec![F::ZERO; memory.len()];
    let low = Places {
        memory,
        written: low,
        folded: low_folded,
    };
    let high = Places {
        memory: &mut own,
        written: high,
        folded: high_folded,
    };
    let (mut totals, others) = join(
        || cut(start, middle, joins, low, run),
        || cut(start + middle, extent - middle, joins, high, run),
    );
    for ((total, other), how) in totals.iter_mut().zip(others).zip(joins) {
        *total = how.fold(*total, other);
    }
    totals
}

/// A piece as a [`Kernel`], so that it is compiled for the instruction set of the row that it is a part of.
struct Piece<'a, 'b, F, B, const K: usize, const M: usize> {
    start: usize,
    extent: usize,
    places: Places<'a, F, K, M>,
    body: &'b B,
}

impl<F, B, const T: usize, const K: usize, const M: usize> Kernel for Piece<'_, '_, F, B, K, M>
where
    F: Float,
    B: Fn(usize, usize, Places<'_, F, K, M>) -> [f64; T],
{
    type Out = [f64; T];
    #[inline(always)]
    fn run<S: Isa>(self, _isa: S) -> [f64; T] {
        (self.body)(self.start, self.extent, self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::dispatch;

    /// Writes the squares of the positions, counts them, and returns their number and the last one.
    struct Squares<'a> {
        squares: &'a mut [f32],
        counts: &'a mut [f64],
    }

    impl Kernel for Squares<'_> {
        type Out = [f64; 2];
        #[inline(always)]
        fn run<S: Isa>(self, isa: S) -> [f64; 2] {
            let mut memory = [0.0; 7];
            let places = Places {
                memory: &mut memory[..],
                written: [self.squares],
                folded: [self.counts],
            };
            let extent = places.written[0].len();
            in_pieces(
                isa,
                extent,
                [Join::Sum, Join::Max],
                places,
                |start, all, places| {
                    let Places {
                        memory,
                        written: [squares],
                        folded: [counts],
                    } = places;
                    assert_eq!((memory.len(), squares.len()), (7, all));
                    for i in 0..all {
                        squares[i] = ((start + i) as f32).powi(2);
                        counts[i] += 1.0;
                    }
                    [all as f64, (start + all - 1) as f64]
                },
            )
        }
    }

    #[test]
    fn pieces_cover_the_axis() {
        for extent in [1, 1000, 2 * PIECE - 1, 2 * PIECE, 5 * PIECE + 3] {
            let mut squares = vec![0.0; extent];
            let mut counts = vec![0.0; extent];
            let totals = dispatch(Squares {
                squares: &mut squares,
                counts: &mut counts,
            });
            assert_eq!(totals, [extent as f64, extent as f64 - 1.0]);
            assert!(counts.iter().all(|&count| count == 1.0));
            let right = |(i, &square): (usize, &f32)| square == (i as f32).powi(2);
            assert!(squares.iter().enumerate().all(right));
        }
    }
}
