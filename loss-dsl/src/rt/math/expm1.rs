//! `expm1`.

use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(_isa: S, x: f32) -> f32 {
    f32::exp_m1(x)
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64) -> f64 {
    f64::exp_m1(x)
}
