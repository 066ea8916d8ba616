//! Sums of products on the way from the graph to a formula.
//!
//! A [`Term`] is `coefficient · Π factor^exponent`. What the terms of a sum have in common
//! is written once, in front: `ḡ·p − ḡ·1[C = y]` becomes `ḡ · (p − 1[C = y])`. Negative exponents
//! go below a fraction bar, signs in front of everything.

use super::formula::{Formula, Sign};
use super::symbol::{Spelling, SymbolRole, spell};
use crate::support::rational::Rational;

/// `coefficient · Π factor^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) coefficient: Rational,
    /// Distinct, exponents not 0.
    pub(super) factors: Vec<(Formula, i32)>,
}

impl Term {
    pub(super) fn number(coefficient: Rational) -> Term {
        Term {
            coefficient,
            factors: vec![],
        }
    }

    pub(super) fn of(formula: Formula) -> Term {
        Term {
            coefficient: Rational::ONE,
            factors: vec![(formula, 1)],
        }
    }

    /// Multiplies by `factor^exponent`.
    pub(super) fn multiply(&mut self, factor: &Formula, exponent: i32) {
        match self.factors.iter_mut().find(|(known, _)| known == factor) {
            Some((_, known)) => *known += exponent,
            None => self.factors.push((factor.clone(), exponent)),
        }
        self.factors.retain(|(_, exponent)| *exponent != 0);
    }

    /// Multiplies by `other^exponent`. A coefficient that exact arithmetic cannot hold stays a factor.
    pub(super) fn multiply_term(&mut self, other: &Term, exponent: i32) {
        let power = other.coefficient.checked_pow(exponent);
        match power.and_then(|power| self.coefficient.checked_mul(power)) {
            Some(product) => self.coefficient = product,
            None => {
                let negative = other.coefficient.is_negative() && exponent % 2 != 0;
                if negative {
                    self.coefficient = self.coefficient.negate();
                }
                self.multiply(&Formula::Number(other.coefficient.abs()), exponent);
            }
        }
        for (factor, inner) in &other.factors {
            self.multiply(factor, inner * exponent);
        }
    }

    pub(super) fn scaled(mut self, by: Rational) -> Term {
        self.multiply_term(&Term::number(by), 1);
        self
    }

    /// The one factor of a term that has nothing else but perhaps a sign.
    fn as_signed(&self) -> Option<(Sign, &Formula)> {
        match self.factors.as_slice() {
            [(factor, 1)] if self.coefficient.abs().is_one() => {
                Some((sign_of(self.coefficient), factor))
            }
            _ => None,
        }
    }

    /// As a formula.
    pub(super) fn formula(self) -> Formula {
        let (sign, size) = self.signed();
        match (sign, size) {
            (Sign::Plus, size) => size,
            (Sign::Minus, Formula::Sum(parts)) => Formula::Sum(ordered(flip(parts))),
            (Sign::Minus, size) => Formula::Negative(Box::new(size)),
        }
    }

    /// As a sign and a formula that does not begin with one.
    fn signed(mut self) -> (Sign, Formula) {
        if self.coefficient.is_negative() {
            self.absorb_sign();
        }
        let sign = sign_of(self.coefficient);
        let mut above = Vec::new();
        let mut below = Vec::new();
        let size = self.coefficient.abs();
        match spell(size) {
            Spelling::Vulgar(..) if !self.factors.is_empty() => {
                if size.numerator() != 1 {
                    above.push(Formula::Number(numerator(size)));
                }
                below.push(Formula::Number(denominator(size)));
            }
            _ if size.is_one() => {}
            _ => above.push(Formula::Number(size)),
        }
        self.factors.sort_by_key(|(factor, _)| rank(factor));
        for (factor, exponent) in self.factors {
            let side = if exponent > 0 { &mut above } else { &mut below };
            side.push(raised(factor, exponent.unsigned_abs()));
        }
        let above = product_of(above);
        if below.is_empty() {
            (sign, above)
        } else {
            let below = product_of(below);
            (sign, Formula::Fraction(Box::new(above), Box::new(below)))
        }
    }

    /// `−k·(a − b)` is `k·(b − a)`, unless that would put a number behind: `−(1 − p)` stays.
    fn absorb_sign(&mut self) {
        let difference = self.factors.iter_mut().find_map(|(factor, exponent)| {
            let Formula::Sum(parts) = factor else {
                return None;
            };
            let turns = parts.iter().any(|part| part.0 == Sign::Minus)
                && !parts
                    .iter()
                    .any(|part| matches!(part.1, Formula::Number(_)));
            (turns && *exponent == 1).then_some(parts)
        });
        if let Some(parts) = difference {
            *parts = ordered(flip(std::mem::take(parts)));
            self.coefficient = self.coefficient.negate();
        }
    }
}

fn sign_of(value: Rational) -> Sign {
    if value.is_negative() {
        Sign::Minus
    } else {
        Sign::Plus
    }
}

fn numerator(value: Rational) -> Rational {
    Rational::new(value.numerator(), 1).expect("1 is not 0")
}

fn denominator(value: Rational) -> Rational {
    Rational::new(value.denominator(), 1).expect("1 is not 0")
}

fn raised(base: Formula, exponent: u32) -> Formula {
    if exponent == 1 {
        base
    } else {
        let exponent = Formula::Number(Rational::from_int(exponent.into()));
        Formula::Power(Box::new(base), Box::new(exponent))
    }
}

fn product_of(mut factors: Vec<Formula>) -> Formula {
    match factors.len() {
        0 => Formula::one(),
        1 => factors.remove(0),
        _ => Formula::Product(factors),
    }
}

/// The place of a factor in a product: numbers, the cotangent, scalars, tensors, composite factors,
/// functions, sums over axes, indicators.
fn rank(factor: &Formula) -> u8 {
    match factor {
        Formula::Number(_) | Formula::Infinity => 0,
        Formula::Symbol(symbol) => match symbol.role {
            SymbolRole::Cotangent => 1,
            SymbolRole::Scalar => 2,
            SymbolRole::Tensor | SymbolRole::Axis => 3,
        },
        Formula::Indexed(base, _) if rank(base) < 4 => rank(base),
        Formula::Shared(_) => 3,
        Formula::Power(base, _) => rank(base).max(2),
        Formula::Fenced(..) => 3,
        Formula::Apply { .. } => 5,
        Formula::Total(..) => 6,
        Formula::Indicator(_) => 7,
        _ => 4,
    }
}

/// `constant + Σ terms`, what they have in common in front.
pub(super) fn sum(constant: Rational, terms: Vec<Term>) -> Term {
    let terms: Vec<_> = terms
        .into_iter()
        .filter(|term| !term.coefficient.is_zero())
        .collect();
    match terms.as_slice() {
        [] => return Term::number(constant),
        [term] if constant.is_zero() => return term.clone(),
        _ => {}
    }
    let mut common = Term::number(Rational::ONE);
    let mut terms = terms;
    if constant.is_zero() {
        common = common_to(&terms);
        for term in &mut terms {
            term.multiply_term(&common, -1);
        }
    }
    let mut parts = Vec::new();
    for term in terms {
        match term.as_signed() {
            Some((sign, Formula::Sum(inner))) => {
                let inner = inner.clone();
                parts.extend(match sign {
                    Sign::Plus => inner,
                    Sign::Minus => flip(inner),
                });
            }
            _ => parts.push(term.signed()),
        }
    }
    let mut parts = collect_numbers(constant, parts);
    if parts.len() > 1 {
        common.multiply(&Formula::Sum(ordered(parts)), 1);
    } else if let Some((sign, part)) = parts.pop() {
        common.multiply(&part, 1);
        if sign == Sign::Minus {
            common.coefficient = common.coefficient.negate();
        }
    } else {
        common = Term::number(Rational::ZERO);
    }
    common
}

/// The parts with their numbers added to `constant` as one last part.
fn collect_numbers(constant: Rational, parts: Vec<(Sign, Formula)>) -> Vec<(Sign, Formula)> {
    let mut total = constant;
    let mut rest = Vec::new();
    for (sign, part) in parts {
        let added = match (&part, sign) {
            (Formula::Number(value), Sign::Plus) => total.checked_add(*value),
            (Formula::Number(value), Sign::Minus) => total.checked_sub(*value),
            _ => None,
        };
        match added {
            Some(sum) => total = sum,
            None => rest.push((sign, part)),
        }
    }
    if !total.is_zero() {
        rest.push((sign_of(total), Formula::Number(total.abs())));
    }
    rest
}

/// The largest term that divides all of `terms`.
pub(super) fn common_to(terms: &[Term]) -> Term {
    let Some((first, others)) = terms.split_first() else {
        return Term::number(Rational::ONE);
    };
    let size = first.coefficient.abs();
    let mut common = Term::number(if others.iter().all(|t| t.coefficient.abs() == size) {
        size
    } else {
        Rational::ONE
    });
    for (factor, exponent) in &first.factors {
        let mut shared = *exponent;
        for other in others {
            let theirs = other.factors.iter().find(|(known, _)| known == factor);
            shared = match theirs.map_or(0, |(_, exponent)| *exponent) {
                e if e.signum() != shared.signum() => 0,
                e if e > 0 => shared.min(e),
                e => shared.max(e),
            };
        }
        if shared != 0 {
            common.multiply(factor, shared);
        }
    }
    common
}

fn flip(parts: Vec<(Sign, Formula)>) -> Vec<(Sign, Formula)> {
    let flipped = |(sign, part): (Sign, Formula)| (sign.flipped(), part);
    parts.into_iter().map(flipped).collect()
}

/// Positive parts first; a number leads only if it is the one positive part.
fn ordered(parts: Vec<(Sign, Formula)>) -> Vec<(Sign, Formula)> {
    let key = |(sign, part): &(Sign, Formula)| {
        (
            *sign == Sign::Minus,
            matches!(part, Formula::Number(_)) as u8,
        )
    };
    let mut parts = parts;
    parts.sort_by_key(key);
    parts
}
