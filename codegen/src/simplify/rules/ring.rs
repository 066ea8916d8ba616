//! Sums and products: the normal form, restored where classes have merged, and common factors.
//!
//! There is no associativity, no commutativity and no general distributivity here: nodes are n-ary
//! and sorted, and a sum is only ever factored.

use std::rc::Rc;

use egg::Id;

use super::{At, Family, Rule};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::ENode;
use crate::simplify::monomial::{Monomial, masked, readings};
use crate::simplify::proof::{Condition, Property};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "collect-terms",
        family: Family::Ring,
        lhs: "(a + b) + k·a",
        rhs: "(1 + k)·a + b",
        conditions: &[],
        limit: "",
        why: "classes that merged are like terms now; sums nest only where that shortens",
        at: At::Sum,
        apply: collect_terms,
    },
    Rule {
        name: "collect-factors",
        family: Family::Ring,
        lhs: "(a·b)·a^k",
        rhs: "a^(1+k)·b",
        conditions: &[],
        limit: "a = 0 where an exponent vanishes",
        why: "what merged classes have in common cancels",
        at: At::Product,
        apply: collect_factors,
    },
    Rule {
        name: "factor",
        family: Family::Ring,
        lhs: "a·b + (if h { a·c } else { 0 })",
        rhs: "a·(b + if h { c } else { 0 })",
        conditions: &[Condition::new(
            "a, unless some term has no mask,",
            Property::Tame,
        )],
        limit: "",
        why: "fewer products, and subexpressions that value and gradients share",
        at: At::Sum,
        apply: factor,
    },
];

fn collect_terms(egraph: &Egraph, id: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let flat = |skip: Option<usize>| {
        terms
            .iter()
            .enumerate()
            .filter(move |(i, _)| Some(*i) != skip)
            .map(|(_, &(id, c))| (Term::Class(id), c))
            .collect::<Vec<_>>()
    };
    let scaled = |id: Id| {
        let nodes = &egraph[id].nodes;
        nodes
            .iter()
            .filter_map(ENode::as_sum)
            .any(|(c, t)| c.is_zero() && t.len() == 1)
    };
    let plain = terms
        .iter()
        .all(|&(id, _)| egraph[id].data.constant.is_none() && !scaled(id));
    if !(node.is_distinct() && plain) {
        out.push(Term::Sum(constant, flat(None)));
    }
    for (i, &(term, coefficient)) in terms.iter().enumerate() {
        for (inner_constant, inner) in egraph[term].nodes.iter().filter_map(ENode::as_sum) {
            let cyclic = inner.iter().any(|t| t.0 == term || t.0 == egraph.find(id));
            let shared = inner.iter().any(|t| {
                let mut others = terms.iter().enumerate();
                others.any(|(j, other)| i != j && other.0 == t.0)
            });
            if cyclic || !shared {
                continue;
            }
            let mut parts = flat(Some(i));
            let nested = inner.iter().map(|&(id, c)| (Term::Class(id), c)).collect();
            parts.push((Term::Sum(inner_constant, nested), coefficient));
            out.push(Term::Sum(constant, parts));
        }
    }
}

fn collect_factors(egraph: &Egraph, id: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    let flat = |skip: Option<usize>| {
        factors
            .iter()
            .enumerate()
            .filter(move |(i, _)| Some(*i) != skip)
            .map(|(_, &(id, e))| (Term::Class(id), e))
            .collect::<Vec<_>>()
    };
    let scaled = |id: Id| {
        let nodes = &egraph[id].nodes;
        nodes
            .iter()
            .filter_map(ENode::as_sum)
            .any(|(c, t)| c.is_zero() && t.len() == 1)
    };
    let plain = factors
        .iter()
        .all(|&(id, _)| egraph[id].data.constant.is_none() && !scaled(id));
    if !(node.is_distinct() && plain) {
        out.push(Term::Product(flat(None)));
    }
    for (i, &(factor, exponent)) in factors.iter().enumerate() {
        for inner in egraph[factor].nodes.iter().filter_map(ENode::as_product) {
            let cyclic = inner
                .iter()
                .any(|f| f.0 == factor || f.0 == egraph.find(id));
            let shared = inner.iter().any(|f| {
                let mut others = factors.iter().enumerate();
                others.any(|(j, other)| i != j && other.0 == f.0)
            });
            if cyclic || !shared {
                continue;
            }
            let mut parts = flat(Some(i));
            let nested = inner.iter().map(|&(id, e)| (Term::Class(id), e)).collect();
            parts.push((Term::Product(nested), exponent));
            out.push(Term::Product(parts));
        }
    }
}

/// Something that monomials may share.
#[derive(Clone, Copy, PartialEq)]
enum Shared {
    Factor(Id, bool),
    Literal(Id, bool),
}

fn factor(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    if terms.len() < 2 {
        return;
    }
    let read: Vec<Rc<[Monomial]>> = terms.iter().map(|t| readings(egraph, t.0)).collect();
    let mut candidates: Vec<Shared> = vec![];
    for monomial in read.iter().flat_map(|all| all.iter()) {
        let factors = monomial.factors.iter();
        let factors = factors.map(|&(id, e)| Shared::Factor(id, e > 0));
        let literals = monomial
            .mask
            .iter()
            .map(|&(id, holds)| Shared::Literal(id, holds));
        for candidate in factors.chain(literals) {
            if !candidates.contains(&candidate) {
                candidates.push(candidate);
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![];
    for candidate in candidates {
        let has = |m: &&Monomial| match candidate {
            Shared::Factor(id, positive) => {
                let exponent = m.exponent(id);
                exponent != 0 && (exponent > 0) == positive
            }
            Shared::Literal(id, holds) => m.mask.contains(&(id, holds)),
        };
        let members: Vec<(usize, &Monomial)> = read
            .iter()
            .enumerate()
            .filter_map(|(i, all)| Some((i, all.iter().find(has)?)))
            .collect();
        let indices: Vec<usize> = members.iter().map(|m| m.0).collect();
        if members.len() < 2 || groups.contains(&indices) {
            continue;
        }
        if let Some(product) = taken_out(egraph, &members, &terms) {
            let rest = terms
                .iter()
                .enumerate()
                .filter(|(i, _)| !indices.contains(i))
                .map(|(_, &(id, c))| (Term::Class(id), c));
            let all = rest.chain([(product, Rational::ONE)]).collect();
            out.push(Term::Sum(constant, all));
            groups.push(indices);
        }
    }
}

/// The terms of a sum that `members` stand for, with what they share taken out.
fn taken_out(
    egraph: &Egraph,
    members: &[(usize, &Monomial)],
    terms: &[(Id, Rational)],
) -> Option<Term> {
    let first = members[0].1.clone();
    let mut common = members.iter().fold(first, |c, m| c.common(m.1));
    // A factor leaves a mask only if it is evaluated there anyway or cannot spoil the zero.
    let outside = members.iter().any(|m| m.1.mask.len() == common.mask.len());
    if !outside {
        common
            .factors
            .retain(|f| f.1 > 0 && Property::Tame.holds(egraph, f.0));
    }
    if common.is_constant() {
        return None;
    }
    let mut quotients = vec![];
    let mut scales = vec![];
    for &(i, monomial) in members {
        let mut quotient = monomial.without(&common);
        scales.push(quotient.coefficient.checked_mul(terms[i].1)?);
        quotient.coefficient = Rational::ONE;
        quotients.push(quotient);
    }
    // p − [C = y] rather than −([C = y] − p).
    let signed = |negative: bool| {
        let mut both = quotients.iter().zip(&scales);
        both.any(|(q, s)| s.is_negative() == negative && (negative || !q.mask.is_empty()))
    };
    let all_negative = scales.iter().all(|s| s.is_negative());
    let masks_only = quotients.iter().all(|q| !q.mask.is_empty());
    let sign = if all_negative || (signed(true) && signed(false) && !masks_only) {
        Rational::MINUS_ONE
    } else {
        Rational::ONE
    };
    let content = if scales.iter().all(|s| s.abs() == scales[0].abs()) {
        scales[0].abs().checked_mul(sign)?
    } else {
        sign
    };
    let mut sum = vec![];
    for (quotient, scale) in quotients.into_iter().zip(scales) {
        sum.push((quotient.term(), scale.checked_div(content)?));
    }
    let factors = common.factors.iter().map(|&(id, e)| (Term::Class(id), e));
    let product = factors
        .chain([(Term::Sum(Rational::ZERO, sum), 1)])
        .collect();
    Some(masked(&common.mask, Term::Product(product)).scaled(content))
}
