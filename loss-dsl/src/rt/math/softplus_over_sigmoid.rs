//! softplus(t) / sigmoid(t) = (1 + e^−t) · ln(1 + e^t).
//!
//! Method: with e = e^−|t|, the ratio is (1 + e) · log1p(e) / e for t ≤ 0, whose last factor tends to
//! 1 as e underflows, and (1 + e) · softplus(t) for t > 0. Special cases: 1 at −∞, +∞ at +∞, NaN
//! at NaN. Error: that of its factors, a few units in the last place.

use super::super::{Float, Isa, blocks::select};

/// softplus(t) / sigmoid(t): −ln p / (1 − p) for p = sigmoid(−t), without the 0 / 0 at p = 1.
#[inline(always)]
pub fn softplus_over_sigmoid<F: Float, S: Isa>(t: F, isa: S) -> F {
    let e = (-t.abs(isa)).exp(isa);
    let small = e.log1p(isa) / e;
    let small = select(e == F::ZERO, F::ONE, small);
    let factor = select(t > F::ZERO, t.softplus(isa), small);
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
