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

/// Slopes along one direction, or along several at once.
pub trait Slope<T>: Clone + std::fmt::Debug {
    /// Of what does not move.
    fn none() -> Self;
    /// Whether it moves along no direction.
    fn is_none(&self) -> bool;
    /// `self + other`.
    fn plus(&self, other: &Self) -> Self;
    /// `self · factor`; what does not move does not, whatever the factor.
    fn scaled(&self, factor: impl FnOnce() -> T) -> Self;
}

impl<T: Number> Slope<T> for T {
    fn none() -> Self {
        T::zero()
    }

    fn is_none(&self) -> bool {
        self.is_zero()
    }

    fn plus(&self, other: &Self) -> Self {
        self.add(other)
    }

    fn scaled(&self, factor: impl FnOnce() -> T) -> Self {
        if self.is_zero() {
            T::zero()
        } else {
            self.mul(&factor())
        }
    }
}

/// The slopes along several directions, by their number; a direction that is not listed has slope 0.
#[derive(Clone, Debug)]
pub struct Slopes<T>(pub Vec<(usize, T)>);

impl<T: Number> Slope<T> for Slopes<T> {
    fn none() -> Self {
        Slopes(Vec::new())
    }

    fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    fn plus(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut sum = Vec::with_capacity(self.0.len().max(other.0.len()));
        loop {
            let next = match (left.peek(), right.peek()) {
                (None, None) => return Slopes(sum),
                (Some(a), Some(b)) if a.0 == b.0 => {
                    let both = (a.0, a.1.add(&b.1));
                    left.next();
                    right.next();
                    both
                }
                (Some(a), Some(b)) if b.0 < a.0 => {
                    let only = (*b).clone();
                    right.next();
                    only
                }
                (None, Some(b)) => {
                    let only = (*b).clone();
                    right.next();
                    only
                }
                (Some(a), _) => {
                    let only = (*a).clone();
                    left.next();
                    only
                }
            };
            sum.push(next);
        }
    }

    fn scaled(&self, factor: impl FnOnce() -> T) -> Self {
        if self.0.is_empty() {
            return Slopes(Vec::new());
        }
        let factor = factor();
        let scaled = self.0.iter().map(|(i, slope)| {
            let product = if slope.is_zero() {
                T::zero()
            } else {
                slope.mul(&factor)
            };
            (*i, product)
        });
        Slopes(scaled.collect())
    }
}

/// A value and its slope along the direction of the seeds, or its [`Slopes`] along several.
#[derive(Clone, Debug)]
pub struct Dual<T, S = T> {
    /// The value.
    pub value: T,
    /// How it moves.
    pub slope: S,
}

impl<T: Number, S: Slope<T>> Dual<T, S> {
    /// A number that does not move.
    pub fn constant(value: T) -> Self {
        Dual {
            value,
            slope: S::none(),
        }
    }

    /// A number that moves with `slope`.
    pub fn moving(value: T, slope: S) -> Self {
        Dual { value, slope }
    }

    fn negated(slope: &S) -> S {
        slope.scaled(|| T::one().neg())
    }
}

/// By value: what is compared does not depend on where it moves.
impl<T: Number, S> PartialEq for Dual<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Number, S> PartialOrd for Dual<T, S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
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

impl<T: Number, S: Slope<T>> Number for Dual<T, S> {
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
            slope: self.slope.plus(&other.slope),
        }
    }

    fn sub(&self, other: &Self) -> Self {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Self) -> Self {
        let left = self.slope.scaled(|| other.value.clone());
        let right = other.slope.scaled(|| self.value.clone());
        Dual {
            value: self.value.mul(&other.value),
            slope: left.plus(&right),
        }
    }

    fn div(&self, other: &Self) -> Self {
        let value = self.value.div(&other.value);
        // (a/b)′ = (a′ − (a/b)·b′)/b.
        let below = other.slope.scaled(|| value.neg());
        let slope = self.slope.plus(&below);
        let slope = slope.scaled(|| T::one().div(&other.value));
        Dual { value, slope }
    }

    fn neg(&self) -> Self {
        Dual {
            value: self.value.neg(),
            slope: Self::negated(&self.slope),
        }
    }

    fn larger(&self, other: &Self) -> Self {
        Self::largest(&[self.clone(), other.clone()])
    }

    fn largest(elements: &[Self]) -> Self {
        let values: Vec<T> = elements.iter().map(|x| x.value.clone()).collect();
        let value = T::largest(&values);
        let ties: Vec<&Self> = elements.iter().filter(|x| x.value == value).collect();
        let slope = ties.iter().fold(S::none(), |sum, x| sum.plus(&x.slope));
        let share = || T::one().div(&T::from_f64(ties.len() as f64));
        Dual {
            value,
            slope: if ties.len() > 1 {
                slope.scaled(share)
            } else {
                slope
            },
        }
    }

    fn elementary(&self, op: UnaryOp) -> Self {
        self.unary(op)
    }

    fn unary(&self, op: UnaryOp) -> Self {
        let value = self.value.unary(op);
        let slope = self.slope.scaled(|| derivative(op, &self.value, &value));
        Dual { value, slope }
    }

    fn powf(&self, exponent: &Self) -> Self {
        let (a, b) = (&self.value, &exponent.value);
        let value = a.powf(b);
        // b·a^(b−1)·a′ + a^b·ln a·b′; where a is 0, a^b ln a tends to 0 for b > 0.
        let of_base = if b.is_zero() {
            S::none()
        } else {
            self.slope.scaled(|| b.mul(&a.powf(&b.sub(&T::one()))))
        };
        let of_exponent = if value.is_zero() {
            S::none()
        } else {
            let factor = || value.mul(&a.elementary(UnaryOp::Ln));
            exponent.slope.scaled(factor)
        };
        let slope = of_base.plus(&of_exponent);
        Dual { value, slope }
    }

    fn binary(&self, op: BinaryOp, other: &Self) -> Self {
        match op {
            BinaryOp::Pow => self.powf(other),
            BinaryOp::Min => self.neg().larger(&other.neg()).neg(),
            BinaryOp::Max => self.larger(other),
            BinaryOp::Xlogy => {
                let value = self.value.binary(BinaryOp::Xlogy, &other.value);
                let of_factor = self.slope.scaled(|| other.value.elementary(UnaryOp::Ln));
                let of_argument = if self.value.is_zero() {
                    S::none()
                } else {
                    other.slope.scaled(|| self.value.div(&other.value))
                };
                let slope = of_factor.plus(&of_argument);
                Dual { value, slope }
            }
        }
    }

    fn atan2(&self, x: &Self) -> Self {
        let value = self.value.atan2(&x.value);
        let square = |a: &T| a.mul(a);
        let radius = square(&self.value).add(&square(&x.value));
        let across = self.slope.scaled(|| x.value.div(&radius));
        let along = x.slope.scaled(|| self.value.neg().div(&radius));
        let slope = across.plus(&along);
        Dual { value, slope }
    }
}
