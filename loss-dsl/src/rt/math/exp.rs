//! e^x.
//!
//! With n the integer nearest to x/ln 2 and r = x − n·ln 2, e^x = 2ⁿ·e^r and |r| ≤ ln 2 / 2.
//! e^r = 1 + r + r²·Q(r) with a polynomial Q; e^r is within 3.2e-9 (`f32`) or 1.6e-17 (`f64`)
//! before rounding. ln 2 is split so that n times its high part is exact. 2ⁿ is applied as two
//! factors, so results underflow gradually and overflow to ∞ where they should.
//!
//! Error below 1.02 ulp in `f32`, 1.1 in `f64`. e^±0 = 1 exactly, e^−∞ = 0, e^∞ = ∞; NaN only for NaN.

use super::horner;
use crate::rt::Isa;

/// Q for `f32`: (e^r − 1 − r)/r² ≈ Q(r).
const Q32: [f32; 5] = [
    0.49999994,
    0.1666652,
    0.041668233,
    0.008368818,
    0.0013823851,
];

/// Q for `f64`.
const Q64: [f64; 10] = [
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662413,
    0.008333333333330062,
    0.0013888888917213717,
    0.00019841269863053618,
    2.4801521295954376e-05,
    2.7557268459997064e-06,
    2.7620088445409746e-07,
    2.510038549551032e-08,
];

/// x = n·ln 2 + r.
pub(super) struct Reduced<F, B> {
    /// The remainder, at most about ln 2 / 2 in absolute value.
    pub(super) r: F,
    /// The rounding error of `r`.
    pub(super) rest: F,
    /// n + `BIAS` in the low 9 (12) bits, where it must not be negative; then 0 for 13 bits (39).
    pub(super) biased: B,
}

/// Reduces an argument of absolute value below 128.
#[inline(always)]
pub(super) fn reduce32<const BIAS: u16, S: Isa>(isa: S, x: f32) -> Reduced<f32, u32> {
    // Adding 1.5·2²³ leaves no room for a fraction: the sum is rounded to an integer.
    let shift = 12_582_912.0 + f32::from(BIAS);
    // 15 significant bits, so that n·LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    let shifted = isa.fma_f32(x, std::f32::consts::LOG2_E, shift);
    let n = shifted - shift;
    // Exact, as the product is.
    let high = isa.fma_f32(-n, LN2_HIGH, x);
    let r = isa.fma_f32(-n, LN2_LOW, high);
    let rest = isa.fma_f32(-n, LN2_LOW, high - r);
    let biased = shifted.to_bits();
    Reduced { r, rest, biased }
}

/// Reduces an argument of absolute value below 1024.
#[inline(always)]
pub(super) fn reduce64<const BIAS: u16, S: Isa>(isa: S, x: f64) -> Reduced<f64, u64> {
    let shift = 6_755_399_441_055_744.0 + f64::from(BIAS);
    // 32 significant bits.
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let shifted = isa.fma_f64(x, std::f64::consts::LOG2_E, shift);
    let n = shifted - shift;
    // Exact, as the product is.
    let high = isa.fma_f64(-n, LN2_HIGH, x);
    let r = isa.fma_f64(-n, LN2_LOW, high);
    let rest = isa.fma_f64(-n, LN2_LOW, high - r);
    let biased = shifted.to_bits();
    Reduced { r, rest, biased }
}

/// Q(r): e^r = 1 + r + r²·Q(r).
#[inline(always)]
pub(super) fn quotient32<S: Isa>(isa: S, r: f32) -> f32 {
    horner(isa, r, &Q32)
}

/// Q(r): e^r = 1 + r + r²·Q(r).
#[inline(always)]
pub(super) fn quotient64<S: Isa>(isa: S, r: f64) -> f64 {
    horner(isa, r, &Q64)
}

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    // Results are 0 and ∞ beyond these. NaN passes both comparisons.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    // Twice the exponent field of 1, so that halves of n + BIAS are exponent fields.
    let Reduced { r, biased, .. } = reduce32::<254, S>(isa, x);
    let low = (biased << 22) & (0x1ff << 23);
    let high = (biased << 23).wrapping_sub(low);
    let (low, high) = (f32::from_bits(low), f32::from_bits(high));
    let minus_one = isa.fma_f32(r * r, quotient32(isa, r), r);
    isa.fma_f32(minus_one, low, low) * high
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let x = if x < -746.0 { -746.0 } else { x };
    let x = if x > 710.0 { 710.0 } else { x };
    let Reduced { r, biased, .. } = reduce64::<2046, S>(isa, x);
    let low = (biased << 51) & (0xfff << 52);
    let high = (biased << 52).wrapping_sub(low);
    let (low, high) = (f64::from_bits(low), f64::from_bits(high));
    let minus_one = isa.fma_f64(r * r, quotient64(isa, r), r);
    isa.fma_f64(minus_one, low, low) * high
}
