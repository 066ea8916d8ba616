//! The floats as numbers of the interpreter: what a definition gives if it is computed as it stands.
//!
//! `f64` is the everyday oracle; `f32` is the naive program whose errors an audit shows.

use super::Number;
use crate::ir::UnaryOp;
use crate::support::rational::Rational;

macro_rules! number {
    ($float:ident) => {
        impl Number for $float {
            fn from_rational(value: Rational) -> Self {
                value.to_f64() as $float
            }

            fn from_f64(value: f64) -> Self {
                value as $float
            }

            fn to_f64(&self) -> f64 {
                f64::from(*self)
            }

            fn pi() -> Self {
                std::$float::consts::PI
            }

            fn neg_infinity() -> Self {
                $float::NEG_INFINITY
            }

            fn add(&self, other: &Self) -> Self {
                self + other
            }

            fn sub(&self, other: &Self) -> Self {
                self - other
            }

            fn mul(&self, other: &Self) -> Self {
                self * other
            }

            fn div(&self, other: &Self) -> Self {
                self / other
            }

            fn neg(&self) -> Self {
                -self
            }

            fn elementary(&self, op: UnaryOp) -> Self {
                match op {
                    UnaryOp::Exp => self.exp(),
                    UnaryOp::Ln => self.ln(),
                    UnaryOp::Log1p => self.ln_1p(),
                    UnaryOp::Expm1 => self.exp_m1(),
                    UnaryOp::Sqrt => self.sqrt(),
                    UnaryOp::Tanh => self.tanh(),
                    UnaryOp::Sin => self.sin(),
                    UnaryOp::Cos => self.cos(),
                    UnaryOp::Tan => self.tan(),
                    UnaryOp::Asin => self.asin(),
                    UnaryOp::Acos => self.acos(),
                    UnaryOp::Atan => self.atan(),
                    UnaryOp::Sinh => self.sinh(),
                    UnaryOp::Cosh => self.cosh(),
                    UnaryOp::Erf => erf(f64::from(*self)) as $float,
                    UnaryOp::Floor => self.floor(),
                    UnaryOp::Ceil => self.ceil(),
                    UnaryOp::Round => self.round_ties_even(),
                    UnaryOp::Abs
                    | UnaryOp::Sign
                    | UnaryOp::Sigmoid
                    | UnaryOp::Softplus
                    | UnaryOp::SoftplusOverSigmoid
                    | UnaryOp::Log1mExp
                    | UnaryOp::LnCosh
                    | UnaryOp::RecipOrZero => self.unary(op),
                }
            }

            fn powf(&self, exponent: &Self) -> Self {
                $float::powf(*self, *exponent)
            }

            fn atan2(&self, x: &Self) -> Self {
                $float::atan2(*self, *x)
            }
        }
    };
}

number!(f32);
number!(f64);

/// `2/√π · e^−x² · Σ 2ⁿ x^(2n+1) / (2n+1)!!` (Abramowitz & Stegun 7.1.6): terms of one sign, so nothing
/// cancels. Beyond |x| = 6 it is ±1 to the last bit.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > sum.abs() * 1e-18 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}
