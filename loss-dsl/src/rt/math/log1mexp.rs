//! ln(1 − e^x) for x ≤ 0.
//!
//! M. Mächler, "Accurately Computing log(1 − exp(−|a|))" (2012): above −ln 2 as ln(−(e^x − 1)),
//! where e^x is near 1, and below as ln(1 + (−e^x)), where it is small.
//!
//! `f32` chooses the argument, and takes one logarithm of it.
//!
//! Error below 2.5 ulp. −∞ at ±0, −0 at −∞, NaN above 0.

use super::exp::{Reduced, quotient32, reduce32};
use super::ln::{self, Split32, join32, split32};
use super::{decay, expm1, log1p};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let bounded = if x < -104.0 { -104.0 } else { x };
    let Reduced { r, rest, biased } = reduce32::<{ 127 + 30 }, S>(isa, bounded);
    // 2ⁿ⁺³⁰, as in `decay`, and 2ⁿ, which is exact in the near case: n is 0 or −1 there.
    let large_scale = f32::from_bits(biased << 23);
    let scale = large_scale * (1.0 / (1u32 << 30) as f32);
    let quotient = quotient32(isa, r);
    let near = x > -std::f32::consts::LN_2;

    // Near: 1 − e^x = −expm1(x), of which subnormal numbers are scaled up.
    let tail = isa.fma_f32(r * r, quotient, rest);
    let complement = -isa.fma_f32(scale, tail, isa.fma_f32(scale, r, scale - 1.0));
    let subnormal = complement < f32::MIN_POSITIVE;
    let normal = if subnormal {
        complement * 33_554_432.0
    } else {
        complement
    };

    // Far: e = e^x is at most ½, and 1 − e = 2ᵏ(1 + f) with k of 0 or −1 and an exact f.
    let minus_one = isa.fma_f32(r * r, quotient, r);
    let e = isa.fma_f32(minus_one, large_scale, large_scale) * (1.0 / (1u32 << 30) as f32);

    let u = if near { normal } else { 1.0 - e };
    let Split32 { significand, k, .. } = split32(u, if near && subnormal { 25 } else { 0 });
    let far = if k < 0.0 { 1.0 - (e + e) } else { -e };
    let logarithm = join32(isa, k, if near { significand - 1.0 } else { far });
    // Never positive: −0, not 0.
    let result = -logarithm.abs();
    let outside = if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        f32::NAN
    };
    if x < 0.0 { result } else { outside }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let near = ln::f64(isa, -expm1::f64(isa, x));
    let far = log1p::f64(isa, -decay::f64(isa, x));
    if x > -std::f64::consts::LN_2 {
        near
    } else {
        far
    }
}
