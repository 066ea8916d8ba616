//! Tiles: an axis in pieces, and totals that go on from one piece to the next.
//!
//! A head of N samples and C classes has N·C logits, which no output is. Its kernel goes over the classes in tiles, so that
//! the logits of a tile stay in cache and memory does not grow with C. How an axis is cut depends on extents alone, so
//! results do not depend on the number of threads.
//!
//! A running sum is a pair: the sum in the number type of the kernel, and what its rounding lost. So the sum of many tiles is
//! as accurate as that of one.

use super::{Float, Isa};

/// Elements of all buffers of a tile together, about: a few megabytes, which the last-level cache holds.
const TILE_ELEMENTS: usize = 1 << 20;
/// Positions in a tile at least: below, matrix products are slow.
const TILE_LEAST: usize = 256;
/// Tiles are cut at multiples of this.
const TILE_ALIGN: usize = 64;

/// Neighbouring positions on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The first, in the arrays that are here.
    pub start: usize,
    /// How many.
    pub len: usize,
    /// The first, on the whole axis: elsewhere than `start` where other ranks have positions before.
    pub first: usize,
}

impl Tile {
    /// Where in the tile a position of the whole axis is, if it is in it.
    #[inline(always)]
    pub fn within(&self, position: usize) -> Option<usize> {
        let at = position.wrapping_sub(self.first);
        (at < self.len).then_some(at)
    }
}

/// An axis in tiles of equal length; the last may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    extent: usize,
    len: usize,
    first: usize,
}

impl Tiles {
    /// Cuts an axis. `elements` is what the buffers of a tile hold for each position; `asked` is the length that
    /// the caller wants, if any.
    pub fn new(extent: usize, elements: usize, asked: Option<usize>) -> Self {
        let by_size = (TILE_ELEMENTS / elements.max(1)).max(TILE_LEAST) / TILE_ALIGN * TILE_ALIGN;
        let most = asked.unwrap_or(by_size).max(1);
        // As few tiles as that length asks for, all of about the same length.
        let count = extent.div_ceil(most).max(1);
        let len = extent.div_ceil(count);
        let len = if asked.is_none() && count > 1 {
            len.next_multiple_of(TILE_ALIGN)
        } else {
            len
        };
        Self {
            extent,
            len,
            first: 0,
        }
    }

    /// The axis as a single tile.
    pub fn whole(extent: usize) -> Self {
        Self {
            extent,
            len: extent,
            first: 0,
        }
    }

    /// The tiles of what begins at the position `first` of the whole axis.
    #[must_use]
    pub fn from(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Positions in a tile, but for the last.
    #[allow(
        clippy::len_without_is_empty,
        reason = "the length of a tile, which is never empty"
    )]
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many tiles there are.
    pub fn count(&self) -> usize {
        self.extent.div_ceil(self.len.max(1))
    }

    /// The tiles in order.
    pub fn iter(&self) -> impl Iterator<Item = Tile> + use<> {
        let Self { extent, len, first } = *self;
        (0..extent).step_by(len.max(1)).map(move |start| Tile {
            start,
            len: len.min(extent - start),
            first: first + start,
        })
    }
}

/// A sum as a number of the kernel's type and what rounding it lost.
#[inline(always)]
pub fn halves<F: Float>(sum: f64) -> (F, F) {
    let high = F::from_f64(sum);
    let lost = sum - high.to_f64();
    // Where the sum is not finite, or its rounding is not, nothing is lost that could be made up for.
    let lost = if lost.is_finite() { lost } else { 0.0 };
    (high, F::from_f64(lost))
}

/// A running sum of `e^(f − before)` as the sum of `e^(f − now)`.
#[inline(always)]
pub fn rescaled<F: Float, S: Isa>(isa: S, sum: F, rest: F, before: F, now: F) -> f64 {
    if sum == F::ZERO {
        // Nothing so far: what it would be scaled by may be anything.
        return 0.0;
    }
    let sum = sum.to_f64() + rest.to_f64();
    if before == now {
        return sum;
    }
    sum * Float::exp(before.to_f64() - now.to_f64(), isa)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::{Kernel, dispatch};

    #[test]
    fn tiles_cover_the_axis_in_order() {
        for (extent, elements, asked) in [
            (1, 1, None),
            (100_000, 1024, None),
            (100_000, 1 << 22, None),
            (1000, 64, Some(7)),
            (5, 1, Some(100)),
            (0, 1, None),
        ] {
            let tiles = Tiles::new(extent, elements, asked);
            let all: Vec<Tile> = tiles.iter().collect();
            assert_eq!(all.len(), tiles.count());
            let mut next = 0;
            for tile in &all {
                assert_eq!(tile.start, next);
                assert!(0 < tile.len && tile.len <= tiles.len());
                next += tile.len;
            }
            assert_eq!(next, extent);
        }
    }

    #[test]
    fn positions_are_within_one_tile() {
        let first_of = |tiles: Tiles| tiles.iter().nth(2).expect("three tiles");
        let tile = first_of(Tiles::new(15, 1, Some(5)));
        let found: Vec<_> = (0..20).filter_map(|i| tile.within(i)).collect();
        assert_eq!(found, [0, 1, 2, 3, 4]);
        assert_eq!(tile.first, 10);
        let shifted = first_of(Tiles::new(15, 1, Some(5)).from(100));
        assert_eq!((shifted.start, shifted.first), (10, 110));
        assert_eq!(shifted.within(10), None);
        assert_eq!(shifted.within(112), Some(2));
    }

    #[test]
    fn halves_are_the_sum() {
        let (high, lost) = halves::<f32>(1.0 + 1e-9);
        assert_eq!(high, 1.0);
        assert!((f64::from(lost) - 1e-9).abs() < 1e-16);
        assert_eq!(halves::<f32>(f64::INFINITY), (f32::INFINITY, 0.0));
        assert_eq!(halves::<f32>(1e300), (f32::INFINITY, 0.0));
        assert_eq!(halves::<f64>(0.1), (0.1, 0.0));
    }

    struct Rescaled(f32, f32, f32);
    impl Kernel for Rescaled {
        type Out = f64;
        #[inline(always)]
        fn run<S: Isa>(self, isa: S) -> f64 {
            rescaled(isa, self.0, 0.0, self.1, self.2)
        }
    }

    #[test]
    fn sums_shrink_as_the_shift_grows() {
        assert_eq!(dispatch(Rescaled(2.0, 3.0, 3.0)), 2.0);
        let halved = dispatch(Rescaled(2.0, 0.0, 2f32.ln()));
        assert!((halved - 1.0).abs() < 1e-6);
        assert_eq!(dispatch(Rescaled(0.0, 0.0, -1e4)), 0.0);
        assert_eq!(dispatch(Rescaled(1.0, -1e30, 1e30)), 0.0);
    }
}
