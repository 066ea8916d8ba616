//! Rules that were made wrong on purpose are caught: one at least of every kind of mistake.

use egg::Id;

use super::points::{Draw, Points};
use super::replay::replay;
use super::*;
use crate::ir::{BinaryOp, Reducer, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::rules::{At, Family, Rule, unit_of};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

type Apply = fn(&Egraph, Id, &ENode, &mut Vec<Term>);

/// `Σ_A u·v → u·Σ_A v` without asking whether u lacks A.
fn hoist_anything(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    let products = egraph[node.children[0]].nodes.iter();
    for factors in products.filter_map(ENode::as_product) {
        let mut rest: Vec<(Term, i32)> = factors.iter().map(|&(id, e)| (id.into(), e)).collect();
        let first = rest.remove(0);
        let sum = Term::sum_over(axes, Term::Product(rest));
        out.push(Term::Product(vec![first, (sum, 1)]));
    }
}

fn rewrite(node: &ENode, op: UnaryOp, out: &mut Vec<Term>, to: impl Fn(Term) -> Term) {
    if node.op == Op::Unary(op) {
        out.push(to(node.children[0].into()));
    }
}

/// `sin x → x`, right only at 0.
fn small_angle(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite(node, UnaryOp::Sin, out, |x| x);
}

/// `if h { a } else { b } → if h { a } else { 2b }`: wrong in one branch.
fn wrong_branch(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if let (Op::Select, &[h, a, b]) = (&node.op, &*node.children) {
        let twice = Term::Class(b).scaled(Rational::TWO);
        out.push(Term::select(h.into(), a.into(), twice));
    }
}

/// `|x| → x`: wrong for x < 0.
fn size_is_value(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite(node, UnaryOp::Abs, out, |x| x);
}

/// `⌊x + 1⌋ → x + 1` as if x were an integer.
fn everything_is_an_integer(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite(node, UnaryOp::Floor, out, |x| x);
}

/// `‖x / ‖x‖‖ → 1`: at x = 0 it is 0.
fn unit_vectors_are_units(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if let (Op::Reduce(Reducer::Norm, _), &[body]) = (&node.op, &*node.children)
        && unit_of(egraph, body).is_some()
    {
        out.push(Term::constant(Rational::ONE));
    }
}

/// `1/x, or 0 at 0 → 1/x`: the left one is defined at 0.
fn zero_has_a_reciprocal(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite(node, UnaryOp::RecipOrZero, out, |x| {
        Term::Product(vec![(x, -1)])
    });
}

/// `|x| → x² / |x|`: right, but not defined at 0.
fn undefined_at_zero(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    rewrite(node, UnaryOp::Abs, out, |x| {
        let size = Term::unary(UnaryOp::Abs, x.clone());
        Term::Product(vec![(x, 2), (size, -1)])
    });
}

/// `ln(a·b) → ln a + ln b` for any signs: not defined where both are negative.
fn log_of_anything(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if let (Op::Unary(UnaryOp::Ln), &[product]) = (&node.op, &*node.children) {
        for factors in egraph[product].nodes.iter().filter_map(ENode::as_product) {
            let logs = factors.iter().map(|&(id, e)| {
                let scale = Rational::from_int(e.into());
                (Term::unary(UnaryOp::Ln, id.into()), scale)
            });
            out.push(Term::Sum(Rational::ZERO, logs.collect()));
        }
    }
}

/// `tanh x → (1 + 1e-28) · tanh x`: no float could tell.
fn almost(_: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let factor = Rational::new(10i128.pow(28) + 1, 10i128.pow(28)).expect("a rational");
    rewrite(node, UnaryOp::Tanh, out, |x| {
        Term::unary(UnaryOp::Tanh, x).scaled(factor)
    });
}

/// `max(a, b) → a + b`: right only where one is 0 and the other is not negative.
fn sum_for_maximum(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    for &(id, exponent) in &factors {
        for inner in &egraph[id].nodes {
            if let (Op::Binary(BinaryOp::Max), &[a, b], 1) = (&inner.op, &*inner.children, exponent)
            {
                let sum = Term::Class(a).plus(b.into());
                let rest = factors.iter().filter(|f| f.0 != id);
                let rest = rest.map(|&(id, e)| (Term::Class(id), e));
                out.push(Term::Product(rest.chain([(sum, 1)]).collect()));
            }
        }
    }
}

const UNSOUND: &[(&str, At, Apply)] = &[
    ("hoist-anything", At::Reduce, hoist_anything),
    ("small-angle", At::Unary, small_angle),
    ("wrong-branch", At::Select, wrong_branch),
    ("size-is-value", At::Unary, size_is_value),
    (
        "everything-is-an-integer",
        At::Unary,
        everything_is_an_integer,
    ),
    ("unit-vectors-are-units", At::Reduce, unit_vectors_are_units),
    ("zero-has-a-reciprocal", At::Unary, zero_has_a_reciprocal),
    ("undefined-at-zero", At::Unary, undefined_at_zero),
    ("log-of-anything", At::Unary, log_of_anything),
    ("almost", At::Unary, almost),
    ("sum-for-maximum", At::Product, sum_for_maximum),
];

#[test]
fn unsound_rules_are_caught() {
    let source = "L(x: [N, D], t: mask [N], p: [N] where p > 0) {
        let a = x[D = 0];
        sum[D](x * sin(x)) + (if t { sin(a) } else { a }) + floor(a + 1) + tanh(a)
            + norm[D](unit[D](x)) + norm[D](x) + abs(a) + ln(a * p * (a + 3)) + p * max(a, 2 * p)
    }";
    let gradient = diff::gradient(losses(source).pop().expect("a loss"));
    for &(name, at, apply) in UNSOUND {
        let rule = Rule {
            name,
            family: Family::Ring,
            lhs: "",
            rhs: "",
            conditions: &[],
            limit: "",
            why: "",
            at,
            apply,
        };
        let replayed = replay(&gradient, &[&rule], None);
        let caught = replayed.is_ok_and(|replayed| {
            let wrong = |draw, seed| {
                let mut states = replayed.states.iter();
                states.any(|s| {
                    s.compare(Points::All, draw, seed, |_| true, |_| {})
                        .is_err()
                })
            };
            (1..=60).any(|seed| wrong(Draw::Boundary, seed) || wrong(Draw::Inside, seed))
        });
        assert!(caught, "{name}");
    }
}
