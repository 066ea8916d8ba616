//! x^n for an integer n, by repeated squaring.
//!
//! About 2·log₂|n| multiplications, each with a relative error of half an ulp that later squarings
//! double: at most |n|/2 ulp in all. A literal exponent unrolls. For n < 0 the result is 1/x^|n|.

use crate::rt::Float;

/// x^n; 1 for n = 0, whatever x is.
#[inline(always)]
pub fn powi<F: Float>(x: F, n: i32) -> F {
    let mut exponent = n.unsigned_abs();
    let mut square = x;
    let mut power = F::ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    if n < 0 { F::ONE / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::powi;

    #[test]
    fn powers() {
        assert_eq!(powi(3.0f64, 5), 243.0);
        assert_eq!(powi(-2.0f32, 3), -8.0);
        assert_eq!(powi(2.0f64, -3), 0.125);
        assert_eq!(powi(f64::NAN, 0), 1.0);
        assert_eq!(powi(0.0f64, -1), f64::INFINITY);
        assert_eq!(powi(1.0f32, i32::MIN), 1.0);
    }

    #[test]
    fn error_stays_within_half_an_ulp_per_factor() {
        for n in 1..40 {
            let error = (powi(1.1f64, n) / 1.1f64.powi(n) - 1.0).abs();
            assert!(error <= f64::from(n) * f64::EPSILON, "{n}: {error:e}");
        }
    }
}
