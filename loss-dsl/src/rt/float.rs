//! The number types of kernels: `f32` and `f64` behind one sealed trait.
//!
//! Elementwise functions take the instruction set as their second argument, so that a body that is
//! generic over both compiles to fused multiply-adds exactly where the machine has them (see
//! [`super::isa`]). Arithmetic that needs no such choice is plain Rust.

use super::{Isa, Wide, math};
use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, Neg, SubAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A floating-point type that losses are computed in: `f32` or `f64`.
///
/// Special cases follow IEEE 754 and C's Annex F unless a function says otherwise: NaN gives NaN,
/// a value outside the domain gives NaN, a pole gives an infinity. Nothing panics.
pub trait Float:
    sealed::Sealed
    + Wide
    + ndarray::LinalgScalar
    + ndarray::ScalarOperand
    + Send
    + Sync
    + Debug
    + Display
    + LowerExp
    + PartialOrd
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Default
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// +∞.
    const INFINITY: Self;
    /// −∞.
    const NEG_INFINITY: Self;
    /// A quiet NaN.
    const NAN: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The largest finite number.
    const MAX: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;

    /// The memory of numbers.
    #[doc(hidden)]
    fn as_bytes(values: &[Self]) -> &[u8];
    /// Numbers from their memory, which may lie anywhere.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;

    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same number as an `f64`; exact.
    fn to_f64(self) -> f64;
    /// The nearest number of this type.
    fn from_usize(value: usize) -> Self;
    /// Whether this is not a number.
    fn is_nan(self) -> bool;
    /// Whether this is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The larger of two numbers; NaN if either is NaN.
    fn larger(self, other: Self) -> Self;
    /// The smaller of two numbers; NaN if either is NaN.
    fn smaller(self, other: Self) -> Self;
    /// The largest of all; −∞ of nothing, NaN if one is NaN.
    fn largest(values: &[Self]) -> Self;

    /// `self · b + c`, fused where `isa` has the instruction.
    fn mul_add<S: Isa>(self, isa: S, b: Self, c: Self) -> Self;
    /// e^x.
    fn exp<S: Isa>(self, isa: S) -> Self;
    /// e^x for x ≤ 0, in fewer operations than [`exp`](Self::exp); NaN for NaN, and anything above 0.
    fn decay<S: Isa>(self, isa: S) -> Self;
    /// The natural logarithm.
    fn ln<S: Isa>(self, isa: S) -> Self;
    /// ln(1 + x), accurate near 0.
    fn log1p<S: Isa>(self, isa: S) -> Self;
    /// e^x − 1, accurate near 0.
    fn expm1<S: Isa>(self, isa: S) -> Self;
    /// 1 / (1 + e^−x).
    fn sigmoid<S: Isa>(self, isa: S) -> Self;
    /// ln(1 + e^x).
    fn softplus<S: Isa>(self, isa: S) -> Self;
    /// The hyperbolic tangent.
    fn tanh<S: Isa>(self, isa: S) -> Self;
    /// ln(1 − e^x) for x ≤ 0; −∞ at 0, NaN above.
    fn log1mexp<S: Isa>(self, isa: S) -> Self;
    /// The square root.
    fn sqrt<S: Isa>(self, isa: S) -> Self;
    /// The absolute value.
    fn abs<S: Isa>(self, isa: S) -> Self;
    /// −1, 0 or 1; 0 at ±0, NaN at NaN.
    fn sign<S: Isa>(self, isa: S) -> Self;
    /// The largest integer that is not larger.
    fn floor<S: Isa>(self, isa: S) -> Self;
    /// The smallest integer that is not smaller.
    fn ceil<S: Isa>(self, isa: S) -> Self;
    /// The nearest integer, halves to even.
    fn round<S: Isa>(self, isa: S) -> Self;
    /// The sine of an angle in radians.
    fn sin<S: Isa>(self, isa: S) -> Self;
    /// The cosine of an angle in radians.
    fn cos<S: Isa>(self, isa: S) -> Self;
    /// The tangent of an angle in radians.
    fn tan<S: Isa>(self, isa: S) -> Self;
    /// The angle in [−π/2, π/2] whose sine this is; NaN outside [−1, 1].
    fn asin<S: Isa>(self, isa: S) -> Self;
    /// The angle in [0, π] whose cosine this is; NaN outside [−1, 1].
    fn acos<S: Isa>(self, isa: S) -> Self;
    /// The angle in [−π/2, π/2] whose tangent this is.
    fn atan<S: Isa>(self, isa: S) -> Self;
    /// The hyperbolic sine.
    fn sinh<S: Isa>(self, isa: S) -> Self;
    /// The hyperbolic cosine.
    fn cosh<S: Isa>(self, isa: S) -> Self;
    /// The error function, 2/√π ∫₀ˣ e^−t² dt.
    fn erf<S: Isa>(self, isa: S) -> Self;
    /// x^y, as C's `pow`: 1 for y = 0, NaN for negative x unless y is an integer.
    fn powf<S: Isa>(self, isa: S, y: Self) -> Self;
    /// x^n by repeated squaring; 1 for n = 0.
    fn powi<S: Isa>(self, isa: S, n: i32) -> Self;
    /// The smaller of two numbers; NaN if either is NaN.
    fn min<S: Isa>(self, isa: S, other: Self) -> Self;
    /// The larger of two numbers; NaN if either is NaN.
    fn max<S: Isa>(self, isa: S, other: Self) -> Self;
    /// 1/x, at most the largest finite number, and 0 at ±0.
    fn recip_or_zero<S: Isa>(self, isa: S) -> Self;
    /// x · ln y, and 0 where x is 0, whatever y is.
    fn xlogy<S: Isa>(self, isa: S, y: Self) -> Self;

    /// `out (+)= a · b` for matrices of these shapes; see [`super::contract`].
    #[doc(hidden)]
    fn product(
        out: faer::MatMut<'_, Self>,
        a: faer::MatRef<'_, Self>,
        b: faer::MatRef<'_, Self>,
        accumulate: bool,
    );
}

/// Functions that are a call into `std`, for the scalar type `$float`.
macro_rules! std_functions {
    ($float:ident: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name<S: Isa>(self, _isa: S) -> Self {
            $float::$name(self)
        }
    )*};
}

/// Functions of [`math`], one for each scalar type.
macro_rules! math_functions {
    ($float:ident: $($name:ident)*) => {$(
        #[inline(always)]
        fn $name<S: Isa>(self, isa: S) -> Self {
            math::$name::$float(isa, self)
        }
    )*};
}

macro_rules! float {
    ($float:ident, $int:ident, $fma:ident) => {
        impl Float for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $float::INFINITY;
            const NEG_INFINITY: Self = $float::NEG_INFINITY;
            const NAN: Self = $float::NAN;
            const EPSILON: Self = $float::EPSILON;
            const MAX: Self = $float::MAX;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;

            fn as_bytes(values: &[Self]) -> &[u8] {
                bytemuck::cast_slice(values)
            }
            fn from_bytes(bytes: &[u8]) -> Vec<Self> {
                let each = bytes.chunks_exact(size_of::<Self>());
                each.map(bytemuck::pod_read_unaligned).collect()
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn from_usize(value: usize) -> Self {
                value as $float
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }
            #[inline(always)]
            fn larger(self, other: Self) -> Self {
                if self > other || self != self {
                    self
                } else {
                    other
                }
            }
            #[inline(always)]
            fn smaller(self, other: Self) -> Self {
                if self < other || self != self {
                    self
                } else {
                    other
                }
            }
            #[inline(always)]
            fn largest(values: &[Self]) -> Self {
                // As integers, positive numbers ascend and negative ones descend; with the bits of these turned over, all
                // ascend. Maxima of integers may be taken in any order, so the compiler takes many at once.
                let ascending = |bits: $int| bits ^ ((bits >> ($int::BITS - 1)) & $int::MAX);
                let mut largest = ascending(Self::NEG_INFINITY.to_bits() as $int);
                let mut magnitude = 0;
                for value in values {
                    let bits = value.to_bits() as $int;
                    largest = largest.max(ascending(bits));
                    magnitude = magnitude.max(bits & $int::MAX);
                }
                if magnitude > Self::INFINITY.to_bits() as $int {
                    return Self::NAN;
                }
                Self::from_bits(ascending(largest) as _)
            }
            #[inline(always)]
            fn mul_add<S: Isa>(self, isa: S, b: Self, c: Self) -> Self {
                isa.$fma(self, b, c)
            }

            std_functions! { $float: sqrt abs floor ceil sin cos tan asin acos atan sinh cosh }
            math_functions! { $float: exp decay ln log1p expm1 sigmoid softplus tanh log1mexp erf }

            #[inline(always)]
            fn sign<S: Isa>(self, _isa: S) -> Self {
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    // ±0 and NaN stand for themselves, but for the sign of −0.
                    self + 0.0
                }
            }
            #[inline(always)]
            fn powf<S: Isa>(self, isa: S, y: Self) -> Self {
                math::powf::$float(isa, self, y)
            }
            #[inline(always)]
            fn powi<S: Isa>(self, _isa: S, n: i32) -> Self {
                math::powi::powi(self, n)
            }
            #[inline(always)]
            fn min<S: Isa>(self, _isa: S, other: Self) -> Self {
                self.smaller(other)
            }
            #[inline(always)]
            fn max<S: Isa>(self, _isa: S, other: Self) -> Self {
                self.larger(other)
            }
            #[inline(always)]
            fn round<S: Isa>(self, _isa: S) -> Self {
                self.round_ties_even()
            }
            #[inline(always)]
            fn recip_or_zero<S: Isa>(self, _isa: S) -> Self {
                // Not infinite for a subnormal: it is multiplied by zeros.
                let inverse = (1.0 / self).clamp(-Self::MAX, Self::MAX);
                if self == 0.0 { 0.0 } else { inverse }
            }
            #[inline(always)]
            fn xlogy<S: Isa>(self, isa: S, y: Self) -> Self {
                let product = self * math::ln::$float(isa, y);
                if self == 0.0 { 0.0 } else { product }
            }

            fn product(
                out: faer::MatMut<'_, Self>,
                a: faer::MatRef<'_, Self>,
                b: faer::MatRef<'_, Self>,
                accumulate: bool,
            ) {
                let beta = if accumulate {
                    faer::Accum::Add
                } else {
                    faer::Accum::Replace
                };
                faer::linalg::matmul::matmul(out, beta, a, b, 1.0, faer::Par::Seq);
            }
        }
    };
}
float!(f32, i32, fma_f32);
float!(f64, i64, fma_f64);

#[cfg(test)]
mod tests {
    use super::super::isa::Baseline;
    use super::*;

    fn conventions<F: Float>() {
        let f = F::from_f64;
        let i = Baseline;
        assert_eq!(f(-0.0).sign(i), F::ZERO);
        assert_eq!(f(-3.0).sign(i), f(-1.0));
        assert_eq!(F::INFINITY.sign(i), F::ONE);
        assert!(F::NAN.sign(i).is_nan());
        for (a, b) in [(F::NAN, F::ONE), (F::ONE, F::NAN), (F::NAN, F::NAN)] {
            assert!(a.min(i, b).is_nan() && a.max(i, b).is_nan());
        }
        assert_eq!(F::largest(&[]), F::NEG_INFINITY);
        assert_eq!(F::largest(&[F::NEG_INFINITY]), F::NEG_INFINITY);
        assert_eq!(F::largest(&[f(-3.0), f(-2.0), -F::MAX]), f(-2.0));
        assert_eq!(F::largest(&[-F::ZERO, f(1.0), f(0.5)]), F::ONE);
        assert_eq!(F::largest(&[f(1.0), F::INFINITY]), F::INFINITY);
        for nan in [F::NAN, -F::NAN] {
            assert!(F::largest(&[F::INFINITY, nan, f(1.0)]).is_nan());
        }
        assert_eq!(f(2.0).max(i, f(-3.0)), f(2.0));
        assert_eq!(f(2.0).min(i, f(-3.0)), f(-3.0));
        assert_eq!(f(-0.0).recip_or_zero(i), F::ZERO);
        assert_eq!(f(4.0).recip_or_zero(i), f(0.25));
        assert_eq!(F::ZERO.xlogy(i, F::ZERO), F::ZERO);
        assert_eq!(F::ZERO.xlogy(i, f(-1.0)), F::ZERO);
        assert_eq!(F::ZERO.xlogy(i, F::NAN), F::ZERO);
        assert_eq!(f(2.0).xlogy(i, F::ZERO), F::NEG_INFINITY);
        assert!(F::NAN.xlogy(i, F::ONE).is_nan());
        assert_eq!(f(2.5).round(i), f(2.0));
        assert_eq!(f(-3.5).round(i), f(-4.0));
        let tiny = F::MIN_POSITIVE / f(64.0);
        assert_eq!(tiny.recip_or_zero(i), F::MAX);
        assert_eq!((-tiny).recip_or_zero(i), -F::MAX);
        assert!(F::NAN.recip_or_zero(i).is_nan());
        assert_eq!(f(3.0).mul_add(i, f(4.0), f(5.0)), f(17.0));
    }

    #[test]
    fn conventions_hold_for_both_types() {
        conventions::<f32>();
        conventions::<f64>();
    }
}
