//! `log1mexp`.

use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(_isa: S, x: f32) -> f32 {
    if x > -std::f32::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}
