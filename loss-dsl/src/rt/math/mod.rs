//! Elementwise functions, one a file: `f32` and `f64` versions that take the instruction set.
//!
//! Those that losses call for every element (`exp`, `ln`, `log1p`, `expm1`, `sigmoid`, `softplus`,
//! `tanh`, `log1mexp`, `erf`, and `powf` for `f32`) are branch-free: every case is computed and
//! selected, integers are read from and written to exponent fields, rounding to an integer is the
//! addition of a large constant. LLVM turns a loop over them into vector instructions, of any
//! length. Each is correct without fused multiply-adds too: reductions use split constants whose
//! products are exact.
//!
//! Polynomial coefficients are interpolations at Chebyshev nodes, computed in 60-digit arithmetic
//! and rounded; the stated error of a polynomial includes that rounding. Error bounds of the
//! functions are measured by the tests of `accuracy` for every instruction set, in units in the
//! last place (ulp) of the exact result.

use super::{Float, Isa};

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod double_double;
pub mod erf;
pub mod exp;
pub mod expm1;
pub mod ln;
pub mod ln_cosh;
pub mod log1mexp;
pub mod log1p;
pub mod powf;
pub mod powi;
pub mod sigmoid;
pub mod softplus;
pub mod softplus_over_sigmoid;
pub mod tanh;

/// c₀ + c₁x + c₂x² + …, by Horner's rule.
#[inline(always)]
fn horner<S: Isa, F: Float, const N: usize>(isa: S, x: F, coefficients: &[F; N]) -> F {
    let mut sum = coefficients[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(isa, x, coefficients[i]);
    }
    sum
}
