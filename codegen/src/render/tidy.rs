//! What a reader would do to a product before writing it down.
//!
//! Identities of factors: masks meet, a tie of a maximum is a case, `b^(e+1)/b` is `b^e`, `f·(1 − x/f)` is `f − x`.

use super::condition::all_of;
use super::formula::{Formula, Relation, Sign};
use super::sum::sum;
use super::term::{Term, flip, ordered};
use crate::support::rational::Rational;

impl Term {
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
                .find(|factor| single(factor).is_some())
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
    pub(super) fn merge_indicators(&mut self) {
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
    pub(super) fn lower_powers(&mut self) {
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
    pub(super) fn cancel_denominators(&mut self) {
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

    /// Turns differences round two at a time, or one with the sign of the term:
    /// `(x − 1)·(1[c] − p)` is `(1 − x)·(p − 1[c])`.
    pub(super) fn orient(&mut self) {
        let mut wrong: Vec<_> = (0..self.factors.len())
            .filter(|&i| self.factors[i].1 == 1 && is_wrong_way_round(&self.factors[i].0))
            .collect();
        if wrong.len() % 2 == 1 {
            if self.coefficient.is_negative() {
                self.coefficient = self.coefficient.negate();
            } else {
                wrong.pop();
            }
        }
        for i in wrong {
            if let Formula::Sum(parts) = &mut self.factors[i].0 {
                *parts = ordered(flip(std::mem::take(parts)));
            }
        }
    }
}

/// `x − 1` and `1[c] − x`.
fn is_wrong_way_round(factor: &Formula) -> bool {
    match factor {
        Formula::Sum(parts) => match parts.as_slice() {
            [(Sign::Plus, Formula::Indicator(_)), (Sign::Minus, b)] => {
                !matches!(b, Formula::Indicator(_) | Formula::Number(_))
            }
            [(Sign::Plus, a), (Sign::Minus, Formula::Number(_))] => {
                !matches!(a, Formula::Indicator(_))
            }
            _ => false,
        },
        _ => false,
    }
}
