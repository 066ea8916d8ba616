//! ln(cosh x).
//!
//! Method: with E = e^|x| − 1, cosh x = 1 + E² / (2(1 + E)), whose logarithm is a log1p of a positive number: nothing
//! cancels near 0, where the result is x²/2. From |x| = 30 on it is |x| − ln 2 to the last bit, and E would overflow.
//! Special cases: ∞ at ±∞, NaN at NaN. Error below 5 ulp in `f32`.

use super::super::{Float, Isa, select::select};

/// ln(cosh(x)).
#[inline(always)]
pub fn ln_cosh<F: Float, S: Isa>(x: F, isa: S) -> F {
    let size = x.abs(isa);
    let e = size.expm1(isa);
    let half = F::from_f64(0.5);
    let near = (half * e * (e / (F::ONE + e))).log1p(isa);
    let far = size - F::from_f64(std::f64::consts::LN_2);
    select(size < F::from_f64(30.0), near, far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::isa::Baseline;

    #[test]
    fn has_the_digits_of_the_series_near_0_and_of_the_line_far_away() {
        for i in 1..400 {
            let x = f64::from(i) / 8.0;
            let exact = x - std::f64::consts::LN_2 + (-2.0 * x).exp().ln_1p();
            for signed in [x, -x] {
                let found = ln_cosh(signed, Baseline);
                assert!((found - exact).abs() <= 2e-15 * x, "{x}: {found} {exact}");
                let single = f64::from(ln_cosh(signed as f32, Baseline));
                assert!((single / exact - 1.0).abs() < 5e-7, "{x}: {single} {exact}");
            }
        }
        for exponent in 3..18 {
            let x = 10.0_f64.powi(-exponent);
            let exact = x * x / 2.0 * (1.0 - x * x / 6.0);
            let found = ln_cosh(x, Baseline);
            assert!((found / exact - 1.0).abs() < 2e-12, "{x}: {found} {exact}");
            let single = f64::from(ln_cosh(x as f32, Baseline));
            assert!((single / exact - 1.0).abs() < 5e-7, "{x}: {single} {exact}");
        }
        assert_eq!(ln_cosh(0.0_f32, Baseline), 0.0);
        assert_eq!(ln_cosh(f32::MAX, Baseline), f32::MAX);
        assert_eq!(ln_cosh(f64::NEG_INFINITY, Baseline), f64::INFINITY);
        assert!(ln_cosh(f32::NAN, Baseline).is_nan());
    }
}
