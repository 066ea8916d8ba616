//! Totals that a loop keeps in lanes, a block of values at a time.
//!
//! Each step is a loop with one operation in it, over arrays: that, compilers make vectors of on every instruction set.
//! Comparisons for NaN beside a maximum, and those beside other work, they do not.

#![allow(
    clippy::needless_range_loop,
    reason = "several arrays at one position, which is what becomes a vector"
)]

use super::reduce::padded;
use super::{Float, LANES};

/// Values of a row that a loop computes before totals are taken of them: they stay in the first-level cache.
pub const STRIP: usize = 1024;

/// Adds values to sums: value i to sum i modulo [`LANES`].
#[inline(always)]
pub fn add<F: Float>(sum: &mut [F; LANES], terms: &[F]) {
    let (blocks, rest) = terms.as_chunks();
    let mut sums = *sum;
    for block in blocks {
        add_block(&mut sums, block);
    }
    if !rest.is_empty() {
        // A block like the others: single lanes would keep the compiler from making vectors of all.
        add_block(&mut sums, &padded(rest, F::ZERO));
    }
    *sum = sums;
}

#[inline(always)]
fn add_block<F: Float>(sum: &mut [F; LANES], terms: &[F; LANES]) {
    for i in 0..LANES {
        sum[i] += terms[i];
    }
}

/// Adds values to accumulators, element by element.
#[inline(always)]
pub fn fold_sum<F: Float>(sums: &mut [f64], values: &[F]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += value.to_f64();
    }
}

/// Takes the maximum of accumulators and values, element by element; NaN if either is NaN.
#[inline(always)]
pub fn fold_max<F: Float>(maxima: &mut [f64], values: &[F]) {
    for (largest, &value) in maxima.iter_mut().zip(values) {
        *largest = largest.larger(value.to_f64());
    }
}

/// Maxima of lanes; −∞ of nothing, NaN of anything with NaN.
#[derive(Clone, Copy, Debug)]
pub struct Largest<F> {
    /// Of what is not NaN.
    lanes: [F; LANES],
    /// NaN where one was met.
    met: [F; LANES],
}

impl<F: Float> Largest<F> {
    /// Of nothing.
    #[inline(always)]
    #[allow(clippy::new_without_default, reason = "made by generated code alone")]
    pub fn new() -> Self {
        Self {
            lanes: [F::NEG_INFINITY; LANES],
            met: [F::ZERO; LANES],
        }
    }

    /// Takes a block in.
    #[inline(always)]
    pub fn take(&mut self, values: &[F; LANES]) {
        for i in 0..LANES {
            self.lanes[i] = if values[i] > self.lanes[i] {
                values[i]
            } else {
                self.lanes[i]
            };
        }
        for i in 0..LANES {
            self.met[i] = if values[i].is_nan() {
                values[i]
            } else {
                self.met[i]
            };
        }
    }

    /// The maximum of each lane.
    #[inline(always)]
    pub fn lanes(&self) -> [F; LANES] {
        let mut lanes = self.lanes;
        for i in 0..LANES {
            if self.met[i].is_nan() {
                lanes[i] = self.met[i];
            }
        }
        lanes
    }
}

/// Sums of lanes, in `f64`: each lane adds up a whole row. (Adding even four terms in `f32` first is faster where vectors are
/// short, but makes the cosine of short vectors half an ulp less exact.)
#[derive(Clone, Copy, Debug)]
pub struct Sums([f64; LANES]);

impl Sums {
    /// Of nothing.
    #[inline(always)]
    #[allow(clippy::new_without_default, reason = "made by generated code alone")]
    pub fn new() -> Self {
        Self([0.0; LANES])
    }

    /// Adds a block.
    #[inline(always)]
    pub fn add<F: Float>(&mut self, terms: &[F; LANES]) {
        for i in 0..LANES {
            self.0[i] += terms[i].to_f64();
        }
    }

    /// The sum of each lane, rounded once.
    #[inline(always)]
    pub fn lanes<F: Float>(&self) -> [F; LANES] {
        let mut lanes = [F::ZERO; LANES];
        for i in 0..LANES {
            lanes[i] = F::from_f64(self.0[i]);
        }
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::reduce::total_f64;

    fn block(of: impl Fn(usize) -> f32) -> [f32; LANES] {
        std::array::from_fn(of)
    }

    #[test]
    fn maxima_keep_nan_and_start_below_everything() {
        let mut largest = Largest::new();
        assert_eq!(largest.lanes(), [f32::NEG_INFINITY; LANES]);
        largest.take(&block(|i| i as f32));
        largest.take(&block(|i| -(i as f32)));
        assert_eq!(largest.lanes(), block(|i| i as f32));
        largest.take(&block(|i| if i == 5 { -f32::NAN } else { 1e9 }));
        largest.take(&block(|_| 1e10));
        assert!(largest.lanes()[5].is_nan());
        assert_eq!(largest.lanes()[4], 1e10);
    }

    #[test]
    fn sums_of_many_blocks_lose_nothing_to_their_length() {
        let mut sums = Sums::new();
        for _ in 0..1_000_003 {
            sums.add(&block(|i| 0.1 * i as f32));
        }
        for (i, &sum) in sums.lanes::<f32>().iter().enumerate() {
            let exact = 1_000_003.0 * f64::from(0.1 * i as f32);
            assert!((f64::from(sum) - exact).abs() <= exact * 4e-7, "{i}: {sum}");
        }
    }

    #[test]
    fn every_value_is_added_once() {
        let values: Vec<f32> = (0..LANES as u16 * 2 + 5).map(f32::from).collect();
        let mut sum = [0.0; LANES];
        add(&mut sum, &values);
        assert_eq!(sum[0], 0.0 + 32.0 + 64.0);
        assert_eq!(sum[5], 5.0 + 37.0);
        assert_eq!(total_f64(&sum), f64::from(values.iter().sum::<f32>()));
    }

    #[test]
    fn accumulators_keep_nan() {
        let mut largest = [f64::NEG_INFINITY, 2.0, f64::NAN];
        fold_max(&mut largest, &[1.0f32, f32::NAN, 1.0]);
        assert_eq!(largest[0], 1.0);
        assert!(largest[1].is_nan() && largest[2].is_nan());
        let mut sums = [1.0, 2.0];
        fold_sum(&mut sums, &[0.5f32, 0.25]);
        assert_eq!(sums, [1.5, 2.25]);
    }
}
