//! `softplus`.

use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(_isa: S, x: f32) -> f32 {
    (if x > 0.0 { x } else { x * 0.0 }) + (-x.abs()).exp().ln_1p()
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64) -> f64 {
    (if x > 0.0 { x } else { x * 0.0 }) + (-x.abs()).exp().ln_1p()
}
