//! ln(1 + x).
//!
//! u = 1 + x is rounded; its error c is exact as a float (Knuth's two-sum), and
//! ln(1 + x) = ln(u + c) = ln u + c/u but for terms of second order.
//!
//! Error below 1 ulp. −∞ at −1, NaN below, ∞ at ∞; ±0 and tiny x are returned as they are.

use super::{horner, ln};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    let u = 1.0 + x;
    let v = u - 1.0;
    let error = (x - v) + (1.0 - (u - v));
    let result = ln::core32(isa, u, 0.0, error / u);
    let outside = if x == -1.0 {
        f32::NEG_INFINITY
    } else {
        f32::NAN
    };
    let outside = if x == f32::INFINITY { x } else { outside };
    let result = if x > -1.0 && x < f32::INFINITY {
        result
    } else {
        outside
    };
    if x.abs() < 1e-8 { x } else { result }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(isa: S, x: f64) -> f64 {
    let u = 1.0 + x;
    let v = u - 1.0;
    let error = (x - v) + (1.0 - (u - v));
    let result = ln::core64(isa, u, 0.0, error / u);
    let outside = if x == -1.0 {
        f64::NEG_INFINITY
    } else {
        f64::NAN
    };
    let outside = if x == f64::INFINITY { x } else { outside };
    let result = if x > -1.0 && x < f64::INFINITY {
        result
    } else {
        outside
    };
    if x.abs() < 1e-17 { x } else { result }
}

const UNIT32: [f32; 5] = [0.6666667, 0.39999706, 0.28592357, 0.21706575, 0.2322433];

const UNIT64: [f64; 11] = [
    0.6666666666666666,
    0.39999999999999525,
    0.285714285716001,
    0.2222222219823677,
    0.18181819897962714,
    0.1538454396486055,
    0.13335178631449257,
    0.11734279061303197,
    0.10845178394880015,
    0.07492143795550767,
    0.1563057780092285,
];

/// ln(1 + x) for x in [0, 1], without a reduction: the series of [`ln`] with s ≤ 1/3.
#[inline(always)]
pub(super) fn unit32<S: Isa>(isa: S, x: f32) -> f32 {
    let s = x / (2.0 + x);
    let z = s * s;
    let half_square = 0.5 * x * x;
    let rest = isa.fma_f32(z, horner(isa, z, &UNIT32), half_square);
    x - isa.fma_f32(-s, rest, half_square)
}

/// ln(1 + x) for x in [0, 1], without a reduction: the series of [`ln`] with s ≤ 1/3.
#[inline(always)]
pub(super) fn unit64<S: Isa>(isa: S, x: f64) -> f64 {
    let s = x / (2.0 + x);
    let z = s * s;
    let half_square = 0.5 * x * x;
    let rest = isa.fma_f64(z, horner(isa, z, &UNIT64), half_square);
    x - isa.fma_f64(-s, rest, half_square)
}
