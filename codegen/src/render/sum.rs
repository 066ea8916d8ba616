//! Sums of terms, what they have in common written once.
//!
//! In this order: masks of opposite conditions meet, terms over one denominator become one fraction, a
//! factor is collected where that exposes a common one, and what all terms share goes in front.

use super::condition::negated;
use super::formula::{Formula, Sign};
use super::term::{Term, flip, ordered, sign_of};
use crate::support::rational::Rational;

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

/// The factors below the bar.
type Denominator = Vec<(Formula, i32)>;

/// Terms over the same denominator become one fraction.
fn over_common_denominators(terms: Vec<Term>) -> Vec<Term> {
    let below = |term: &Term| -> Denominator {
        let factors = term.factors.iter().filter(|factor| factor.1 < 0);
        factors.cloned().collect()
    };
    let mut groups: Vec<(Denominator, Vec<Term>)> = Vec::new();
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
    let combined = |(_, mut group): (Denominator, Vec<Term>)| {
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
