//! Norms and unit vectors.

use egg::Id;

use super::{At, Family, Rule, reductions, unit_of};
use crate::ir::Reducer;
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::term::Term;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "norm-times-unit",
        family: Family::Norm,
        lhs: "‖x‖ · unit(x)",
        rhs: "x",
        conditions: &[],
        limit: "",
        why: "a length and its direction are the vector, at 0 too",
        at: At::Product,
        apply: norm_times_unit,
    },
    Rule {
        name: "square-of-norm",
        family: Family::Norm,
        lhs: "‖x‖²",
        rhs: "Σ x²",
        conditions: &[],
        limit: "",
        why: "no square root, no kink at 0",
        at: At::Product,
        apply: square_of_norm,
    },
    Rule {
        name: "unit-dot-self",
        family: Family::Norm,
        lhs: "Σ_D unit(x)·x",
        rhs: "‖x‖",
        conditions: &[],
        limit: "",
        why: "the part of a vector along its own direction is its length",
        at: At::Reduce,
        apply: unit_dot_self,
    },
];

fn norm_times_unit(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    for (i, &(unit, times)) in factors.iter().enumerate() {
        let Some((axes, vector)) = unit_of(egraph, unit) else {
            continue;
        };
        for (j, &(norm, power)) in factors.iter().enumerate() {
            let mut norms = reductions(egraph, norm, Reducer::Norm);
            if times < 1 || power < 1 || !norms.any(|n| n == (axes, vector)) {
                continue;
            }
            let mut rest: Vec<(Term, i32)> = vec![];
            for (k, &(id, exponent)) in factors.iter().enumerate() {
                let less = i32::from(k == i || k == j);
                rest.push((id.into(), exponent - less));
            }
            rest.push((vector.into(), 1));
            out.push(Term::Product(rest));
            return;
        }
    }
}

fn square_of_norm(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    for (i, &(norm, power)) in factors.iter().enumerate() {
        let Some((axes, body)) = reductions(egraph, norm, Reducer::Norm).next() else {
            continue;
        };
        if power < 2 {
            continue;
        }
        let square = Term::sum_over(axes, Term::Product(vec![(body.into(), 2)]));
        let mut all: Vec<(Term, i32)> = vec![(square, power / 2)];
        for (k, &(id, exponent)) in factors.iter().enumerate() {
            all.push((id.into(), if k == i { power % 2 } else { exponent }));
        }
        out.push(Term::Product(all));
        return;
    }
}

fn unit_dot_self(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    for factors in egraph[node.children[0]]
        .nodes
        .iter()
        .filter_map(ENode::as_product)
    {
        let &[(a, 1), (b, 1)] = factors.as_slice() else {
            continue;
        };
        for (unit, vector) in [(a, b), (b, a)] {
            if unit_of(egraph, unit) == Some((axes, egraph.find(vector))) {
                out.push(Term::Node(
                    Op::Reduce(Reducer::Norm, axes),
                    vec![vector.into()],
                ));
                return;
            }
        }
    }
}
