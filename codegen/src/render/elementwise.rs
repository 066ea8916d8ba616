//! Elementwise functions and selections, spelled.
//!
//! `log1p` and its kin are what they compute; a probability's complement and logarithm are `1 − p` and `ln p`; a
//! selection of 0 is an indicator, of anything else a list of cases.

use super::condition::negated;
use super::formula::{Fence, Formula};
use super::sum::{common_to, sum};
use super::symbol::{Symbol, SymbolRole};
use super::term::Term;
use super::translate::Translator;
use crate::ir::{AxisSet, BinaryOp, Node, NodeId, UnaryOp};
use crate::support::rational::Rational;

impl Translator {
    pub(super) fn unary(&mut self, op: UnaryOp, a: NodeId) -> Term {
        let plain =
            |translator: &mut Self, name| Term::of(Formula::function(name, translator.formula(a)));
        match op {
            UnaryOp::Log1p => {
                let one_plus = self.shifted(Rational::ONE, a, Rational::ONE);
                Term::of(Formula::function("ln", one_plus))
            }
            UnaryOp::Expm1 => {
                let exp = plain(self, "exp");
                sum(Rational::MINUS_ONE, vec![exp])
            }
            UnaryOp::Log1mExp => {
                let exp = plain(self, "exp").scaled(Rational::MINUS_ONE);
                let inside = sum(Rational::ONE, vec![exp]).formula();
                Term::of(Formula::function("ln", inside))
            }
            UnaryOp::LnCosh => {
                let inside = Formula::function("cosh", self.formula(a));
                Term::of(Formula::function("ln", inside))
            }
            UnaryOp::RecipOrZero => {
                let mut term = Term::number(Rational::ONE);
                let norm = self.term(a);
                term.multiply_term(&norm, -1);
                term
            }
            UnaryOp::SoftplusOverSigmoid => {
                let (above, below) = (
                    self.graph.unary(UnaryOp::Softplus, a),
                    self.graph.unary(UnaryOp::Sigmoid, a),
                );
                let mut term = self.term(above);
                let below = self.term(below);
                term.multiply_term(&below, -1);
                term
            }
            UnaryOp::Sqrt => {
                let inside = self.formula(a);
                Term::of(Formula::Root(Box::new(inside)))
            }
            UnaryOp::Abs => self.fenced(Fence::Bar, a),
            UnaryOp::Floor => self.fenced(Fence::Floor, a),
            UnaryOp::Ceil => self.fenced(Fence::Ceil, a),
            UnaryOp::Cos => {
                // An even function: π − m rather than m − π.
                let inside = self.term(a);
                let turned = inside.clone().scaled(Rational::MINUS_ONE);
                let [inside, turned] = [inside, turned].map(Term::formula);
                let best = if begins_with_pi(&turned) {
                    turned
                } else {
                    inside
                };
                Term::of(Formula::function("cos", best))
            }
            UnaryOp::Sigmoid => self.sigmoid(a),
            UnaryOp::Softplus => self.softplus(a),
            UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Sign
            | UnaryOp::Tanh
            | UnaryOp::Sin
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Erf
            | UnaryOp::Round => plain(self, op.name()),
        }
    }

    fn shifted(&mut self, constant: Rational, a: NodeId, coefficient: Rational) -> Formula {
        let term = self.term(a).scaled(coefficient);
        sum(constant, vec![term]).formula()
    }

    fn fenced(&mut self, fence: Fence, a: NodeId) -> Term {
        let inside = self.formula(a);
        Term::of(Formula::Fenced(fence, None, Box::new(inside)))
    }

    /// `σ(a)`, or `1 − σ(−a)` where σ(−a) is what the loss speaks of.
    fn sigmoid(&mut self, a: NodeId) -> Term {
        let minus = self.graph.neg(a);
        let other = self.graph.unary(UnaryOp::Sigmoid, minus);
        let (own_sign, _) = self.graph.split_coefficient(a);
        if own_sign.is_negative() && self.spelled.shares.contains(&other) {
            let other = self.term(other).scaled(Rational::MINUS_ONE);
            return sum(Rational::ONE, vec![other]);
        }
        Term::of(Formula::function("sigmoid", self.formula(a)))
    }

    /// `softplus(a)`, or `−ln σ(−a)` where the loss speaks of that probability or its complement.
    fn softplus(&mut self, a: NodeId) -> Term {
        let minus = self.graph.neg(a);
        let share = self.graph.unary(UnaryOp::Sigmoid, minus);
        let rest = self.graph.unary(UnaryOp::Sigmoid, a);
        if self.spelled.shares.contains(&share) || self.spelled.shares.contains(&rest) {
            let share = self.formula(share);
            return Term::of(Formula::function("ln", share)).scaled(Rational::MINUS_ONE);
        }
        Term::of(Formula::function("softplus", self.formula(a)))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Term {
        match op {
            BinaryOp::Pow => {
                let (base, exponent) = (self.formula(a), self.formula(b));
                Term::of(Formula::Power(Box::new(base), Box::new(exponent)))
            }
            BinaryOp::Min | BinaryOp::Max => {
                // A constant bound is read first.
                let (a, b) = match self.graph.node(b) {
                    Node::Rational(_) => (b, a),
                    _ => (a, b),
                };
                Term::of(Formula::Apply {
                    function: op.name(),
                    scope: None,
                    arguments: vec![self.formula(a), self.formula(b)],
                })
            }
            BinaryOp::Xlogy => {
                let mut term = self.term(a);
                let log = Formula::function("ln", self.formula(b));
                term.multiply(&log, 1);
                term
            }
        }
    }

    pub(super) fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Term {
        let (is, not) = if self.graph.is_zero(b) {
            (Some(a), None)
        } else if self.graph.is_zero(a) {
            (None, Some(b))
        } else if let Some(sum) = self.shifted_where(condition, a, b) {
            return sum;
        } else {
            return self.cases(condition, a, b);
        };
        let inside = is.or(not).expect("one of them is not 0");
        let mut term = self.term(inside);
        let holds = self.condition(condition);
        let holds = if not.is_some() { negated(holds) } else { holds };
        term.multiply(&Formula::Indicator(Box::new(holds)), 1);
        term
    }

    /// `p[C = y] − 1 if C = y, otherwise p` is `p − 1[C = y]`.
    fn shifted_where(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Option<Term> {
        let free = self.graph.free(condition);
        let (axis, place) = self.graph.one_hot(condition, free)?;
        let a = self.read_as_axis(a, place, axis);
        let shift = self.graph.sub(a, b);
        let shift = self.graph.as_rational(shift)?;
        let holds = Formula::Indicator(Box::new(self.condition(condition)));
        let base = self.term(b);
        Some(sum(
            Rational::ZERO,
            vec![base, Term::of(holds).scaled(shift)],
        ))
    }

    /// A chain of selections as one list of cases, their common factors in front.
    fn cases(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Term {
        let a = self.where_it_holds(AxisSet::EMPTY, condition, a);
        let mut arms = vec![(self.term(a), self.condition(condition))];
        let mut last = b;
        while let Node::Select(condition, a, b) = *self.graph.node(last) {
            if self.names.contains(&last) || self.elements.contains_key(&last) {
                break;
            }
            arms.push((self.term(a), self.condition(condition)));
            last = b;
        }
        let mut otherwise = self.term(last);
        let nonzero: Vec<_> = arms
            .iter()
            .map(|arm| &arm.0)
            .chain([&otherwise])
            .filter(|term| !term.coefficient.is_zero())
            .cloned()
            .collect();
        let mut common = common_to(&nonzero);
        if let [(Formula::Symbol(symbol), 1)] = common.factors.as_slice()
            && symbol.role == SymbolRole::Tensor
            && nonzero.iter().all(|term| term.factors.len() == 1)
        {
            // `x if t, otherwise −x` reads better than a factor of ±1.
            common = Term::number(Rational::ONE);
        }
        if nonzero.iter().all(|term| term.coefficient.is_negative()) {
            common = common.scaled(Rational::MINUS_ONE);
        }
        otherwise.multiply_term(&common, -1);
        let arms = arms
            .into_iter()
            .map(|(mut value, condition)| {
                value.multiply_term(&common, -1);
                (without_factors_if_zero(value).formula(), condition)
            })
            .collect();
        let otherwise = without_factors_if_zero(otherwise).formula();
        common.multiply(&Formula::Cases(arms, Box::new(otherwise)), 1);
        common
    }
}

fn begins_with_pi(formula: &Formula) -> bool {
    let pi = Symbol::named("pi", SymbolRole::Scalar);
    match formula {
        Formula::Sum(parts) => matches!(&parts[0].1, Formula::Symbol(s) if *s == pi),
        _ => false,
    }
}

/// 0 has no factors, whatever was divided out of it.
fn without_factors_if_zero(term: Term) -> Term {
    if term.coefficient.is_zero() {
        Term::number(Rational::ZERO)
    } else {
        term
    }
}
