//! Forms without cancellation.

use egg::Id;

use super::{At, Family, Rule, softmax};
use crate::ir::{SoftmaxForm, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Monomial, masked, readings};
use crate::simplify::term::{Term, find_sum};
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "softmax-minus-one-hot",
        family: Family::Stable,
        lhs: "a·softmax(z) − (if C == y { a } else { 0 })",
        rhs: "a · if C == y { −(1 − softmax(z)[C = y]) } else { softmax(z) }",
        condition: "softmax over C alone",
        why: "p − 1 cancels at the target: in f32 it is 0 from a logit gap of 17 on, the share of the others is not",
        at: At::Sum,
        apply: softmax_minus_one_hot,
    },
    Rule {
        name: "one-minus",
        family: Family::Stable,
        lhs: "1 − p",
        rhs: "the complement of p",
        condition: "p is a softmax at one position, a sigmoid or an exponential",
        why: "the complement has a form of its own that does not cancel near p = 1",
        at: At::Sum,
        apply: one_minus,
    },
];

fn softmax_minus_one_hot(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let read: Vec<Vec<Monomial>> = terms
        .iter()
        .map(|&(id, scale)| {
            let mut all = readings(egraph, id).to_vec();
            all.retain_mut(|m| match m.coefficient.checked_mul(scale) {
                Some(product) => {
                    m.coefficient = product;
                    true
                }
                None => false,
            });
            all
        })
        .collect();
    // How much of each term is left: one one-hot may be the sum of those of two softmaxes.
    let mut left = vec![Rational::ONE; terms.len()];
    let mut pairs = vec![];
    for i in 0..terms.len() {
        for j in 0..terms.len() {
            if i == j || !left[i].is_one() || left[j].is_zero() {
                continue;
            }
            if let Some((pair, part)) = pair(egraph, &read[i], &read[j])
                && let Some(rest) = left[j].checked_sub(part).filter(|r| !r.is_negative())
            {
                pairs.push((pair, Rational::ONE));
                (left[i], left[j]) = (Rational::ZERO, rest);
            }
        }
    }
    if pairs.is_empty() {
        return;
    }
    let rest: Option<Vec<_>> = terms
        .iter()
        .zip(left)
        .filter(|(_, left)| !left.is_zero())
        .map(|(&(id, c), left)| Some((Term::Class(id), c.checked_mul(left)?)))
        .collect();
    let Some(rest) = rest else {
        return;
    };
    let all = rest.into_iter().chain(pairs).collect();
    out.push(Term::Sum(constant, all));
}

/// `with` is F·p under a mask, `without` has −F under the same mask and the one-hot: the pair, and which part of
/// `without` it takes.
fn pair(egraph: &Egraph, with: &[Monomial], without: &[Monomial]) -> Option<(Term, Rational)> {
    for a in with {
        for hit in &egraph.analysis.hits {
            let p = egraph.find(hit.softmax);
            let condition = egraph.find(hit.condition);
            if a.exponent(p) < 1 {
                continue;
            }
            let rest = a.divided(p, 1);
            let mut wanted = rest.clone();
            wanted.coefficient = wanted.coefficient.negate();
            wanted.mask.push((condition, true));
            wanted.mask.sort_unstable();
            wanted.mask.dedup();
            if wanted.mask.len() == rest.mask.len() {
                continue;
            }
            let part = without.iter().find_map(|m| {
                let alike = m.factors == wanted.factors && m.mask == wanted.mask;
                wanted
                    .coefficient
                    .checked_div(m.coefficient)
                    .filter(|_| alike)
            });
            let Some(part) = part.filter(|part| !part.is_negative()) else {
                continue;
            };
            let at_hit = Term::Class(hit.complement).scaled(Rational::MINUS_ONE);
            let gap = Term::select(condition.into(), at_hit, p.into());
            let factors = rest.factors.iter().map(|&(id, e)| (Term::Class(id), e));
            let product = Term::Product(factors.chain([(gap, 1)]).collect());
            let pair = masked(&rest.mask, product).scaled(rest.coefficient);
            return Some((pair, part));
        }
    }
    None
}

fn one_minus(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let &[(p, scale)] = terms.as_slice() else {
        return;
    };
    if scale != constant.negate() || constant.is_zero() {
        return;
    }
    for (form, rest) in [
        (SoftmaxForm::Prob, SoftmaxForm::Complement),
        (SoftmaxForm::Complement, SoftmaxForm::Prob),
    ] {
        if let Some(found) = softmax(egraph, p, form, true)
            && let Op::Softmax { axes, hit, .. } = found.op
        {
            let form = rest;
            let children = found.children.iter().map(|&c| Term::Class(c)).collect();
            let complement = Term::Node(Op::Softmax { form, axes, hit }, children);
            out.push(complement.scaled(constant));
        }
    }
    if let Some(x) = super::argument(egraph, p, UnaryOp::Sigmoid) {
        let minus = Term::Class(x).scaled(Rational::MINUS_ONE);
        out.push(Term::unary(UnaryOp::Sigmoid, minus).scaled(constant));
    }
    if let Some(x) = super::argument(egraph, p, UnaryOp::Exp) {
        out.push(Term::unary(UnaryOp::Expm1, x.into()).scaled(scale));
    }
}

/// The class of −x, if the e-graph has it.
pub(super) fn negation(egraph: &Egraph, x: Id) -> Option<Id> {
    let direct = find_sum(egraph, Rational::ZERO, &[(x, Rational::MINUS_ONE)]);
    direct.or_else(|| {
        egraph[x]
            .nodes
            .iter()
            .filter_map(ENode::as_sum)
            .find_map(|(constant, terms)| {
                let negated: Vec<_> = terms.iter().map(|t| (t.0, t.1.negate())).collect();
                find_sum(egraph, constant.negate(), &negated)
            })
    })
}
