//! ln x.
//!
//! x = 2ᵏ·(1 + f), and ln x = k·ln 2 + ln(1 + f); ln 2 is split so that k times its high part is exact.
//!
//! `f32`: 1 + f is in [¾, 3/2), and ln(1 + f) = f + f²·Q(f) with a polynomial Q, within a relative 5.1e-9. A division would
//! save half of the coefficients, and costs more than they do.
//!
//! `f64`: 1 + f is in [√½, √2). With s = f/(2 + f), ln(1 + f) = 2·artanh(s), and
//!
//! ```text
//! ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)),   R(z) = z·(2/3 + 2z/5 + 2z²/7 + …)
//! ```
//!
//! (the arrangement of fdlibm's e_log.c: what is rounded is small beside f). R is z times a polynomial; relative error 4.7e-18 before
//! rounding. Subnormal numbers are scaled up first.
//!
//! Error below 1 ulp. ln ±0 = −∞, NaN below 0, ln ∞ = ∞.

use super::horner;
use crate::rt::Isa;

/// Q: ln(1 + f) = f + f²·Q(f).
const Q32: [f32; 9] = [
    -0.5,
    0.33333453,
    -0.25000116,
    0.19990718,
    -0.16646448,
    0.14478527,
    -0.13169388,
    0.10479882,
    -0.04517996,
];

const R64: [f64; 7] = [
    0.666666666666667,
    0.39999999999899444,
    0.2857142862600327,
    0.22222211130259878,
    0.18182889455674947,
    0.15331710618210773,
    0.14616585424888623,
];

/// The bits of ¾ as `f32`: where the significand of 1 + f starts.
const START32: u32 = 0x3f40_0000;

/// u = 2ᵏ·(1 + f).
pub(super) struct Split32 {
    /// 1 + f, in [¾, 3/2).
    pub(super) significand: f32,
    /// k.
    pub(super) k: f32,
    /// k in the exponent field: to be subtracted from the bits of a number that is to be divided by 2ᵏ.
    pub(super) exponent: u32,
}

/// Splits a normal, positive number, `scale` times as large as the one that is meant, for a `scale` of 2ⁱ.
#[inline(always)]
pub(super) fn split32(u: f32, i: u32) -> Split32 {
    let bits = u.to_bits().wrapping_sub(START32 + (i << 23));
    Split32 {
        significand: f32::from_bits((bits & 0x007f_ffff) + START32),
        k: (bits.cast_signed() >> 23) as f32,
        exponent: bits & 0xff80_0000,
    }
}

/// k·ln 2 + ln(1 + f), for f in [−¼, ½).
#[inline(always)]
pub(super) fn join32<S: Isa>(isa: S, k: f32, f: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    let small = isa.fma_f32(f * f, horner(isa, f, &Q32), k * LN2_LOW);
    isa.fma_f32(k, LN2_HIGH, f + small)
}

/// ln u + `correction` for a normal, positive u, with a correction below an ulp of u over u.
///
/// `exponent` is added to the exponent of u.
#[inline(always)]
pub(super) fn core64<S: Isa>(isa: S, u: f64, exponent: f64, correction: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // An integer below 2⁵² in the low bits of 2⁵² is that number plus 2⁵²: a conversion that
    // every instruction set has for vectors.
    const INTEGER: f64 = 4_503_599_627_370_496.0;
    let bits = u.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - SQRT_HALF);
    let k = f64::from_bits(INTEGER.to_bits() | (bits >> 52)) - (INTEGER + 1023.0) + exponent;
    let f = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + SQRT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let rest = isa.fma_f64(z, horner(isa, z, &R64), half_square);
    let small = isa.fma_f64(s, rest, isa.fma_f64(k, LN2_LOW, correction));
    isa.fma_f64(k, LN2_HIGH, f - (half_square - small))
}

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let u = if subnormal { x * 33_554_432.0 } else { x };
    let Split32 { significand, k, .. } = split32(u, if subnormal { 25 } else { 0 });
    let result = join32(isa, k, significand - 1.0);
    let outside = if x < 0.0 { f32::NAN } else { f32::NEG_INFINITY };
    let result = if x > 0.0 { result } else { outside };
    // ∞ and NaN stand for themselves.
    if x < f32::INFINITY { result } else { x }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let u = if subnormal {
        x * 18_014_398_509_481_984.0
    } else {
        x
    };
    let exponent = if subnormal { -54.0 } else { 0.0 };
    let result = core64(isa, u, exponent, 0.0);
    let outside = if x == 0.0 {
        f64::NEG_INFINITY
    } else {
        f64::NAN
    };
    let outside = if x == f64::INFINITY { x } else { outside };
    if x > 0.0 && x < f64::INFINITY {
        result
    } else {
        outside
    }
}
