//! Forms without cancellation.

use egg::Id;

use super::left::{left_over, logits_less_lse};
use super::{At, Family, Rule, softmax};
use crate::ir::{BinaryOp, SoftmaxForm, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Monomial, readings};
use crate::simplify::proof::{Condition, Property};
use crate::simplify::term::{Term, find_sum};
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "softmax-minus-one-hot",
        family: Family::Stable,
        lhs: "a·softmax(z) − (if C == y { a } else { 0 })",
        rhs: "a · if C == y { −(1 − softmax(z)[C = y]) } else { softmax(z) }",
        conditions: &[],
        limit: "",
        why: "p − 1 cancels at the target: in f32 it is 0 from a logit gap of 17 on, the share of the others is not",
        at: At::Sum,
        apply: softmax_minus_one_hot,
    },
    Rule {
        name: "logits-less-lse",
        family: Family::Stable,
        lhs: "a·lse(z) − b·z[C = y], lse(z) − mean(z)",
        rhs: "(a − b)·lse(z) − b·ln softmax(z)[C = y], −mean(ln softmax(z))",
        conditions: &[],
        limit: "",
        why: "the difference of a logit and lse cancels where the share is next to 1; its logarithm does not",
        at: At::Sum,
        apply: logits_less_lse,
    },
    Rule {
        name: "one-minus",
        family: Family::Stable,
        lhs: "1 − p",
        rhs: "the complement of p",
        conditions: &[Condition::new("the exponent of a power", Property::NonZero)],
        limit: "",
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
            let all = readings(egraph, id);
            all.iter().filter_map(|m| m.scaled(scale)).collect()
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

/// `with` is F·p under a mask, `without` has −F under the same mask and the one-hot, or −G where F − G is shorter than
/// either: the pair, and which part of `without` it takes.
fn pair(egraph: &Egraph, with: &[Monomial], without: &[Monomial]) -> Option<(Term, Rational)> {
    for a in with {
        for hit in &egraph.analysis.hits {
            let p = egraph.find(hit.softmax);
            let condition = egraph.find(hit.condition);
            if a.exponent(p) < 1 {
                continue;
            }
            let rest = a.divided(p, 1);
            let at_hit = Term::Class(hit.complement).scaled(Rational::MINUS_ONE);
            let gap = Term::select(condition.into(), at_hit, p.into());
            for b in without {
                let Some(b) = b.without_literal((condition, true)) else {
                    continue;
                };
                if b.factors == rest.factors && b.mask == rest.mask {
                    let part = rest.coefficient.negate().checked_div(b.coefficient);
                    let within = |part: &Rational| !part.is_negative() && *part <= Rational::ONE;
                    if let Some(part) = part.filter(within) {
                        return Some((rest.times(gap), part));
                    }
                }
                if let Some(left) = left_over(egraph, &rest, &b) {
                    let paired = b.times(gap).scaled(Rational::MINUS_ONE);
                    return Some((paired.plus(left.times(p.into())), Rational::ONE));
                }
            }
        }
    }
    None
}

/// `1 − a^b`, where the logarithm of a has a stable form.
fn one_minus_power(egraph: &Egraph, p: Id, scale: Rational, out: &mut Vec<Term>) {
    let nodes = &egraph[p].nodes;
    let Some(power) = nodes.iter().find(|n| n.op == Op::Binary(BinaryOp::Pow)) else {
        return;
    };
    let (base, exponent) = (egraph.find(power.children[0]), power.children[1]);
    if let Some(log) = logarithm(egraph, base)
        // 0^0 is 1, but 0 · ln 0 is nothing.
        && Property::NonZero.holds(egraph, exponent)
    {
        let exponent = log.times(exponent.into());
        out.push(Term::unary(UnaryOp::Expm1, exponent).scaled(scale));
    }
}

/// ln of a class that is a share.
fn logarithm(egraph: &Egraph, id: Id) -> Option<Term> {
    for (prob, log) in [
        (SoftmaxForm::Prob, SoftmaxForm::Log),
        (SoftmaxForm::Complement, SoftmaxForm::LogComplement),
    ] {
        if let Some(found) = softmax(egraph, id, prob, true)
            && let Op::Softmax { axes, hit, .. } = found.op
        {
            let form = log;
            let children = found.children.iter().map(|&c| Term::Class(c)).collect();
            return Some(Term::Node(Op::Softmax { form, axes, hit }, children));
        }
    }
    let x = super::argument(egraph, id, UnaryOp::Sigmoid)?;
    let minus = Term::Class(x).scaled(Rational::MINUS_ONE);
    Some(Term::unary(UnaryOp::Softplus, minus).scaled(Rational::MINUS_ONE))
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
    // 1 − tanh² x = 4·σ(2x)·σ(−2x)
    for factors in egraph[p].nodes.iter().filter_map(ENode::as_product) {
        if let &[(t, 2)] = factors.as_slice()
            && let Some(x) = super::argument(egraph, t, UnaryOp::Tanh)
            && let Some(four) = constant.checked_mul(Rational::from_int(4))
        {
            let [right, left] = [2, -2].map(|twice| {
                let x = Term::Class(x).scaled(Rational::from_int(twice));
                Term::unary(UnaryOp::Sigmoid, x)
            });
            out.push(right.times(left).scaled(four));
        }
    }
    one_minus_power(egraph, p, scale, out);
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
