//! x^y, with the special cases of C's `pow`.
//!
//! For `f32`: e^(y·ln |x|) in `f64`. The exponent is at most about 104 in absolute value where the
//! result is neither 0 nor ∞, and its relative error of about 2⁻⁵² becomes an absolute one of the
//! logarithm of the result: 10⁻¹⁴, a millionth of an ulp. Error below 0.501 ulp.
//!
//! For `f64` the same needs a logarithm in more than `f64`; this is the standard library's.

use super::{exp, ln};
use crate::rt::Isa;

/// For `f32`.
#[inline(always)]
pub fn f32<S: Isa>(isa: S, x: f32, y: f32) -> f32 {
    let a = x.abs();
    let logarithm = ln::f64(isa, f64::from(a));
    let power = exp::f64(isa, f64::from(y) * logarithm) as f32;
    // 1 to any power, and anything to the power 0, even NaN; ±1 to ±∞.
    let one = y == 0.0 || x == 1.0 || (a == 1.0 && y.abs() == f32::INFINITY);
    let power = if one { 1.0 } else { power };

    // Rounds to an integer as the sum loses its fraction; from 2²⁴ on every y is even.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = f64::from(y) + SHIFT;
    let large = y.abs() >= 16_777_216.0;
    let integer = large || shifted - SHIFT == f64::from(y);
    let odd = !large && integer && shifted.to_bits() & 1 == 1;
    let negative = x.is_sign_negative();
    let power = if negative && odd { -power } else { power };
    let undefined = x < 0.0 && a < f32::INFINITY && !integer;
    if undefined { f32::NAN } else { power }
}

/// For `f64`.
#[inline(always)]
pub fn f64<S: Isa>(_isa: S, x: f64, y: f64) -> f64 {
    x.powf(y)
}

#[cfg(test)]
mod tests {
    use crate::rt::isa::Baseline;

    #[test]
    fn special_cases_are_those_of_the_standard_library() {
        let values = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            2.0,
            -2.0,
            3.0,
            -3.0,
            2.5,
            1e30,
            -1e30,
            1e-30,
            16_777_216.0,
            16_777_215.0,
            -16_777_215.0,
            1e-45,
            f32::MAX,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
        ];
        for x in values {
            for y in values {
                let (ours, std) = (super::f32(Baseline, x, y), x.powf(y));
                let same = ours.to_bits() == std.to_bits()
                    || (ours.is_nan() && std.is_nan())
                    || (ours / std - 1.0).abs() <= f32::EPSILON;
                assert!(same, "{x}^{y}: {ours} against {std}");
            }
        }
    }

    #[test]
    fn error_is_half_an_ulp() {
        let mut worst = 0.0f64;
        for i in 1..400 {
            for j in -200..200 {
                let x = 1.07f32.powi(i - 200) * 1.003;
                let y = j as f32 * 0.137;
                let exact = f64::from(x).powf(f64::from(y));
                if exact.abs() < 3e38 && exact.abs() > 1.2e-38 {
                    let error = f64::from(super::f32(Baseline, x, y)) - exact;
                    let ulp = 2f64.powi(exact.log2().floor() as i32 - 23);
                    worst = worst.max(error.abs() / ulp);
                }
            }
        }
        assert!(worst < 0.51, "{worst}");
    }
}
