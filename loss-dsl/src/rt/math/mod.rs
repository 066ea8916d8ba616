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
//!
//! # Worst errors in `f32`
//!
//! In ulp, over every bit pattern as an argument; 0.500 says that every result is the correctly
//! rounded one. `powf` and `xlogy` are measured at tens of millions of pairs. Our functions use only
//! operations that IEEE 754 defines, so their results depend on nothing but whether there are
//! fused multiply-adds. `sqrt` is an instruction; from `sin` on it is the standard library's
//! function, here that of glibc 2.36. A test of the package `loss-accuracy` holds the table to what it
//! measures. `abs`, `sign`, `floor`, `ceil`, `round`, `min` and `max` round nothing.
//!
//! | function | with fused multiply-adds | without |
//! | --- | --- | --- |
//! | `exp` | 1.096 | 1.049 |
//! | `expm1` | 1.362 | 1.487 |
//! | `ln` | 0.858 | 0.843 |
//! | `log1p` | 0.858 | 0.871 |
//! | `sigmoid` | 2.402 | 2.402 |
//! | `softplus` | 2.051 | 1.969 |
//! | `tanh` | 2.523 | 2.523 |
//! | `log1mexp` | 2.165 | 2.165 |
//! | `erf` | 0.500 | 0.500 |
//! | `ln_cosh` | 4.700 | 5.078 |
//! | `softplus_over_sigmoid` | 2.800 | 2.546 |
//! | `powf` | 0.501 | 0.501 |
//! | `xlogy` | 1.582 | 1.582 |
//! | `sqrt` | 0.500 | 0.500 |
//! | `sin` | 0.561 | 0.561 |
//! | `cos` | 0.561 | 0.561 |
//! | `tan` | 1.476 | 1.476 |
//! | `asin` | 0.898 | 0.898 |
//! | `acos` | 0.899 | 0.899 |
//! | `atan` | 0.853 | 0.853 |
//! | `sinh` | 1.890 | 1.890 |
//! | `cosh` | 1.890 | 1.890 |

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
