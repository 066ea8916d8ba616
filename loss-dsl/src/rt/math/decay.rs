//! e^x for x ≤ 0: a weight relative to the largest one.
//!
//! As [`super::exp`], but results are at most 1, so the scale 2ⁿ⁺ᵏ with a suitable constant k is always a normal number: one factor
//! instead of two, and a multiplication by 2⁻ᵏ, where results underflow gradually.
//!
//! Error below 1.02 ulp in `f32`, 1.1 in `f64`. e^±0 = 1 exactly, e^−∞ = 0; NaN for NaN, and anything above 0.

use super::exp::{Reduced, quotient32, quotient64, reduce32, reduce64};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let x = if x < -104.0 { -104.0 } else { x };
    // n is in [−150, 0].
    let Reduced { r, biased, .. } = reduce32::<{ 127 + 30 }, S>(isa, x);
    let scale = f32::from_bits(biased << 23);
    let minus_one = isa.fma_f32(r * r, quotient32(isa, r), r);
    isa.fma_f32(minus_one, scale, scale) * (1.0 / (1u32 << 30) as f32)
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let x = if x < -746.0 { -746.0 } else { x };
    // n is in [−1076, 0].
    let Reduced { r, biased, .. } = reduce64::<{ 1023 + 60 }, S>(isa, x);
    let scale = f64::from_bits(biased << 52);
    let minus_one = isa.fma_f64(r * r, quotient64(isa, r), r);
    isa.fma_f64(minus_one, scale, scale) * (1.0 / (1u64 << 60) as f64)
}

#[cfg(test)]
mod tests {
    use crate::rt::Float;
    use crate::rt::isa::Baseline;

    #[test]
    fn is_the_exponential_down_to_the_smallest_number() {
        fn check<F: Float>(end: i32) {
            for i in 0..16 * end {
                let x = F::from_f64(-f64::from(i) / 16.0);
                let (decay, exp) = (x.decay(Baseline), x.exp(Baseline));
                let tolerance = F::from_f64(2.0) * F::EPSILON;
                let smallest = F::MIN_POSITIVE * F::EPSILON;
                let error = (decay - exp).abs(Baseline);
                assert!(
                    error <= tolerance * exp || error <= smallest,
                    "{x}: {decay:e} {exp:e}"
                );
            }
            assert_eq!(F::NEG_INFINITY.decay(Baseline), F::ZERO);
            assert_eq!((-F::ZERO).decay(Baseline), F::ONE);
            assert!(F::NAN.decay(Baseline).is_nan());
        }
        check::<f32>(110);
        check::<f64>(760);
    }
}
