//! Nodes of which the elements along some axes share what they are made of: the logits of a softmax, the vector of a direction.
//!
//! What is shared is computed once, or the time for a row would be the square of its length. A softmax looks at the others of each
//! logit; lse of all but one is that of those before it and of those after it: pairs (m, Σ e^(x−m)), joined from both ends.

use std::collections::BTreeMap;

use super::reduce::{norm, reduce};
use super::{Interpreter, Number, Point};
use crate::ir::{AxisId, AxisSet, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};

impl<T: Number> Interpreter<'_, T> {
    /// A softmax at the points of `axes`.
    pub(super) fn softmax(&self, s: &Softmax, axes: &[AxisId]) -> Vec<T> {
        let mut rows = Rows::of(self, s.body, s.axes);
        let outer = rows.outer();
        let is_shared = axes.iter().any(|axis| !outer.contains(*axis));
        self.at_points(axes, |point| {
            let inner = self.bound_points(s.axes, point);
            let at = inner.iter().position(|inner| match s.hit {
                Some(hit) => self.truth(hit, inner),
                None => inner == point,
            });
            let others = match at {
                Some(at) if is_shared => rows.at(point, |logits| without_each(&logits))[at].clone(),
                _ => {
                    let others = inner.iter().enumerate().filter(|(i, _)| Some(*i) != at);
                    let others: Vec<_> = others.map(|(_, q)| self.real(s.body, q)).collect();
                    reduce(Reducer::Lse, &others)
                }
            };
            share(s.form, &self.real(s.value, point), &others)
        })
    }

    /// Elements of a vector over its norm, at the points of `axes`.
    pub(super) fn unit(
        &self,
        along: AxisSet,
        value: NodeId,
        body: NodeId,
        axes: &[AxisId],
    ) -> Vec<T> {
        let mut rows = Rows::of(self, body, along);
        self.at_points(axes, |point| {
            let norm = rows.at(point, |vector| norm(&vector));
            if norm.is_zero() {
                T::zero()
            } else {
                self.real(value, point).div(norm)
            }
        })
    }
}

/// What is made of each row of a node's elements, once it is asked for.
struct Rows<'i, 'a, T, R> {
    interpreter: &'i Interpreter<'a, T>,
    body: NodeId,
    along: AxisSet,
    known: BTreeMap<Vec<usize>, R>,
}

impl<'i, 'a, T: Number, R> Rows<'i, 'a, T, R> {
    fn of(interpreter: &'i Interpreter<'a, T>, body: NodeId, along: AxisSet) -> Self {
        Rows {
            interpreter,
            body,
            along,
            known: BTreeMap::new(),
        }
    }

    /// The axes that tell one row from another.
    fn outer(&self) -> AxisSet {
        self.interpreter.graph.free(self.body).minus(self.along)
    }

    /// That of the row that a point is in.
    fn at(&mut self, point: &Point, make: impl FnOnce(Vec<T>) -> R) -> &R {
        let interpreter = self.interpreter;
        let row = self.outer().iter().map(|axis| point[usize::from(axis.0)]);
        let make = || make(interpreter.vector(self.along, self.body, point));
        self.known.entry(row.collect()).or_insert_with(make)
    }
}

/// With o = lse of the other logits and u the value, every form is a function of o − u:
/// p = σ(u − o), 1 − p = σ(o − u), ln p = −softplus(o − u), ln(1 − p) = −softplus(u − o).
fn share<T: Number>(form: SoftmaxForm, u: &T, others: &T) -> T {
    let gap = if *u == T::neg_infinity() {
        // A logit that is filtered out has no share, even if all are.
        T::neg_infinity().neg()
    } else {
        others.sub(u)
    };
    match form {
        SoftmaxForm::Prob => gap.neg().unary(UnaryOp::Sigmoid),
        SoftmaxForm::Complement => gap.unary(UnaryOp::Sigmoid),
        SoftmaxForm::Log => gap.unary(UnaryOp::Softplus).neg(),
        SoftmaxForm::LogComplement => gap.neg().unary(UnaryOp::Softplus).neg(),
        SoftmaxForm::LogOverComplement => gap.unary(UnaryOp::SoftplusOverSigmoid).neg(),
    }
}

/// lse of all elements but one, for each.
fn without_each<T: Number>(elements: &[T]) -> Vec<T> {
    let mut after = Sum::nothing();
    let mut suffixes = Vec::new();
    for x in elements.iter().rev() {
        suffixes.push(after.clone());
        after = after.joined(&Sum::of(x));
    }
    let mut before = Sum::nothing();
    let mut all = Vec::new();
    for (x, after) in elements.iter().zip(suffixes.iter().rev()) {
        all.push(before.joined(after).lse());
        before = before.joined(&Sum::of(x));
    }
    all
}

/// A sum of exponentials, `scaled · e^largest`.
#[derive(Clone)]
struct Sum<T> {
    largest: T,
    scaled: T,
}

impl<T: Number> Sum<T> {
    fn nothing() -> Self {
        Sum {
            largest: T::neg_infinity(),
            scaled: T::zero(),
        }
    }

    fn of(x: &T) -> Self {
        Sum {
            largest: x.clone(),
            scaled: T::one(),
        }
    }

    fn joined(&self, other: &Self) -> Self {
        if self.largest == T::neg_infinity() {
            return other.clone();
        }
        if other.largest == T::neg_infinity() {
            return self.clone();
        }
        let largest = T::largest(&[self.largest.clone(), other.largest.clone()]);
        let scaled = |sum: &Self| {
            let gap = sum.largest.sub(&largest);
            sum.scaled.mul(&gap.unary(UnaryOp::Exp))
        };
        Sum {
            scaled: scaled(self).add(&scaled(other)),
            largest,
        }
    }

    fn lse(&self) -> T {
        let infinity = T::neg_infinity().neg();
        if self.largest == T::neg_infinity() || self.largest == infinity {
            return self.largest.clone();
        }
        self.largest.add(&self.scaled.unary(UnaryOp::Ln))
    }
}
