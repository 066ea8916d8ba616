//! A seeded generator: splitmix64 (Steele, Lea and Flood 2014).
//!
//! One 64-bit counter and a mixing function, enough for weights and shuffles, and the same on every machine.

use ndarray::Array2;

/// A stream of random numbers that depends on the seed alone.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in (0, 1].
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `bound`; the bias of the multiplication is below bound / 2^64.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there is no number below 0");
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A matrix of normal numbers with standard deviation `deviation`.
    pub fn matrix(&mut self, rows: usize, columns: usize, deviation: f64) -> Array2<f32> {
        Array2::from_shape_simple_fn((rows, columns), || (self.normal() * deviation) as f32)
    }

    /// The numbers below `len` in random order (Fisher and Yates).
    pub fn permutation(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for last in (1..len).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_published_sequence() {
        let mut random = Random::new(1_234_567);
        let first = [random.bits(), random.bits(), random.bits()];
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn permutations_hold_every_number_once() {
        let mut order = Random::new(3).permutation(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let values = Random::new(5).matrix(100, 100, 1.0);
        let mean = values.mean().expect("not empty");
        let variance = values
            .mapv(|v| (v - mean).powi(2))
            .mean()
            .expect("not empty");
        assert!(mean.abs() < 0.04, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.06, "variance {variance}");
    }
}
