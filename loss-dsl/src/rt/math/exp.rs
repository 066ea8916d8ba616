//! e^x.
//!
//! With n the integer nearest to x/ln 2 and r = x − n·ln 2, e^x = 2ⁿ·e^r and |r| ≤ ln 2 / 2.
//! e^r = 1 + r + r²·Q(r) with a polynomial Q; e^r is within 1.1e-8 (`f32`) or 1.6e-17 (`f64`)
//! before rounding. ln 2 is split so that n times its high part is exact. 2ⁿ is applied as two
//! factors, so results underflow gradually and overflow to ∞ where they should.
//!
//! Error below 1.1 ulp. e^±0 = 1 exactly, e^−∞ = 0, e^∞ = ∞; NaN only for NaN.

use super::horner;
use crate::rt::Isa;

/// Q for `f32`: (e^r − 1 − r)/r² ≈ Q(r).
const Q32: [f32; 5] = [0.5, 0.16666576, 0.041666556, 0.008363179, 0.0013926184];

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
    /// An integer whose low bits are n + [`BIAS32`] or n + [`BIAS64`].
    pub(super) biased: B,
}

/// Makes the low 9 bits of `biased` a positive integer for every n that occurs.
pub(super) const BIAS32: u32 = 256;
/// Makes the low 12 bits of `biased` a positive integer for every n that occurs.
pub(super) const BIAS64: u64 = 2048;

/// Reduces an argument of absolute value below 128.
#[inline(always)]
pub(super) fn reduce32<S: Isa>(isa: S, x: f32) -> Reduced<f32, u32> {
    // Adding 1.5·2²³ leaves no room for a fraction: the sum is rounded to an integer.
    const SHIFT: f32 = 12_582_912.0 + BIAS32 as f32;
    // 15 significant bits, so that n·LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    let shifted = isa.fma_f32(x, std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    // Exact, as the product is.
    let high = isa.fma_f32(-n, LN2_HIGH, x);
    let r = isa.fma_f32(-n, LN2_LOW, high);
    let rest = isa.fma_f32(-n, LN2_LOW, high - r);
    let biased = shifted.to_bits();
    Reduced { r, rest, biased }
}

/// Reduces an argument of absolute value below 1024.
#[inline(always)]
pub(super) fn reduce64<S: Isa>(isa: S, x: f64) -> Reduced<f64, u64> {
    const SHIFT: f64 = 6_755_399_441_055_744.0 + BIAS64 as f64;
    // 32 significant bits.
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let shifted = isa.fma_f64(x, std::f64::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
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
    let Reduced { r, biased, .. } = reduce32(isa, x);
    let half = biased >> 1;
    // 127 is the exponent field of 1; what is shifted out is not part of n.
    let low = f32::from_bits(half.wrapping_sub(BIAS32 / 2 - 127) << 23);
    let high = f32::from_bits((biased - half).wrapping_sub(BIAS32 / 2 - 127) << 23);
    let minus_one = isa.fma_f32(r * r, quotient32(isa, r), r);
    (1.0 + minus_one) * low * high
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let x = if x < -746.0 { -746.0 } else { x };
    let x = if x > 710.0 { 710.0 } else { x };
    let Reduced { r, biased, .. } = reduce64(isa, x);
    let half = biased >> 1;
    let low = f64::from_bits(half.wrapping_sub(BIAS64 / 2 - 1023) << 52);
    let high = f64::from_bits((biased - half).wrapping_sub(BIAS64 / 2 - 1023) << 52);
    let minus_one = isa.fma_f64(r * r, quotient64(isa, r), r);
    (1.0 + minus_one) * low * high
}
