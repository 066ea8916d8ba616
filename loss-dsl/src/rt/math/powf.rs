//! x^y.

use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(_isa: S, x: f32, y: f32) -> f32 {
    x.powf(y)
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64, y: f64) -> f64 {
    x.powf(y)
}
