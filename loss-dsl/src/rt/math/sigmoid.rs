//! `sigmoid`.

use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(_isa: S, x: f32) -> f32 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        x.exp() / (1.0 + x.exp())
    }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        x.exp() / (1.0 + x.exp())
    }
}
