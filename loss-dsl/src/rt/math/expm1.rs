//! e^x − 1.
//!
//! With x = n·ln 2 + r as in [`super::exp`], e^x − 1 = (2ⁿ − 1 + 2ⁿ·r) + 2ⁿ·(r²·Q(r) + δ), where δ
//! is the rounding error of r. The first bracket is nearly exact, the second small beside it. All
//! is computed at half size, so that 2ⁿ⁻¹ is finite up to the overflow threshold. Tiny x (±0 and
//! subnormal numbers too) are returned as they are.
//!
//! Error below 1.5 ulp. −1 at −∞, ∞ at ∞.

use super::exp::{Reduced, quotient32, quotient64, reduce32, reduce64};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    // −1 and ∞ beyond these.
    let bounded = if x < -18.0 { -18.0 } else { x };
    let bounded = if bounded > 89.0 { 89.0 } else { bounded };
    let Reduced { r, rest, biased } = reduce32::<126, S>(isa, bounded);
    let half_scale = f32::from_bits(biased << 23);
    let tail = isa.fma_f32(r * r, quotient32(isa, r), rest);
    let linear = isa.fma_f32(half_scale, r, half_scale - 0.5);
    let half = isa.fma_f32(half_scale, tail, linear);
    if x.abs() < 1e-8 { x } else { half + half }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let bounded = if x < -40.0 { -40.0 } else { x };
    let bounded = if bounded > 710.0 { 710.0 } else { bounded };
    let Reduced { r, rest, biased } = reduce64::<1022, S>(isa, bounded);
    let half_scale = f64::from_bits(biased << 52);
    let tail = isa.fma_f64(r * r, quotient64(isa, r), rest);
    let linear = isa.fma_f64(half_scale, r, half_scale - 0.5);
    let half = isa.fma_f64(half_scale, tail, linear);
    if x.abs() < 1e-17 { x } else { half + half }
}
