//! ln(1 − e^x) for x ≤ 0.
//!
//! M. Mächler, "Accurately Computing log(1 − exp(−|a|))" (2012): above −ln 2 as ln(−(e^x − 1)),
//! where e^x is near 1, and below as ln(1 + (−e^x)), where it is small.
//!
//! Error below 2.5 ulp. −∞ at ±0, −0 at −∞, NaN above 0.

use super::{exp, expm1, ln, log1p};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let near = ln::f32(isa, -expm1::f32(isa, x));
    let far = log1p::f32(isa, -exp::f32(isa, x));
    if x > -std::f32::consts::LN_2 {
        near
    } else {
        far
    }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let near = ln::f64(isa, -expm1::f64(isa, x));
    let far = log1p::f64(isa, -exp::f64(isa, x));
    if x > -std::f64::consts::LN_2 {
        near
    } else {
        far
    }
}
