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

    /// The same with differences `b − a` written as `a − b` where `other` has those.
    pub(super) fn turned_towards(mut self, other: &Term) -> Term {
        for (factor, exponent) in &mut self.factors {
            if let Formula::Sum(parts) = factor {
                let turned = Formula::Sum(ordered(flip(parts.clone())));
                if other.factors.iter().any(|f| f.0 == turned) {
                    *factor = turned;
                    if *exponent % 2 != 0 {
                        self.coefficient = self.coefficient.negate();
                    }
                }
            }
        }
        self
    }

    /// The one indicator among the factors, and the others.
    pub(super) fn split_indicator(&self) -> Option<(&Formula, Vec<(Formula, i32)>)> {
        let mut conditions = self.factors.iter().filter_map(|(factor, _)| match factor {
            Formula::Indicator(condition) => Some(&**condition),
            _ => None,
        });
        let condition = conditions.next()?;
        if conditions.next().is_some() {
            return None;
        }
        let rest = self.factors.iter();
        let rest = rest.filter(|(factor, _)| !matches!(factor, Formula::Indicator(_)));
        Some((condition, rest.cloned().collect()))
    }

    pub(super) fn scaled(mut self, by: Rational) -> Term {
        self.multiply_term(&Term::number(by), 1);
        self
    }

    /// The one factor of a term that has nothing else but perhaps a sign.
    pub(super) fn as_signed(&self) -> Option<(Sign, &Formula)> {
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
    pub(super) fn signed(mut self) -> (Sign, Formula) {
        self.cancel_denominators();
        self.lower_powers();
        self.orient();
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
        self.merge_ties();
        self.merge_indicators();
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
            return;
        }
        for (factor, exponent) in &mut self.factors {
            if *exponent == 1
                && let Some(turned) = turned_signs(factor)
            {
                *factor = turned;
                self.coefficient = self.coefficient.negate();
                return;
            }
        }
    }
}

/// `1 if t, otherwise −1` for `−1 if t, otherwise 1`: cases of numbers with other signs.
fn turned_signs(factor: &Formula) -> Option<Formula> {
    let Formula::Cases(arms, otherwise) = factor else {
        return None;
    };
    let turned = |value: &Formula| match value {
        Formula::Number(n) if n.is_zero() => Some(value.clone()),
        Formula::Number(_) => Some(Formula::Negative(Box::new(value.clone()))),
        Formula::Negative(inner) if matches!(**inner, Formula::Number(_)) => {
            Some((**inner).clone())
        }
        _ => None,
    };
    let values = arms.iter().map(|arm| &arm.0).chain([&**otherwise]);
    if !values
        .clone()
        .any(|value| matches!(value, Formula::Negative(_)))
    {
        return None;
    }
    let arms: Option<Vec<_>> = arms
        .iter()
        .map(|(value, condition)| Some((turned(value)?, condition.clone())))
        .collect();
    Some(Formula::Cases(arms?, Box::new(turned(otherwise)?)))
}

pub(super) fn sign_of(value: Rational) -> Sign {
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
pub(super) fn rank(factor: &Formula) -> u8 {
    match factor {
        Formula::Number(_) | Formula::Infinity => 0,
        Formula::Symbol(symbol) => match symbol.role {
            SymbolRole::Cotangent => 1,
            SymbolRole::Scalar => 2,
            SymbolRole::Tensor | SymbolRole::Axis => 3,
        },
        Formula::Indexed(base, _) if rank(base) < 4 => rank(base),
        Formula::Shared(_) => 3,
        Formula::Sum(parts) if parts.iter().all(|part| rank(&part.1) < 3) => 2,
        Formula::Power(base, _) => rank(base).max(2),
        Formula::Fenced(..) | Formula::Cases(..) => 3,
        Formula::Sum(parts) if parts.iter().any(|part| rank(&part.1) == 7) => 6,
        Formula::Apply { .. } => 5,
        Formula::Total(..) => 6,
        Formula::Indicator(_) => 7,
        _ => 4,
    }
}

pub(super) fn flip(parts: Vec<(Sign, Formula)>) -> Vec<(Sign, Formula)> {
    let flipped = |(sign, part): (Sign, Formula)| (sign.flipped(), part);
    parts.into_iter().map(flipped).collect()
}

/// Positive parts first; a number leads only if it is the one positive part.
pub(super) fn ordered(parts: Vec<(Sign, Formula)>) -> Vec<(Sign, Formula)> {
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
