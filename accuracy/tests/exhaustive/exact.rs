//! Functions that no library of correctly rounded ones has, composed in `f64` from the standard library's.
//!
//! Each is a few operations with relative errors of a unit in the last place of an `f64`, none of which a later one
//! magnifies: no difference of nearly equal numbers, no logarithm of what was rounded near 1. So their relative error is below 10⁻¹⁴,
//! a ten-millionth of an ulp of `f32`. Where a term is below 10⁻¹⁷ of the rest it is left out, which is faster.

use std::f64::consts::LN_2;

pub(crate) fn decay(x: f64) -> f64 {
    (if x > 0.0 { 0.0 } else { x }).exp()
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

pub(crate) fn softplus(x: f64) -> f64 {
    if x > 40.0 {
        return x;
    }
    let tail = (-x.abs()).exp().ln_1p();
    if x > 0.0 { x + tail } else { tail }
}

pub(crate) fn log1mexp(x: f64) -> f64 {
    if x > -1e-8 {
        // 1 − e^x = −x·(1 + x/2 + …)
        (-x).ln() + x / 2.0
    } else if x > -LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

pub(crate) fn ln_cosh(x: f64) -> f64 {
    let x = x.abs();
    if x < 1e-4 {
        let square = x * x;
        square / 2.0 * (1.0 - square / 6.0)
    } else if x < 1.0 {
        let sinh = x.sinh();
        (sinh * sinh).ln_1p() / 2.0
    } else if x < 20.0 {
        (-2.0 * x).exp().ln_1p() + (x - LN_2)
    } else {
        x - LN_2
    }
}

pub(crate) fn softplus_over_sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x > 45.0 {
        x
    } else if x > 0.0 {
        (1.0 + e) * (x + e.ln_1p())
    } else if x < -40.0 {
        1.0
    } else {
        (1.0 + e) * (e.ln_1p() / e)
    }
}

/// 0 where x is 0, whatever y is.
pub(crate) fn xlogy(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * y.ln() }
}
