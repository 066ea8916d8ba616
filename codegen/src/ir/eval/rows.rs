//! Nodes of which the elements along some axes share what they are made of: the logits of a softmax, the vector of a direction.
//!
//! What is shared is computed once, or the time for a row would be the square of its length. A softmax looks at the others of each
//! logit; lse of all but one is that of those before it and of those after it: pairs (m, Σ e^(x−m)), joined from both ends.

use super::{Interpreter, Number, Point, reduce::norm};
use crate::ir::{AxisId, AxisSet, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};

impl<T: Number> Interpreter<'_, T> {
    /// The elements over `axes` of a node whose elements share something along some of them; `None` of any other node.
    pub(super) fn row_by_row(&self, node: &Node, axes: &[AxisId]) -> Option<Vec<T>> {
        let along = match node {
            Node::Softmax(Softmax {
                axes, hit: None, ..
            })
            | Node::Unit { axes, .. } => *axes,
            _ => return None,
        };
        let outer = axes.iter().copied().filter(|axis| !along.contains(*axis));
        let outer: Vec<_> = outer.collect();
        let extents = axes.iter().map(|axis| self.env.extent(self.graph, *axis));
        let mut elements = vec![T::zero(); extents.product()];
        for row in self.at_points(&outer, |point| self.row(node, along, point)) {
            for (point, element) in row {
                elements[self.offset(axes, &point)] = element;
            }
        }
        Some(elements)
    }

    fn offset(&self, axes: &[AxisId], point: &Point) -> usize {
        axes.iter().fold(0, |offset, axis| {
            offset * self.env.extent(self.graph, *axis) + point[usize::from(axis.0)]
        })
    }

    fn row(&self, node: &Node, along: AxisSet, point: &Point) -> Vec<(Point, T)> {
        let points = self.bound_points(along, point);
        let elements: Vec<T> = match node {
            Node::Softmax(s) => {
                let logits = self.vector(along, s.body, point);
                let others = without_each(&logits);
                let pairs = logits.iter().zip(others);
                pairs.map(|(u, others)| share(s.form, u, others)).collect()
            }
            Node::Unit { value, body, .. } => {
                let norm = norm(&self.vector(along, *body, point));
                let element = |point| {
                    if norm.is_zero() {
                        T::zero()
                    } else {
                        self.real(*value, point).div(&norm)
                    }
                };
                points.iter().map(element).collect()
            }
            _ => unreachable!("its elements share nothing"),
        };
        points.into_iter().zip(elements).collect()
    }

    /// A softmax at one logit that `hit` points out.
    pub(super) fn softmax(&self, s: &Softmax, hit: NodeId, point: &Point) -> T {
        let inner = self.bound_points(s.axes, point);
        let others = inner.iter().filter(|&inner| !self.truth(hit, inner));
        let others: Vec<_> = others.map(|inner| self.real(s.body, inner)).collect();
        let u = self.real(s.value, point);
        share(s.form, &u, super::reduce(Reducer::Lse, &others))
    }
}

/// With o = lse of the other logits and u the value, every form is a function of o − u:
/// p = σ(u − o), 1 − p = σ(o − u), ln p = −softplus(o − u), ln(1 − p) = −softplus(u − o).
fn share<T: Number>(form: SoftmaxForm, u: &T, others: T) -> T {
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
