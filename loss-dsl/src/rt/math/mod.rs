//! Elementwise functions, one a file: `f32` and `f64` versions that take the instruction set.
//!
//! Those that losses call for every element (`exp`, `decay`, `ln`, `log1p`, `expm1`, `sigmoid`,
//! `softplus`, `tanh`, `log1mexp`, `erf`, and `powf` for `f32`) are branch-free: every case is
//! computed and selected, integers are read from and written to exponent fields, rounding to an integer is the
//! addition of a large constant. LLVM turns a loop over them into vector instructions, of any
//! length. Each is correct without fused multiply-adds too: reductions use split constants whose
//! products are exact.
//!
//! Polynomials have the smallest relative error that is possible with floats as coefficients, or
//! are interpolations at Chebyshev nodes, computed in 60-digit arithmetic and rounded; the stated
//! error of a polynomial is that with its coefficients as they are. Error bounds of the functions are measured by the tests of `accuracy` for every instruction set, in units in the
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
//! | `exp` | 1.013 | 0.989 |
//! | `decay` | 1.012 | 0.989 |
//! | `expm1` | 1.337 | 1.352 |
//! | `ln` | 0.915 | 0.970 |
//! | `log1p` | 0.917 | 0.993 |
//! | `sigmoid` | 2.402 | 2.402 |
//! | `softplus` | 1.893 | 2.225 |
//! | `tanh` | 1.198 | 1.198 |
//! | `log1mexp` | 2.147 | 2.239 |
//! | `erf` | 0.500 | 0.500 |
//! | `ln_cosh` | 4.822 | 4.822 |
//! | `softplus_over_sigmoid` | 2.623 | 3.157 |
//! | `powf` | 0.501 | 0.501 |
//! | `xlogy` | 1.582 | 1.617 |
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
pub mod decay;
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
