//! Conditions and selections. What is known inside a branch is used by rewriting the selection as a
//! whole; it is never said of the classes in the branch, which occur elsewhere too.

use egg::Id;

use super::{At, Family, Rule};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Literal, Monomial, conjuncts, readings};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "select-same",
        family: Family::Select,
        lhs: "if h { a } else { a }",
        rhs: "a",
        conditions: &[],
        limit: "",
        why: "branches whose classes merged",
        at: At::Select,
        apply: select_same,
    },
    Rule {
        name: "select-factor",
        family: Family::Select,
        lhs: "if h { a·b } else { a·c }",
        rhs: "a · if h { b } else { c }",
        conditions: &[],
        limit: "",
        why: "a common scale is applied once, outside the selection",
        at: At::Select,
        apply: select_factor,
    },
    Rule {
        name: "merge-selects",
        family: Family::Select,
        lhs: "(if h { a } else { b }) + (if h { c } else { d })",
        rhs: "if h { a + c } else { b + d }",
        conditions: &[],
        limit: "",
        why: "one selection instead of two; the cotangents of the branches of an if meet again",
        at: At::Sum,
        apply: merge_selects,
    },
    Rule {
        name: "select-known",
        family: Family::Select,
        lhs: "if h { a } else { b·(if h { c } else { d }) }",
        rhs: "if h { a } else { b·d }",
        conditions: &[],
        limit: "",
        why: "inside a branch its condition is known: a gradient without the target has no one-hot",
        at: At::Select,
        apply: select_known,
    },
];

fn select_same(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let [_, yes, no] = *node.children else {
        return;
    };
    if egraph.find(yes) == egraph.find(no) {
        out.push(yes.into());
    }
}

fn select_factor(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let [condition, yes, no] = *node.children else {
        return;
    };
    let is_zero = |id: Id| egraph[id].data.constant.is_some_and(Rational::is_zero);
    if is_zero(yes) || is_zero(no) {
        return;
    }
    for a in readings(egraph, yes).iter() {
        for b in readings(egraph, no).iter() {
            let mut common = a.common(b);
            common.mask.clear();
            let scale = if a.coefficient == b.coefficient {
                a.coefficient
            } else {
                Rational::ONE
            };
            let trivial = common.factors.is_empty() && scale.is_one();
            let (Some(inverse), false) = (scale.checked_recip(), trivial) else {
                continue;
            };
            let rest = |m: &Monomial| m.without(&common).term().scaled(inverse);
            let selected = Term::select(condition.into(), rest(a), rest(b));
            out.push(common.term().times(selected).scaled(scale));
            return;
        }
    }
}

/// How deep inside a branch its condition is looked for.
const DEPTH: usize = 3;

fn select_known(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let [condition, yes, no] = *node.children else {
        return;
    };
    let condition = egraph.find(condition);
    let branch = |id: Id, holds: bool| assume(egraph, id, (condition, holds), DEPTH);
    let (then, otherwise) = (branch(yes, true), branch(no, false));
    if then.is_none() && otherwise.is_none() {
        return;
    }
    let (yes, no) = (then.unwrap_or(yes.into()), otherwise.unwrap_or(no.into()));
    out.push(Term::select(condition.into(), yes, no));
}

/// A class where a literal is known to hold, if that makes it another term.
fn assume(egraph: &Egraph, id: Id, known: Literal, depth: usize) -> Option<Term> {
    let depth = depth.checked_sub(1)?;
    egraph[id].nodes.iter().find_map(|node| match &node.op {
        Op::Select => {
            let [condition, yes, no] = *node.children else {
                return None;
            };
            if egraph.find(condition) == known.0 {
                return Some(if known.1 { yes } else { no }.into());
            }
            let mut literals = conjuncts(egraph, condition);
            if !literals.iter().any(|l| l.0 == known.0 && l.1) {
                return None;
            }
            if !known.1 {
                return Some(no.into());
            }
            literals.retain(|l| *l != known);
            let rest = literals.iter().map(|l| Term::Class(l.0));
            let rest = rest.reduce(|a, b| Term::Node(Op::And, vec![a, b]))?;
            Some(Term::select(rest, yes.into(), no.into()))
        }
        Op::Sum(constant, coefficients) => {
            let parts = changed(egraph, node, known, depth)?;
            let terms = parts.into_iter().zip(coefficients.iter().copied());
            Some(Term::Sum(*constant, terms.collect()))
        }
        Op::Product(exponents) => {
            let parts = changed(egraph, node, known, depth)?;
            let factors = parts.into_iter().zip(exponents.iter().copied());
            Some(Term::Product(factors.collect()))
        }
        _ => None,
    })
}

/// The children where a literal is known to hold, if that changes any.
fn changed(egraph: &Egraph, node: &ENode, known: Literal, depth: usize) -> Option<Vec<Term>> {
    let assumed: Vec<Option<Term>> = node
        .children
        .iter()
        .map(|&child| assume(egraph, child, known, depth))
        .collect();
    assumed.iter().any(Option::is_some).then(|| {
        let parts = assumed.into_iter().zip(&*node.children);
        parts
            .map(|(term, &child)| term.unwrap_or(child.into()))
            .collect()
    })
}

fn merge_selects(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let selections: Vec<Option<[Id; 3]>> = terms
        .iter()
        .map(|&(id, _)| {
            let nodes = &egraph[id].nodes;
            let select = nodes.iter().find(|n| n.op == Op::Select)?;
            <[Id; 3]>::try_from(&*select.children).ok()
        })
        .collect();
    for (i, first) in selections.iter().enumerate() {
        let Some([condition, ..]) = *first else {
            continue;
        };
        let same =
            |s: &Option<[Id; 3]>| s.is_some_and(|s| egraph.find(s[0]) == egraph.find(condition));
        if selections[..i].iter().any(same) || !selections[i + 1..].iter().any(same) {
            continue;
        }
        let branch = |which: usize| {
            let parts = selections.iter().zip(&terms);
            let parts = parts.filter(|(s, _)| same(s));
            let parts = parts.filter_map(|(s, t)| Some((Term::Class(s.as_ref()?[which]), t.1)));
            Term::Sum(Rational::ZERO, parts.collect())
        };
        let merged = Term::select(condition.into(), branch(1), branch(2));
        let rest = selections.iter().zip(&terms);
        let rest = rest.filter(|(s, _)| !same(s));
        let rest = rest.map(|(_, &(id, c))| (Term::Class(id), c));
        let all = rest.chain([(merged, Rational::ONE)]).collect();
        out.push(Term::Sum(constant, all));
    }
}
