//! The logistic function, 1/(1 + e^−x).
//!
//! With e = e^−|x| ≤ 1, it is 1/(1 + e) for x ≥ 0 and e/(1 + e) below: nothing overflows, and
//! small results keep their relative accuracy down to subnormal numbers.
//!
//! Error below 2.5 ulp. 0 at −∞, 1 at ∞, ½ at ±0.

use super::decay;
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let e = decay::f32(isa, -x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let e = decay::f64(isa, -x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}
