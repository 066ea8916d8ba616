//! An angle whose cosine is known, and what follows from it by arithmetic alone.

use egg::Id;

use crate::ir::{AxisSet, CompareOp, Reducer, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::term::{Term, find_product, find_sum};
use crate::support::rational::Rational;

/// The largest multiple that is expanded.
pub(super) const LARGEST_MULTIPLE: i64 = 12;

/// An angle whose cosine is known.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Angle {
    /// The class of the angle itself.
    theta: Id,
    pub(super) of: Of,
}

/// What an angle is given by.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// The vectors that it is between.
    Vectors { axes: AxisSet, a: Id, b: Id },
    /// Its cosine.
    Cosine(Id),
}

impl Angle {
    /// A class as an angle.
    pub(super) fn of(egraph: &Egraph, theta: Id) -> Option<Angle> {
        let of = egraph[theta].nodes.iter().find_map(|node| match node.op {
            Op::Angle(axes) => Some(Of::Vectors {
                axes,
                a: egraph.find(node.children[0]),
                b: egraph.find(node.children[1]),
            }),
            Op::Unary(UnaryOp::Acos) => Some(Of::Cosine(egraph.find(node.children[0]))),
            _ => None,
        });
        Some(Angle { theta, of: of? })
    }

    fn unit(axes: AxisSet, vector: Id) -> Term {
        Term::Node(Op::Unit(axes), vec![vector.into(), vector.into()])
    }

    /// cos θ.
    pub(super) fn cosine(self) -> Term {
        match self.of {
            Of::Cosine(c) => c.into(),
            Of::Vectors { axes, a, b } => {
                Term::sum_over(axes, Angle::unit(axes, a).times(Angle::unit(axes, b)))
            }
        }
    }

    /// The part of b̂ at right angles to a.
    fn across(self) -> Option<(AxisSet, Term)> {
        match self.of {
            Of::Cosine(_) => None,
            Of::Vectors { axes, a, b } => {
                let along = self.cosine().times(Angle::unit(axes, a));
                Some((axes, Angle::unit(axes, b).minus(along)))
            }
        }
    }

    /// sin θ. The part of b̂ at right angles is 0 where b is, but the angle is a right one there.
    pub(super) fn sine(self) -> Term {
        let norm = |axes, vector| Term::Node(Op::Reduce(Reducer::Norm, axes), vec![vector]);
        match (self.of, self.across()) {
            (Of::Vectors { b, .. }, Some((axes, across))) => {
                let empty = Term::Node(
                    Op::Compare(CompareOp::Eq),
                    vec![norm(axes, b.into()), Term::zero()],
                );
                Term::select(empty, Term::constant(Rational::ONE), norm(axes, across))
            }
            _ => {
                let cosine = || self.cosine();
                let below = Term::constant(Rational::ONE).minus(cosine());
                let above = Term::constant(Rational::ONE).plus(cosine());
                Term::unary(UnaryOp::Sqrt, below.times(above))
            }
        }
    }

    /// cos kθ.
    pub(super) fn cosine_of_multiple(self, k: i64) -> Option<Term> {
        polynomial(&chebyshev(k.unsigned_abs(), false)?, &self.cosine())
    }

    /// sin kθ, k ≠ 0, in terms of sin θ, which stays recognisable as such: it is to cancel.
    pub(super) fn sine_of_multiple(self, k: i64) -> Option<Term> {
        let second = polynomial(&chebyshev(k.unsigned_abs() - 1, true)?, &self.cosine())?;
        let sign = Rational::from_int(k.signum());
        let sine = Term::unary(UnaryOp::Sin, self.theta.into());
        Some(sine.times(second).scaled(sign))
    }
}

/// The coefficients of T_k, or of U_k if `second`, from the constant up: both are p_{k+1} = 2x·p_k −
/// p_{k−1} from p_0 = 1 and T_1 = x, U_1 = 2x.
fn chebyshev(k: u64, second: bool) -> Option<Vec<i64>> {
    let mut last: Vec<i64> = vec![1];
    let mut now: Vec<i64> = vec![0, if second { 2 } else { 1 }];
    if k == 0 {
        return Some(last);
    }
    for _ in 1..k {
        let mut next = vec![0; now.len() + 1];
        for (i, &c) in now.iter().enumerate() {
            next[i + 1] = c.checked_mul(2)?;
        }
        for (i, &c) in last.iter().enumerate() {
            next[i] = i64::checked_sub(next[i], c)?;
        }
        last = std::mem::replace(&mut now, next);
    }
    Some(now)
}

/// An even or odd polynomial by Horner's scheme in x².
fn polynomial(coefficients: &[i64], x: &Term) -> Option<Term> {
    let degree = coefficients.len().checked_sub(1)?;
    let square = Term::Product(vec![(x.clone(), 2)]);
    let mut value: Option<Term> = None;
    for &c in coefficients.iter().rev().step_by(2) {
        let c = Rational::from_int(c);
        value = Some(match value {
            None => Term::constant(c),
            Some(value) => {
                let higher = value.times(square.clone());
                Term::Sum(c, vec![(higher, Rational::ONE)])
            }
        });
    }
    let value = value?;
    Some(if degree % 2 == 1 {
        x.clone().times(value)
    } else {
        value
    })
}

/// A class as `kθ + rest`.
pub(super) fn multiple_of_angle(egraph: &Egraph, id: Id) -> Option<(Angle, i64, Term)> {
    if let Some(angle) = Angle::of(egraph, id) {
        return Some((angle, 1, Term::zero()));
    }
    for (constant, terms) in egraph[id].nodes.iter().filter_map(ENode::as_sum) {
        for (i, &(term, coefficient)) in terms.iter().enumerate() {
            let (Some(angle), Some(k)) = (Angle::of(egraph, term), coefficient.to_integer()) else {
                continue;
            };
            if k == 0 || k.abs() > LARGEST_MULTIPLE {
                continue;
            }
            let rest = terms.iter().enumerate().filter(|(j, _)| *j != i);
            let rest = rest.map(|(_, &(id, c))| (Term::Class(id), c)).collect();
            return Some((angle, k, Term::Sum(constant, rest)));
        }
    }
    None
}

/// The class of b̂ − (â·b̂)·â, if the e-graph has it.
pub(super) fn find_across(egraph: &Egraph, axes: AxisSet, a: Id, b: Id) -> Option<Id> {
    let unit = |v: Id| egraph.lookup(ENode::new(Op::Unit(axes), [v, v]));
    let (a, b) = (unit(a)?, unit(b)?);
    let product = find_product(egraph, &[(a, 1), (b, 1)])?;
    let dot = ENode::new(Op::Reduce(Reducer::Sum, axes), [product]);
    let cosine = egraph.lookup(dot)?;
    let along = find_product(egraph, &[(cosine, 1), (a, 1)])?;
    find_sum(
        egraph,
        Rational::ZERO,
        &[(b, Rational::ONE), (along, Rational::MINUS_ONE)],
    )
}
