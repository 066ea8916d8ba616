//! Forward-mode derivatives: a number with its slope along one direction.
//!
//! `f(x + εv) = f(x) + ε·f′(x)·v` with ε² = 0. An independent way to the slopes that reverse mode
//! derives: it differentiates what the interpreter *does*, operation by operation, and knows nothing of adjoints.
//! The slope at a kink follows the conventions of the language: 0 for `abs` and `sqrt` at 0, shared equally between equal arguments of `min` and
//! `max`, 0 for steps.

use std::cmp::Ordering;

use super::Number;
use crate::ir::{BinaryOp, UnaryOp};
use crate::support::rational::Rational;

/// A value and its slope.
#[derive(Clone, Debug)]
pub struct Dual<T> {
    /// The value.
    pub value: T,
    /// Its slope along the direction of the seeds.
    pub slope: T,
}

impl<T: Number> Dual<T> {
    /// A number that does not move.
    pub fn constant(value: T) -> Self {
        Dual {
            value,
            slope: T::zero(),
        }
    }

    /// A number that moves with `slope`.
    pub fn moving(value: T, slope: T) -> Self {
        Dual { value, slope }
    }
}

/// By value: what is compared does not depend on where it moves.
impl<T: Number> PartialEq for Dual<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Number> PartialOrd for Dual<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

/// `a·b` where 0 times anything is 0: a slope of 0 stays 0 at a pole.
fn times<T: Number>(a: &T, b: &T) -> T {
    if a.is_zero() || b.is_zero() {
        T::zero()
    } else {
        a.mul(b)
    }
}

/// `op′(x)`, with y = op(x).
fn derivative<T: Number>(op: UnaryOp, x: &T, y: &T) -> T {
    let (one, two) = (T::one(), T::from_f64(2.0));
    let square = |a: &T| a.mul(a);
    // √((1 − x)(1 + x)), which does not cancel.
    let cofactor = || one.sub(x).mul(&one.add(x)).unary(UnaryOp::Sqrt);
    match op {
        UnaryOp::Exp => y.clone(),
        UnaryOp::Ln => one.div(x),
        UnaryOp::Log1p => one.div(&one.add(x)),
        UnaryOp::Expm1 => x.unary(UnaryOp::Exp),
        UnaryOp::Sqrt if x.is_zero() => T::zero(),
        UnaryOp::Sqrt => one.div(&two.mul(y)),
        UnaryOp::Abs => x.unary(UnaryOp::Sign),
        UnaryOp::Tanh => one.div(&square(&x.unary(UnaryOp::Cosh))),
        UnaryOp::Sigmoid => y.mul(&x.neg().unary(UnaryOp::Sigmoid)),
        UnaryOp::Softplus => x.unary(UnaryOp::Sigmoid),
        // (s/σ)′ = 1 − (s/σ)·σ(−x), by s′ = σ and σ′ = σ(x)·σ(−x).
        UnaryOp::SoftplusOverSigmoid => one.sub(&y.mul(&x.neg().unary(UnaryOp::Sigmoid))),
        UnaryOp::Sin => x.unary(UnaryOp::Cos),
        UnaryOp::Cos => x.unary(UnaryOp::Sin).neg(),
        UnaryOp::Tan => one.add(&square(y)),
        UnaryOp::Asin => one.div(&cofactor()),
        UnaryOp::Acos => one.div(&cofactor()).neg(),
        UnaryOp::Atan => one.div(&one.add(&square(x))),
        UnaryOp::Sinh => x.unary(UnaryOp::Cosh),
        UnaryOp::Cosh => x.unary(UnaryOp::Sinh),
        UnaryOp::LnCosh => x.unary(UnaryOp::Tanh),
        UnaryOp::Erf => {
            let peak = two.div(&T::pi().unary(UnaryOp::Sqrt));
            peak.mul(&square(x).neg().unary(UnaryOp::Exp))
        }
        UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round => T::zero(),
        UnaryOp::Log1mExp => one.div(&x.neg().unary(UnaryOp::Expm1)).neg(),
        UnaryOp::RecipOrZero => square(y).neg(),
    }
}

impl<T: Number> Number for Dual<T> {
    fn from_rational(value: Rational) -> Self {
        Dual::constant(T::from_rational(value))
    }

    fn from_f64(value: f64) -> Self {
        Dual::constant(T::from_f64(value))
    }

    fn to_f64(&self) -> f64 {
        self.value.to_f64()
    }

    fn pi() -> Self {
        Dual::constant(T::pi())
    }

    fn neg_infinity() -> Self {
        Dual::constant(T::neg_infinity())
    }

    fn add(&self, other: &Self) -> Self {
        Dual {
            value: self.value.add(&other.value),
            slope: self.slope.add(&other.slope),
        }
    }

    fn sub(&self, other: &Self) -> Self {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Self) -> Self {
        let (left, right) = (
            times(&self.slope, &other.value),
            times(&self.value, &other.slope),
        );
        Dual {
            value: self.value.mul(&other.value),
            slope: left.add(&right),
        }
    }

    fn div(&self, other: &Self) -> Self {
        let value = self.value.div(&other.value);
        let rise = self.slope.sub(&times(&value, &other.slope));
        let slope = if rise.is_zero() {
            rise
        } else {
            rise.div(&other.value)
        };
        Dual { value, slope }
    }

    fn neg(&self) -> Self {
        Dual {
            value: self.value.neg(),
            slope: self.slope.neg(),
        }
    }

    fn larger(&self, other: &Self) -> Self {
        Self::largest(&[self.clone(), other.clone()])
    }

    fn largest(elements: &[Self]) -> Self {
        let values: Vec<T> = elements.iter().map(|x| x.value.clone()).collect();
        let value = T::largest(&values);
        let ties: Vec<&Self> = elements.iter().filter(|x| x.value == value).collect();
        let slope = ties.iter().fold(T::zero(), |sum, x| sum.add(&x.slope));
        let slope = if ties.len() > 1 {
            slope.div(&T::from_f64(ties.len() as f64))
        } else {
            slope
        };
        Dual { value, slope }
    }

    fn elementary(&self, op: UnaryOp) -> Self {
        self.unary(op)
    }

    fn unary(&self, op: UnaryOp) -> Self {
        let value = self.value.unary(op);
        // What does not move has no slope, whatever the function's.
        let slope = if self.slope.is_zero() {
            T::zero()
        } else {
            derivative(op, &self.value, &value).mul(&self.slope)
        };
        Dual { value, slope }
    }

    fn powf(&self, exponent: &Self) -> Self {
        let (a, b) = (&self.value, &exponent.value);
        let value = a.powf(b);
        // b·a^(b−1)·a′ + a^b·ln a·b′; where a is 0, a^b ln a tends to 0 for b > 0.
        let of_base = if self.slope.is_zero() || b.is_zero() {
            T::zero()
        } else {
            b.mul(&a.powf(&b.sub(&T::one()))).mul(&self.slope)
        };
        let of_exponent = if exponent.slope.is_zero() || value.is_zero() {
            T::zero()
        } else {
            let log = a.elementary(UnaryOp::Ln);
            value.mul(&log).mul(&exponent.slope)
        };
        Dual {
            value,
            slope: of_base.add(&of_exponent),
        }
    }

    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        match op {
            BinaryOp::Pow => self.powf(other),
            BinaryOp::Min => self.neg().larger(&other.neg()).neg(),
            BinaryOp::Max => self.larger(other),
            BinaryOp::Xlogy => {
                let value = self.value.binary(BinaryOp::Xlogy, &other.value);
                let log = other.value.elementary(UnaryOp::Ln);
                let share = if self.value.is_zero() {
                    T::zero()
                } else {
                    self.value.div(&other.value)
                };
                let slope = times(&self.slope, &log).add(&times(&share, &other.slope));
                Dual { value, slope }
            }
        }
    }

    fn atan2(&self, x: &Self) -> Self {
        let value = self.value.atan2(&x.value);
        let square = |a: &T| a.mul(a);
        let radius = square(&self.value).add(&square(&x.value));
        let turn = times(&x.value, &self.slope).sub(&times(&self.value, &x.slope));
        let slope = if turn.is_zero() {
            T::zero()
        } else {
            turn.div(&radius)
        };
        Dual { value, slope }
    }
}
