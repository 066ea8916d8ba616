//! The numbers of the interpreter.
//!
//! A number type supplies arithmetic and the elementary functions; the composite operators
//! of the language are defined here once, each in the form that loses nothing:
//! `σ(x) = 1/(1 + e^−x)`, for x < 0 as `e^x/(1 + e^x)`; `softplus(x) = max(x, 0) + log1p(e^−|x|)`;
//! `log1mexp(x) = ln(−expm1(x))` for x > −ln 2, else `log1p(−e^x)` (Mächler 2012).

use crate::ir::{BinaryOp, UnaryOp};
use crate::support::rational::Rational;

/// A real number with ±∞ and NaN that behave as those of IEEE 754.
pub trait Number: Clone + PartialEq + PartialOrd + std::fmt::Debug {
    /// The number nearest to a rational.
    fn from_rational(value: Rational) -> Self;
    /// The same number.
    fn from_f64(value: f64) -> Self;
    /// The nearest `f64`.
    fn to_f64(&self) -> f64;
    /// π.
    fn pi() -> Self;
    /// −∞.
    fn neg_infinity() -> Self;

    /// `self + other`.
    fn add(&self, other: &Self) -> Self;
    /// `self − other`.
    fn sub(&self, other: &Self) -> Self;
    /// `self · other`.
    fn mul(&self, other: &Self) -> Self;
    /// `self / other`.
    fn div(&self, other: &Self) -> Self;
    /// `−self`.
    fn neg(&self) -> Self;
    /// An elementary function: any operator but `Sigmoid`, `Softplus`, `SoftplusOverSigmoid`,
    /// `Log1mExp`, `LnCosh`, `RecipOrZero`, `Abs` and `Sign`, which [`Number::unary`] makes from the others.
    fn elementary(&self, op: UnaryOp) -> Self;
    /// `self^exponent`, self ≥ 0, with `0^0 = 1`.
    fn powf(&self, exponent: &Self) -> Self;
    /// The angle of the point (x, self) from the x axis.
    fn atan2(&self, x: &Self) -> Self;

    /// 0.
    fn zero() -> Self {
        Self::from_f64(0.0)
    }

    /// 1.
    fn one() -> Self {
        Self::from_f64(1.0)
    }

    /// Whether it is 0, of either sign.
    fn is_zero(&self) -> bool {
        *self == Self::zero()
    }

    /// Whether it is not a number.
    fn is_nan(&self) -> bool {
        self.partial_cmp(self).is_none()
    }

    /// The larger; NaN if either is.
    fn larger(&self, other: &Self) -> Self {
        if self.is_nan() || *self >= *other {
            self.clone()
        } else {
            other.clone()
        }
    }

    /// The largest; −∞ of nothing.
    fn largest(elements: &[Self]) -> Self {
        elements
            .iter()
            .fold(Self::neg_infinity(), |max, x| max.larger(x))
    }

    /// `self^exponent` by repeated multiplication; a negative power is the reciprocal of the positive.
    fn power(&self, exponent: i32) -> Self {
        let mut result = Self::one();
        for _ in 0..exponent.unsigned_abs() {
            result = result.mul(self);
        }
        if exponent < 0 {
            Self::one().div(&result)
        } else {
            result
        }
    }

    /// `op(self)`.
    fn unary(&self, op: UnaryOp) -> Self {
        let (zero, one) = (Self::zero(), Self::one());
        match op {
            UnaryOp::Abs => {
                if *self < zero {
                    self.neg()
                } else {
                    self.clone()
                }
            }
            UnaryOp::Sign => {
                if *self > zero {
                    one
                } else if *self < zero {
                    one.neg()
                } else {
                    self.clone()
                }
            }
            UnaryOp::Sigmoid => {
                let e = self.unary(UnaryOp::Abs).neg().elementary(UnaryOp::Exp);
                let numerator = if *self < zero { e.clone() } else { one.clone() };
                numerator.div(&one.add(&e))
            }
            UnaryOp::Softplus => {
                let e = self.unary(UnaryOp::Abs).neg().elementary(UnaryOp::Exp);
                self.larger(&zero).add(&e.elementary(UnaryOp::Log1p))
            }
            UnaryOp::SoftplusOverSigmoid => {
                let sigmoid = self.unary(UnaryOp::Sigmoid);
                if sigmoid.is_zero() {
                    one
                } else {
                    self.unary(UnaryOp::Softplus).div(&sigmoid)
                }
            }
            UnaryOp::Log1mExp => {
                let half = one.div(&Self::from_f64(2.0));
                let e = self.elementary(UnaryOp::Exp);
                if e > half {
                    self.elementary(UnaryOp::Expm1)
                        .neg()
                        .elementary(UnaryOp::Ln)
                } else {
                    e.neg().elementary(UnaryOp::Log1p)
                }
            }
            UnaryOp::LnCosh => {
                // cosh x = 1 + E² / (2(1 + E)) with E = e^|x| − 1; and e^|x| (1 + e^−2|x|) / 2.
                let (size, two) = (self.unary(UnaryOp::Abs), Self::from_f64(2.0));
                if size < Self::from_f64(30.0) {
                    let e = size.elementary(UnaryOp::Expm1);
                    let above_one = e.mul(&e).div(&two.mul(&one.add(&e)));
                    above_one.elementary(UnaryOp::Log1p)
                } else {
                    let rest = two.mul(&size).neg().elementary(UnaryOp::Exp);
                    let line = size.sub(&two.elementary(UnaryOp::Ln));
                    line.add(&rest.elementary(UnaryOp::Log1p))
                }
            }
            UnaryOp::RecipOrZero => {
                if self.is_zero() {
                    zero
                } else {
                    one.div(self)
                }
            }
            UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Log1p
            | UnaryOp::Expm1
            | UnaryOp::Sqrt
            | UnaryOp::Tanh
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Erf
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Round => self.elementary(op),
        }
    }

    /// `op(self, other)`.
    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        match op {
            BinaryOp::Pow => self.powf(other),
            BinaryOp::Min => self.neg().larger(&other.neg()).neg(),
            BinaryOp::Max => self.larger(other),
            BinaryOp::Xlogy => {
                if self.is_zero() {
                    Self::zero()
                } else {
                    self.mul(&other.elementary(UnaryOp::Ln))
                }
            }
        }
    }
}
