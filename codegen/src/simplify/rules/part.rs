//! A whole and its greatest part: `1 − a/(a + b)`, `ln(a/(a + b))` and `√(a + r²) − r`, which cancel where a or r is nearly
//! all of it.

use egg::Id;

use super::{At, Family, Parts, Rule, argument, sums};
use crate::ir::UnaryOp;
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Monomial, readings};
use crate::simplify::proof::{Condition, Property};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "one-minus-part",
        family: Family::Stable,
        lhs: "1 − a / (a + b)",
        rhs: "b / (a + b)",
        conditions: &[],
        limit: "",
        why: "the difference cancels where b is small beside a: a Dice score near 1, a robust error far from the target",
        at: At::Sum,
        apply: |egraph, _, node, out| out.extend(one_minus_part(egraph, node)),
    },
    Rule {
        name: "root-minus-part",
        family: Family::Stable,
        lhs: "√(a + r²) − r",
        rhs: "a / (√(a + r²) + r)",
        conditions: &[Condition::new("r", Property::Positive)],
        limit: "",
        why: "the difference cancels where a is small beside r²",
        at: At::Sum,
        apply: |egraph, _, node, out| out.extend(root_minus_part(egraph, node)),
    },
    Rule {
        name: "log-of-part",
        family: Family::Stable,
        lhs: "ln(a / (a + b))",
        rhs: "−ln(1 + b / a)",
        conditions: &[],
        limit: "",
        why: "of parts ≥ 0 the quotient rounds to 1 where b is small beside a",
        at: At::Unary,
        apply: |egraph, _, node, out| out.extend(log_of_part(egraph, node)),
    },
];

/// Whether a node is a whole less a part of it, or the logarithm of its share, for which there is a form that does not cancel.
pub(crate) fn cancels(egraph: &Egraph, node: &ENode) -> bool {
    let rules = [one_minus_part, root_minus_part, log_of_part];
    rules.iter().any(|rule| rule(egraph, node).is_some())
}

fn one_minus_part(egraph: &Egraph, node: &ENode) -> Option<Term> {
    let (constant, terms) = node.as_sum()?;
    let &[(fraction, scale)] = terms.as_slice() else {
        return None;
    };
    if constant.is_zero() {
        return None;
    }
    for reading in readings(egraph, fraction).iter() {
        for &(whole, exponent) in &reading.factors {
            if exponent != -1 || !reading.mask.is_empty() {
                continue;
            }
            let part = reading.divided(whole, -1);
            // constant + scale · part / whole = constant · (whole − share) / whole
            let share = scale.negate().checked_div(constant)?;
            let part = part.scaled(share)?;
            let rest = sums(egraph, whole).find_map(|sum| without(egraph, sum, &part));
            if let Some(rest) = rest {
                let quotient = Term::Product(vec![(Term::linear(rest), 1), (whole.into(), -1)]);
                return Some(quotient.scaled(constant));
            }
        }
    }
    None
}

/// A sum less a part of it: one of its terms, or a sum of some of them.
fn without(egraph: &Egraph, whole: Parts, part: &Monomial) -> Option<Parts> {
    let own = |term: &(Id, Rational)| {
        let scaled = term.1.checked_recip().and_then(|by| part.scaled(by));
        scaled.is_some_and(|part| readings(egraph, term.0).contains(&part))
    };
    if let Some(at) = whole.1.iter().position(own) {
        let (constant, mut terms) = whole;
        terms.remove(at);
        return Some((constant, terms));
    }
    let &[(numerator, 1)] = part.factors.as_slice() else {
        return None;
    };
    sums(egraph, numerator).find_map(|(constant, parts)| {
        let mut terms = whole.1.clone();
        for (id, c) in parts {
            let wanted = (egraph.find(id), c.checked_mul(part.coefficient)?);
            let at = terms
                .iter()
                .position(|t| (egraph.find(t.0), t.1) == wanted)?;
            terms.remove(at);
        }
        let less = constant.checked_mul(part.coefficient)?;
        let left = whole.0.checked_sub(less)?;
        (less.is_zero() || left.is_zero()).then_some((left, terms))
    })
}

fn root_minus_part(egraph: &Egraph, node: &ENode) -> Option<Term> {
    let (constant, terms) = node.as_sum()?;
    for (i, &(root, scale)) in terms.iter().enumerate() {
        let Some(square) = argument(egraph, root, UnaryOp::Sqrt) else {
            continue;
        };
        let others = |skip: usize| {
            let kept = terms.iter().enumerate();
            kept.filter(move |&(j, _)| j != i && j != skip)
                .map(|(_, &(id, c))| (Term::Class(id), c))
        };
        for (j, &(part, other)) in terms.iter().enumerate() {
            if j == i || other != scale.negate() || !Property::Positive.holds(egraph, part) {
                continue;
            }
            let squared = Monomial {
                factors: vec![(egraph.find(part), 2)],
                ..Monomial::one()
            };
            if let Some(rest) = sums(egraph, square).find_map(|s| without(egraph, s, &squared)) {
                let quotient = conjugate(rest, root, part.into());
                let all = others(j).chain([(quotient, scale)]).collect();
                return Some(Term::Sum(constant, all));
            }
        }
        let part = constant.negate().checked_div(scale)?;
        if !part.is_zero() && Property::Positive.holds_of(egraph, part) {
            let squared = part.checked_mul(part)?;
            if let Some((_, rest)) = sums(egraph, square).find(|sum| sum.0 == squared) {
                let quotient = conjugate((Rational::ZERO, rest), root, Term::constant(part));
                let all = others(i).chain([(quotient, scale)]).collect();
                return Some(Term::Sum(Rational::ZERO, all));
            }
        }
    }
    None
}

fn log_of_part(egraph: &Egraph, node: &ENode) -> Option<Term> {
    if node.op != Op::Unary(UnaryOp::Ln) {
        return None;
    }
    // The identity needs no signs: without them it is not known to be the better form.
    let nonnegative = |id: Id| egraph[id].data.range.is_nonnegative();
    for reading in readings(egraph, node.children[0]).iter() {
        for &(whole, exponent) in &reading.factors {
            let part = reading.divided(whole, -1);
            let factors = part.factors.iter();
            let proven = part.coefficient.is_positive()
                && factors.clone().all(|f| f.1 % 2 == 0 || nonnegative(f.0));
            if exponent != -1 || !part.mask.is_empty() || !proven || part.is_constant() {
                continue;
            }
            let rest = sums(egraph, whole).find_map(|sum| without(egraph, sum, &part));
            let Some(rest) = rest else {
                continue;
            };
            let signs = rest.1.iter();
            let signs = signs.clone().all(|t| t.1.is_positive() && nonnegative(t.0));
            if signs && !rest.0.is_negative() {
                let inverse = factors.map(|&(id, e)| (Term::Class(id), -e));
                let ratio = inverse.chain([(Term::linear(rest), 1)]).collect();
                let scale = Rational::ONE.checked_div(part.coefficient)?;
                let ratio = Term::Product(ratio).scaled(scale);
                let log = Term::unary(UnaryOp::Log1p, ratio);
                return Some(log.scaled(Rational::MINUS_ONE));
            }
        }
    }
    None
}

/// `rest / (root + part)`.
fn conjugate(rest: Parts, root: Id, part: Term) -> Term {
    let below = Term::Class(root).plus(part);
    Term::Product(vec![(Term::linear(rest), 1), (below, -1)])
}
