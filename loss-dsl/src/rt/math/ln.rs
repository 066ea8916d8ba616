//! ln x.
//!
//! x = 2ᵏ·(1 + f) with 1 + f in [√½, √2). With s = f/(2 + f), ln(1 + f) = 2·artanh(s), and
//!
//! ```text
//! ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)),   R(z) = z·(2/3 + 2z/5 + 2z²/7 + …)
//! ```
//!
//! (the arrangement of fdlibm's e_log.c: what is rounded is small beside f). R is z times a polynomial; relative error 2.6e-9 (`f32`) or 4.7e-18 (`f64`) before
//! rounding. Subnormal numbers are scaled up first.
//!
//! Error below 1 ulp. ln ±0 = −∞, NaN below 0, ln ∞ = ∞.

use super::horner;
use crate::rt::Isa;

const R32: [f32; 3] = [0.66666687, 0.39988777, 0.29580054];

const R64: [f64; 7] = [
    0.666666666666667,
    0.39999999999899444,
    0.2857142862600327,
    0.22222211130259878,
    0.18182889455674947,
    0.15331710618210773,
    0.14616585424888623,
];

/// ln u + `correction` for a normal, positive u, with a correction below an ulp of u over u.
///
/// `exponent` is added to the exponent of u.
#[inline(always)]
pub(super) fn core32<S: Isa>(isa: S, u: f32, exponent: f32, correction: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    let bits = u.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
    let k = ((bits >> 23) as i32 - 127) as f32 + exponent;
    let f = f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let rest = isa.fma_f32(z, horner(isa, z, &R32), half_square);
    let small = isa.fma_f32(s, rest, isa.fma_f32(k, LN2_LOW, correction));
    isa.fma_f32(k, LN2_HIGH, f - (half_square - small))
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
    let exponent = if subnormal { -25.0 } else { 0.0 };
    let result = core32(isa, u, exponent, 0.0);
    let outside = if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        f32::NAN
    };
    let outside = if x == f32::INFINITY { x } else { outside };
    if x > 0.0 && x < f32::INFINITY {
        result
    } else {
        outside
    }
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
