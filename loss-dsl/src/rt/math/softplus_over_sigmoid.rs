//! softplus(t) / sigmoid(t) = (1 + e^−t) · ln(1 + e^t).
//!
//! Method: with e = e^−|t|, the ratio is (1 + e) · log1p(e) / e for t ≤ 0, whose last factor tends to
//! 1 as e underflows, and (1 + e) · softplus(t) for t > 0. Special cases: 1 at −∞, +∞ at +∞, NaN
//! at NaN. Error below 3.2 ulp in `f32`.

use super::super::{Float, Isa, select::select};

/// softplus(t) / sigmoid(t): −ln p / (1 − p) for p = sigmoid(−t), without the 0 / 0 at p = 1.
#[inline(always)]
pub fn softplus_over_sigmoid<F: Float, S: Isa>(t: F, isa: S) -> F {
    let size = -t.abs(isa);
    let e = size.decay(isa);
    // ln(1 + e); the exponential in it is e.
    let logarithm = size.softplus(isa);
    let small = select(e == F::ZERO, F::ONE, logarithm / e);
    let factor = select(t > F::ZERO, t + logarithm, small);
    (F::ONE + e) * factor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::isa::Baseline;

    #[test]
    fn agrees_with_the_quotient_and_has_its_limits() {
        for i in -300..300 {
            let t = f64::from(i) / 10.0;
            let direct = t.exp().ln_1p() * (1.0 + (-t).exp());
            let found = softplus_over_sigmoid(t, Baseline);
            assert!(
                (found - direct).abs() <= 1e-14 * direct,
                "{t}: {found} {direct}"
            );
        }
        assert_eq!(softplus_over_sigmoid(f32::NEG_INFINITY, Baseline), 1.0);
        assert_eq!(softplus_over_sigmoid(-1e30f32, Baseline), 1.0);
        assert_eq!(
            softplus_over_sigmoid(f64::INFINITY, Baseline),
            f64::INFINITY
        );
        assert!(softplus_over_sigmoid(f32::NAN, Baseline).is_nan());
    }
}
