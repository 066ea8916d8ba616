//! Totals of lane arrays.
//!
//! Emitted loops keep [`LANES`] independent accumulators; these functions fold them to one value
//! by halving: lane `i` with lane `i + 16`, then `i + 8`, …, `i + 1`. The order is fixed, so a
//! result does not depend on the instruction set's vector length, and each step is one vector
//! operation. Sums of `f32` are carried in `f64`: the accumulators already hold rounded partial
//! sums, the fold adds no further error worth mentioning.

use super::{Float, LANES};

/// Folds the lanes by halving.
#[inline(always)]
fn fold<T: Copy>(mut lanes: [T; LANES], combine: impl Fn(T, T) -> T) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = combine(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// The sum of the lanes, in `f64`.
#[inline(always)]
pub fn total_f64<F: Float>(lanes: &[F; LANES]) -> f64 {
    // From memory: else the order of this fold would decide which lanes share a vector in the loop before it.
    let lanes = std::hint::black_box(lanes);
    let mut wide = [0.0; LANES];
    for (wide, lane) in wide.iter_mut().zip(lanes) {
        *wide = lane.to_f64();
    }
    fold(wide, |a, b| a + b)
}

/// The sum of the lanes, carried in `f64` and rounded once.
#[inline(always)]
pub fn total<F: Float>(lanes: &[F; LANES]) -> F {
    F::from_f64(total_f64(lanes))
}

/// The largest lane; NaN if any lane is NaN.
#[inline(always)]
pub fn maximum<F: Float>(lanes: &[F; LANES]) -> F {
    fold(*lanes, F::larger)
}

/// The values of `tail`, filled up with `fill`: the last, partial step of a loop over lanes.
///
/// # Panics
/// If there are more than [`LANES`] values.
#[inline(always)]
pub fn padded<F: Float>(tail: &[F], fill: F) -> [F; LANES] {
    let mut lanes = [fill; LANES];
    lanes[..tail.len()].copy_from_slice(tail);
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_counts_once() {
        let lanes: [f32; LANES] = std::array::from_fn(|i| (1u32 << (i % 20)) as f32);
        let expected: f64 = lanes.iter().map(|&v| f64::from(v)).sum();
        assert_eq!(total_f64(&lanes), expected);
        assert_eq!(f64::from(total(&lanes)), expected);
    }

    #[test]
    fn sums_of_f32_are_carried_in_f64() {
        let mut lanes = [0.0f32; LANES];
        (lanes[0], lanes[7], lanes[21]) = (1e8, 1.0, -1e8);
        assert_eq!(total(&lanes), 1.0);
    }

    #[test]
    fn padding_fills_up() {
        let lanes = padded(&[1.0f32, 2.0], -1.0);
        assert_eq!(lanes[..3], [1.0, 2.0, -1.0]);
        assert_eq!(lanes[LANES - 1], -1.0);
    }

    #[test]
    fn the_maximum_is_found_in_every_lane_and_nan_propagates() {
        for i in 0..LANES {
            let mut lanes = [0.5f64; LANES];
            lanes[i] = 2.0;
            assert_eq!(maximum(&lanes), 2.0);
            lanes[i] = f64::NAN;
            assert!(maximum(&lanes).is_nan());
        }
    }
}
