//! ln(1 + x).
//!
//! `f32`: with 2ᵏ·(1 + f) = 1 + x, f = x/2ᵏ − (1 − 1/2ᵏ) is exact, as k = 0 near x = 0 and the terms are nearly equal elsewhere.
//!
//! `f64`: u = 1 + x is rounded; its error c is exact as a float (Knuth's two-sum), and
//! ln(1 + x) = ln(u + c) = ln u + c/u but for terms of second order.
//!
//! Error below 1 ulp. −∞ at −1, NaN below, ∞ at ∞; ±0 and tiny x are returned as they are.

use super::horner;
use super::ln::{self, Split32, join32, split32};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32) -> f32 {
    const ONE: u32 = 0x3f80_0000;
    let Split32 { k, exponent, .. } = split32(1.0 + x, 0);
    let scaled = f32::from_bits(x.to_bits().wrapping_sub(exponent));
    // 1/2ᵏ is lost in 1 long before it is 0 here.
    let scale = f32::from_bits(
        ONE.wrapping_sub(exponent)
            .cast_signed()
            .max(0)
            .cast_unsigned(),
    );
    // The sign is that of x, for −0 too.
    let result = join32(isa, k, scaled - (1.0 - scale)).copysign(x);
    let outside = if x < -1.0 {
        f32::NAN
    } else {
        f32::NEG_INFINITY
    };
    let result = if x > -1.0 { result } else { outside };
    // ∞ and NaN stand for themselves.
    if x < f32::INFINITY { result } else { x }
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

/// ln(1 + x) = x + x²·Q(x) in [0, 1], within a relative 5.3e-9.
const UNIT32: [f32; 9] = [
    -0.4999993,
    0.3333048,
    -0.24958293,
    0.19694024,
    -0.15351717,
    0.10674694,
    -0.057609394,
    0.020176446,
    -0.0033124348,
];

/// R(z)/z of [`ln`] for s ≤ 1/3.
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

/// ln(1 + x) for x in [0, 1], without a reduction.
#[inline(always)]
pub(super) fn unit32<S: Isa>(isa: S, x: f32) -> f32 {
    isa.fma_f32(x * x, horner(isa, x, &UNIT32), x)
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
