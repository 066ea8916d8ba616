//! Exponentials, logarithms, powers, and the pairs σ(x), σ(−x) and softplus(x), softplus(−x).

use egg::Id;

use super::left::total;
use super::stable::negation;
use super::{At, Family, Rule, argument, softmax};
use crate::ir::{BinaryOp, SoftmaxForm, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Monomial, readings};
use crate::simplify::proof::{Condition, Property};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "log-of-product",
        family: Family::ExpLog,
        lhs: "ln(a^k·b)",
        rhs: "k·ln a + ln b",
        conditions: &[Condition::new("each factor", Property::Positive)],
        limit: "",
        why: "a product may leave the range of floats where its logarithm does not",
        at: At::Unary,
        apply: log_of_product,
    },
    Rule {
        name: "exp-of-scaled-log",
        family: Family::ExpLog,
        lhs: "exp(b·ln a), expm1(b·ln a)",
        rhs: "a^b, a^b − 1",
        conditions: &[],
        limit: "",
        why: "two spellings of a power are one",
        at: At::Unary,
        apply: exp_of_scaled_log,
    },
    Rule {
        name: "merge-powers",
        family: Family::ExpLog,
        lhs: "a^b·a^k",
        rhs: "a^(b+k)",
        conditions: &[],
        limit: "",
        why: "one power instead of two, and no quotient by a that may be 0",
        at: At::Product,
        apply: merge_powers,
    },
    Rule {
        name: "sigmoid-pair",
        family: Family::ExpLog,
        lhs: "(1 − t)·σ(x) − t·σ(−x)",
        rhs: "σ(x) − t",
        conditions: &[],
        limit: "",
        why: "the form to be read; the kernel keeps both shares, which do not cancel",
        at: At::Sum,
        apply: sigmoid_pair,
    },
    Rule {
        name: "softplus-pair",
        family: Family::ExpLog,
        lhs: "(1 − t)·softplus(x) + t·softplus(−x)",
        rhs: "softplus(x) − t·x",
        conditions: &[],
        limit: "",
        why: "the form to be read; the kernel keeps both, which do not cancel",
        at: At::Sum,
        apply: softplus_pair,
    },
];

fn log_of_product(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if node.op != Op::Unary(UnaryOp::Ln) {
        return;
    }
    let a = node.children[0];
    for factors in egraph[a].nodes.iter().filter_map(ENode::as_product) {
        let positive = |f: &(Id, i32)| Property::Positive.holds(egraph, f.0);
        if !factors.iter().all(positive) {
            continue;
        }
        let logs = factors.iter().map(|&(id, exponent)| {
            let scale = Rational::from_int(exponent.into());
            (Term::unary(UnaryOp::Ln, id.into()), scale)
        });
        out.push(Term::Sum(Rational::ZERO, logs.collect()));
        return;
    }
}

/// What a class is the logarithm of.
fn antilog(egraph: &Egraph, id: Id) -> Option<Term> {
    if let Some(x) = argument(egraph, id, UnaryOp::Ln) {
        return Some(x.into());
    }
    for (log, form) in [
        (SoftmaxForm::Log, SoftmaxForm::Prob),
        (SoftmaxForm::LogComplement, SoftmaxForm::Complement),
    ] {
        for at_hit in [false, true] {
            if let Some(found) = softmax(egraph, id, log, at_hit)
                && let Op::Softmax { axes, hit, .. } = found.op
            {
                let children = found.children.iter().map(|&c| Term::Class(c)).collect();
                return Some(Term::Node(Op::Softmax { form, axes, hit }, children));
            }
        }
    }
    None
}

fn exp_of_scaled_log(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let less = match node.op {
        Op::Unary(UnaryOp::Exp) => Rational::ZERO,
        Op::Unary(UnaryOp::Expm1) => Rational::MINUS_ONE,
        _ => return,
    };
    for monomial in readings(egraph, node.children[0]).iter() {
        if !monomial.mask.is_empty() {
            continue;
        }
        for &(log, exponent) in &monomial.factors {
            if exponent == 1
                && let Some(base) = antilog(egraph, log)
            {
                let power = monomial.divided(log, 1).term();
                let power = Term::Node(Op::Binary(BinaryOp::Pow), vec![base, power]);
                out.push(Term::Sum(less, vec![(power, Rational::ONE)]));
                return;
            }
        }
    }
}

fn merge_powers(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    let power = |id: Id| {
        let nodes = &egraph[id].nodes;
        let node = nodes.iter().find(|n| n.op == Op::Binary(BinaryOp::Pow))?;
        Some((egraph.find(node.children[0]), node.children[1]))
    };
    for (i, &(id, times)) in factors.iter().enumerate() {
        let Some((base, exponent)) = power(id) else {
            continue;
        };
        let mut total = vec![(Term::Class(exponent), Rational::from_int(times.into()))];
        let mut constant = Rational::ZERO;
        let mut rest = vec![];
        for (j, &(other, k)) in factors.iter().enumerate() {
            let k_exact = Rational::from_int(k.into());
            if j == i {
                continue;
            } else if egraph.find(other) == base {
                constant = k_exact;
            } else if let Some((same, more)) = power(other).filter(|p| p.0 == base) {
                debug_assert_eq!(same, base);
                total.push((more.into(), k_exact));
            } else {
                rest.push((Term::Class(other), k));
            }
        }
        if rest.len() + 1 < factors.len() || times != 1 {
            let exponent = Term::Sum(constant, total);
            let merged = Term::Node(Op::Binary(BinaryOp::Pow), vec![base.into(), exponent]);
            rest.push((merged, 1));
            out.push(Term::Product(rest));
            return;
        }
    }
}

/// Two terms of a sum, with what stands before f(x) and before f(−x).
struct Pair {
    terms: (usize, usize),
    before: (Monomial, Monomial),
    value: Id,
    argument: Id,
}

fn opposite_pairs(egraph: &Egraph, terms: &[(Id, Rational)], op: UnaryOp) -> Vec<Pair> {
    let mut found = vec![];
    let mut sides = vec![];
    for (i, &(id, scale)) in terms.iter().enumerate() {
        for reading in readings(egraph, id).iter() {
            let Some(monomial) = reading.scaled(scale) else {
                continue;
            };
            for &(factor, exponent) in &monomial.factors {
                if let Some(x) = argument(egraph, factor, op)
                    && exponent == 1
                {
                    sides.push((i, x, factor, monomial.divided(factor, 1)));
                }
            }
        }
    }
    for (i, x, value, before) in &sides {
        for (j, minus, _, other) in &sides {
            if i != j && negation(egraph, *x) == Some(*minus) {
                found.push(Pair {
                    terms: (*i, *j),
                    before: (before.clone(), other.clone()),
                    value: *value,
                    argument: *x,
                });
            }
        }
    }
    found
}

fn sigmoid_pair(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite_pairs(egraph, node, UnaryOp::Sigmoid, out);
}

fn softplus_pair(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite_pairs(egraph, node, UnaryOp::Softplus, out);
}

/// With σ(−x) = 1 − σ(x): a·σ(x) + b·σ(−x) = (a − b)·σ(x) + b. With softplus(−x) = softplus(x) − x:
/// a·softplus(x) + b·softplus(−x) = (a + b)·softplus(x) − b·x.
fn rewrite_pairs(egraph: &Egraph, node: &ENode, op: UnaryOp, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let sigmoid = op == UnaryOp::Sigmoid;
    let sign = if sigmoid {
        Rational::MINUS_ONE
    } else {
        Rational::ONE
    };
    for pair in opposite_pairs(egraph, &terms, op) {
        let (a, b) = &pair.before;
        let sum = b.scaled(sign).and_then(|b| total(egraph, a, &b));
        let Some(sum) = sum.filter(|sum| sum.terms.is_empty()) else {
            continue;
        };
        let value = sum
            .common
            .term()
            .times(pair.value.into())
            .scaled(sum.constant);
        let rest = if sigmoid {
            b.term()
        } else {
            b.term()
                .times(pair.argument.into())
                .scaled(Rational::MINUS_ONE)
        };
        let (i, j) = pair.terms;
        let others = terms.iter().enumerate().filter(|(k, _)| *k != i && *k != j);
        let others = others.map(|(_, &(id, c))| (Term::Class(id), c));
        let all = others.chain([(value, Rational::ONE), (rest, Rational::ONE)]);
        out.push(Term::Sum(constant, all.collect()));
    }
}
