//! Sums of products on the way from the graph to a formula.
//!
//! A [`Term`] is `coefficient · Π factor^exponent`. What the terms of a sum have in common
//! is written once, in front: `ḡ·p − ḡ·1[C = y]` becomes `ḡ · (p − 1[C = y])`. Negative exponents
//! go below a fraction bar, signs in front of everything.

use super::condition::{all_of, negated};
use super::formula::{Formula, Relation, Sign};
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
    fn turned_towards(mut self, other: &Term) -> Term {
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
    fn split_indicator(&self) -> Option<(&Formula, Vec<(Formula, i32)>)> {
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
        self.cancel_denominators();
        self.lower_powers();
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

    /// `(f if a > b, otherwise g) · 1[a ≥ b]` is `f if a > b, g if a = b, otherwise 0`: the slope of a
    /// maximum.
    pub(super) fn merge_ties(&mut self) {
        let single = |factor: &(Formula, i32)| match factor {
            (Formula::Cases(arms, _), 1) if arms.len() == 1 => Some(arms[0].1.clone()),
            _ => None,
        };
        let Some(strict) = self.factors.iter().find_map(single) else {
            return;
        };
        let Formula::Relation(relation @ (Relation::Less | Relation::Greater), a, b) = strict
        else {
            return;
        };
        let weak = match relation {
            Relation::Less => Relation::AtMost,
            _ => Relation::AtLeast,
        };
        let weak = Formula::Relation(weak, a.clone(), b.clone());
        self.split_conjunctions();
        let indicator = Formula::Indicator(Box::new(weak));
        let before = self.factors.len();
        self.factors.retain(|(factor, _)| *factor != indicator);
        if self.factors.len() < before
            && let Some((Formula::Cases(arms, otherwise), _)) = self
                .factors
                .iter_mut()
                .find(|factor| single(&**factor).is_some())
        {
            let tie = std::mem::replace(&mut **otherwise, Formula::Number(Rational::ZERO));
            arms.push((tie, Formula::Relation(Relation::Equal, a, b)));
        }
    }

    /// `1[a ∧ b]` is `1[a] · 1[b]`.
    fn split_conjunctions(&mut self) {
        let mut conditions = Vec::new();
        self.factors.retain(|(factor, _)| match factor {
            Formula::Indicator(condition) => {
                match &**condition {
                    Formula::All(parts) => conditions.extend(parts.iter().cloned()),
                    other => conditions.push(other.clone()),
                }
                false
            }
            _ => true,
        });
        for condition in conditions {
            self.multiply(&Formula::Indicator(Box::new(condition)), 1);
        }
    }

    /// `1[a] · 1[b]` is `1[a ∧ b]`.
    fn merge_indicators(&mut self) {
        let mut conditions = Vec::new();
        self.factors.retain(|(factor, _)| match factor {
            Formula::Indicator(condition) => {
                conditions.push((**condition).clone());
                false
            }
            _ => true,
        });
        if let Some(all) = all_of(conditions) {
            self.factors.push((Formula::Indicator(Box::new(all)), 1));
        }
    }

    /// `b^(e + 1) / b` is `b^e`.
    fn lower_powers(&mut self) {
        for i in 0..self.factors.len() {
            let (Formula::Power(base, exponent), 1) = &self.factors[i] else {
                continue;
            };
            let Formula::Sum(parts) = &**exponent else {
                continue;
            };
            let one = (Sign::Plus, Formula::one());
            let Some(rest) = parts.iter().position(|part| *part == one) else {
                continue;
            };
            let below = self.factors.iter().position(|f| f.0 == **base && f.1 < 0);
            let Some(below) = below else { continue };
            let terms = parts.iter().enumerate().filter(|(at, _)| *at != rest);
            let terms = terms.map(|(_, (sign, part))| match sign {
                Sign::Plus => Term::of(part.clone()),
                Sign::Minus => Term::of(part.clone()).scaled(Rational::MINUS_ONE),
            });
            let lower = sum(Rational::ZERO, terms.collect()).formula();
            let lower = Formula::Power(base.clone(), Box::new(lower));
            self.factors[i].0 = lower;
            self.factors[below].1 += 1;
            self.factors.retain(|factor| factor.1 != 0);
            return;
        }
    }

    /// `f · (1 − x/f)` is `f − x`.
    fn cancel_denominators(&mut self) {
        for i in 0..self.factors.len() {
            let (Formula::Sum(parts), 1) = &self.factors[i] else {
                continue;
            };
            let below = parts.iter().find_map(|(_, part)| match part {
                Formula::Fraction(_, below) => Some((**below).clone()),
                _ => None,
            });
            let Some(below) = below else { continue };
            let cancels = |part: &Formula| match part {
                Formula::Number(value) => value.is_one(),
                Formula::Fraction(_, other) => **other == below,
                _ => false,
            };
            let at = self.factors.iter().position(|f| f.0 == below && f.1 > 0);
            let (Some(at), true) = (at, parts.iter().all(|part| cancels(&part.1))) else {
                continue;
            };
            let terms = parts.iter().map(|(sign, part)| {
                let size = match part {
                    Formula::Fraction(above, _) => Term::of((**above).clone()),
                    _ => Term::of(below.clone()),
                };
                match sign {
                    Sign::Plus => size,
                    Sign::Minus => size.scaled(Rational::MINUS_ONE),
                }
            });
            let product = sum(Rational::ZERO, terms.collect());
            self.factors[at].1 -= 1;
            self.factors[i].1 = 0;
            self.factors.retain(|factor| factor.1 != 0);
            self.multiply_term(&product, 1);
            return;
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
        Formula::Sum(parts) if parts.iter().all(|part| rank(&part.1) < 3) => 2,
        Formula::Power(base, _) => rank(base).max(2),
        Formula::Fenced(..) | Formula::Cases(..) => 3,
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
    let terms = over_common_denominators(merge_complements(terms));
    if let [term] = terms.as_slice()
        && constant.is_zero()
    {
        return term.clone();
    }
    let mut common = Term::number(Rational::ONE);
    let mut terms = terms;
    if constant.is_zero() {
        terms = collected(terms);
        common = common_to(&terms);
        if terms.iter().all(|term| term.coefficient.is_negative()) {
            common = common.scaled(Rational::MINUS_ONE);
        }
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

/// `p + b·p − (1 + b)·q` is `(1 + b)·p − (1 + b)·q`, which then has a common factor.
fn collected(terms: Vec<Term>) -> Vec<Term> {
    let candidates: Vec<_> = terms
        .iter()
        .flat_map(|term| &term.factors)
        .filter(|(factor, exponent)| *exponent > 0 && !matches!(factor, Formula::Indicator(_)))
        .map(|(factor, _)| factor.clone())
        .collect();
    for factor in candidates {
        let has = |term: &&Term| term.factors.iter().any(|f| f.0 == factor && f.1 > 0);
        let (with, without): (Vec<_>, Vec<_>) = terms.iter().partition(has);
        let [rest] = without.as_slice() else {
            continue;
        };
        if with.len() < 2 {
            continue;
        }
        let group = sum(Rational::ZERO, with.into_iter().cloned().collect());
        let rest = (*rest).clone().turned_towards(&group);
        let pair = vec![group, rest];
        let common = common_to(&pair);
        if common
            .factors
            .iter()
            .any(|f| matches!(f.0, Formula::Sum(_)))
        {
            return pair;
        }
    }
    terms
}

/// `k·f·1[c] + l·f·1[¬c]` is `f · (k if c, otherwise l)`, and `k·f` where k = l.
fn merge_complements(mut terms: Vec<Term>) -> Vec<Term> {
    let mut i = 0;
    while i < terms.len() {
        let merged =
            (i + 1..terms.len()).find_map(|j| Some((j, complement(&terms[i], &terms[j])?)));
        match merged {
            Some((j, term)) => {
                terms.remove(j);
                terms[i] = term;
            }
            None => i += 1,
        }
    }
    terms
}

fn complement(a: &Term, b: &Term) -> Option<Term> {
    let (condition_a, rest_a) = a.split_indicator()?;
    let (condition_b, rest_b) = b.split_indicator()?;
    let same = rest_a.len() == rest_b.len() && rest_a.iter().all(|f| rest_b.contains(f));
    if !same || negated(condition_a.clone()) != *condition_b {
        return None;
    }
    let mut term = Term {
        coefficient: Rational::ONE,
        factors: rest_a,
    };
    if a.coefficient == b.coefficient {
        return Some(term.scaled(a.coefficient));
    }
    let value = |t: &Term| Term::number(t.coefficient).formula();
    let cases = Formula::Cases(vec![(value(a), condition_a.clone())], Box::new(value(b)));
    term.multiply(&cases, 1);
    Some(term)
}

/// Terms over the same denominator become one fraction.
fn over_common_denominators(terms: Vec<Term>) -> Vec<Term> {
    let below = |term: &Term| -> Vec<(Formula, i32)> {
        let factors = term.factors.iter().filter(|factor| factor.1 < 0);
        factors.cloned().collect()
    };
    let mut groups: Vec<(Vec<(Formula, i32)>, Vec<Term>)> = Vec::new();
    for term in terms {
        let denominator = below(&term);
        match groups
            .iter_mut()
            .find(|(known, _)| !known.is_empty() && *known == denominator)
        {
            Some((_, group)) => group.push(term),
            None => groups.push((denominator, vec![term])),
        }
    }
    if groups.len() == 1 {
        // The caller takes out what all have in common.
        return groups.remove(0).1;
    }
    let combined = |(_, mut group): (Vec<(Formula, i32)>, Vec<Term>)| {
        if group.len() == 1 {
            group.remove(0)
        } else {
            sum(Rational::ZERO, group)
        }
    };
    groups.into_iter().map(combined).collect()
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
