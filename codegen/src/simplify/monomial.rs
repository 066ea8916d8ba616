//! A class read as one masked product: what sums are compared, factored and paired by.
//!
//! `coefficient · Π factor^exponent`, and 0 wherever a literal of the mask fails: `if h { a·b } else
//! { 0 }` is the monomial a·b under the mask h. In this reading `cot·p − (if h { cot } else { 0 })`
//! has the common factor `cot`, and its quotients are p and a one-hot.

use std::collections::BTreeMap;
use std::rc::Rc;

use egg::Id;

use super::analysis::Egraph;
use super::language::{ENode, Op};
use super::term::{Term, find_sum};
use crate::support::rational::Rational;

/// How many readings of one class are looked at.
const READINGS: usize = 3;

/// How many masks may be nested in one reading.
const NESTED: usize = 4;

/// A condition that has to hold (`true`) or to fail.
pub(crate) type Literal = (Id, bool);

/// See the module.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Monomial {
    pub(crate) coefficient: Rational,
    /// Sorted, distinct, exponents not 0.
    pub(crate) factors: Vec<(Id, i32)>,
    /// Sorted and distinct.
    pub(crate) mask: Vec<Literal>,
}

impl Monomial {
    pub(crate) fn one() -> Self {
        Monomial {
            coefficient: Rational::ONE,
            factors: vec![],
            mask: vec![],
        }
    }

    fn atom(id: Id) -> Self {
        Monomial {
            factors: vec![(id, 1)],
            ..Monomial::one()
        }
    }

    /// A multiple. `None` if exact arithmetic overflows.
    pub(crate) fn scaled(&self, by: Rational) -> Option<Monomial> {
        let coefficient = self.coefficient.checked_mul(by)?;
        Some(Monomial {
            coefficient,
            ..self.clone()
        })
    }

    /// The exponent of a factor.
    pub(crate) fn exponent(&self, id: Id) -> i32 {
        self.factors.iter().find(|f| f.0 == id).map_or(0, |f| f.1)
    }

    /// Without `exponent` of the factor.
    pub(crate) fn divided(&self, id: Id, exponent: i32) -> Monomial {
        let mut quotient = self.clone();
        for factor in &mut quotient.factors {
            if factor.0 == id {
                factor.1 -= exponent;
            }
        }
        quotient.factors.retain(|f| f.1 != 0);
        quotient
    }

    /// What two monomials share: masks, and factors to the lesser power of one sign.
    pub(crate) fn common(&self, other: &Monomial) -> Monomial {
        let factors = self.factors.iter().filter_map(|&(id, a)| {
            let b = other.exponent(id);
            if a.signum() != b.signum() {
                return None;
            }
            Some((id, if a.abs() < b.abs() { a } else { b }))
        });
        Monomial {
            coefficient: Rational::ONE,
            factors: factors.collect(),
            mask: self
                .mask
                .iter()
                .filter(|l| other.mask.contains(l))
                .copied()
                .collect(),
        }
    }

    /// Without what `common` holds.
    pub(crate) fn without(&self, common: &Monomial) -> Monomial {
        let mut quotient = self.clone();
        for &(id, exponent) in &common.factors {
            quotient = quotient.divided(id, exponent);
        }
        quotient.mask.retain(|l| !common.mask.contains(l));
        quotient
    }

    /// The same under a mask without this literal, if it is there.
    pub(crate) fn without_literal(&self, literal: Literal) -> Option<Monomial> {
        let mut rest = self.clone();
        rest.mask.retain(|l| *l != literal);
        (rest.mask.len() < self.mask.len()).then_some(rest)
    }

    /// The monomial times a term, 0 where the mask fails.
    pub(crate) fn times(&self, term: Term) -> Term {
        let factors = self.factors.iter().map(|&(id, e)| (Term::Class(id), e));
        let product = Term::Product(factors.chain([(term, 1)]).collect());
        masked(&self.mask, product).scaled(self.coefficient)
    }

    /// Whether nothing is left but the coefficient.
    pub(crate) fn is_constant(&self) -> bool {
        self.factors.is_empty() && self.mask.is_empty()
    }

    /// The monomial as a term.
    pub(crate) fn term(&self) -> Term {
        let factors = self.factors.iter().map(|&(id, e)| (Term::Class(id), e));
        let product = Term::Product(factors.collect());
        masked(&self.mask, product).scaled(self.coefficient)
    }
}

/// `term` where the literals hold, 0 elsewhere.
pub(crate) fn masked(mask: &[Literal], term: Term) -> Term {
    let mut positive: Vec<Id> = mask.iter().filter(|l| l.1).map(|l| l.0).collect();
    let mut term = term;
    for &(condition, holds) in mask.iter().rev() {
        if !holds {
            term = Term::select(condition.into(), Term::zero(), term);
        }
    }
    let Some(last) = positive.pop() else {
        return term;
    };
    let condition = positive
        .into_iter()
        .rev()
        .fold(Term::Class(last), |rest, id| {
            Term::Node(Op::And, vec![id.into(), rest])
        });
    Term::select(condition, term, Term::zero())
}

/// The readings of a class as a monomial, the most structured ones first; never empty. Remembered
/// for as long as the e-graph does not change.
pub(crate) fn readings(egraph: &Egraph, id: Id) -> Rc<[Monomial]> {
    let id = egraph.find(id);
    if let Some(known) = egraph.analysis.readings.borrow().get(&id) {
        return Rc::clone(known);
    }
    let read: Rc<[Monomial]> = read_class(egraph, id).into();
    let mut memo = egraph.analysis.readings.borrow_mut();
    memo.insert(id, Rc::clone(&read));
    read
}

fn read_class(egraph: &Egraph, id: Id) -> Vec<Monomial> {
    if let Some(value) = egraph[id].data.constant {
        let constant = Monomial {
            coefficient: value,
            ..Monomial::one()
        };
        return vec![constant];
    }
    let mut found = vec![];
    for node in &egraph[id].nodes {
        if let Some(monomial) = read(egraph, node, id, NESTED)
            && !found.contains(&monomial)
        {
            found.push(monomial);
        }
        if found.len() == READINGS {
            break;
        }
    }
    if found.is_empty() {
        found.push(canonical_sign(egraph, Monomial::atom(id)));
    }
    found
}

/// One e-node as a monomial, if it is a scaling, a product or a masked value.
fn read(egraph: &Egraph, node: &ENode, own: Id, depth: usize) -> Option<Monomial> {
    if let Some((constant, terms)) = node.as_sum() {
        let &[(term, coefficient)] = terms.as_slice() else {
            return None;
        };
        if !constant.is_zero() {
            return None;
        }
        return unscaled(egraph, term, own, depth).scaled(coefficient);
    }
    read_unscaled(egraph, node, own, depth)
}

/// The first reading of a class that is no scaling.
fn unscaled(egraph: &Egraph, id: Id, own: Id, depth: usize) -> Monomial {
    let id = egraph.find(id);
    egraph[id]
        .nodes
        .iter()
        .find_map(|node| read_unscaled(egraph, node, own, depth))
        .unwrap_or_else(|| canonical_sign(egraph, Monomial::atom(id)))
}

fn read_unscaled(egraph: &Egraph, node: &ENode, own: Id, depth: usize) -> Option<Monomial> {
    if let Some(factors) = node.as_product() {
        if factors.iter().any(|f| f.0 == own) {
            return None;
        }
        let monomial = Monomial {
            factors,
            ..Monomial::one()
        };
        return Some(canonical_sign(egraph, monomial));
    }
    let depth = depth.checked_sub(1)?;
    if node.op != Op::Select {
        return None;
    }
    let [condition, yes, no] = *node.children else {
        return None;
    };
    let is_zero = |id: Id| egraph[id].data.constant.is_some_and(Rational::is_zero);
    let (inside, literals) = if is_zero(no) {
        (yes, conjuncts(egraph, condition))
    } else if is_zero(yes) {
        (no, vec![(condition, false)])
    } else {
        return None;
    };
    if egraph.find(inside) == own {
        return None;
    }
    let mut monomial = match egraph[inside].data.constant {
        Some(value) => Monomial {
            coefficient: value,
            ..Monomial::one()
        },
        None => {
            let nodes = &egraph[inside].nodes;
            nodes
                .iter()
                .find_map(|node| read(egraph, node, own, depth))
                .unwrap_or_else(|| canonical_sign(egraph, Monomial::atom(egraph.find(inside))))
        }
    };
    monomial.mask.extend(literals);
    monomial.mask.sort_unstable();
    monomial.mask.dedup();
    Some(monomial)
}

/// The parts of a conjunction.
pub(crate) fn conjuncts(egraph: &Egraph, condition: Id) -> Vec<Literal> {
    let condition = egraph.find(condition);
    let and = egraph[condition].nodes.iter().find(|n| n.op == Op::And);
    match and {
        Some(node) => node
            .children
            .iter()
            .flat_map(|&part| {
                if egraph.find(part) == condition {
                    vec![(condition, true)]
                } else {
                    conjuncts(egraph, part)
                }
            })
            .collect(),
        None => vec![(condition, true)],
    }
}

/// Of a sum and its negation, both in the e-graph, the one with the smaller id is used, so that
/// `(a − b)·f` and `−(b − a)·f` read alike.
fn canonical_sign(egraph: &Egraph, mut monomial: Monomial) -> Monomial {
    let mut changed = false;
    for (id, exponent) in &mut monomial.factors {
        if *exponent != 1 {
            continue;
        }
        for (constant, terms) in egraph[*id].nodes.iter().filter_map(ENode::as_sum) {
            if terms.len() + usize::from(!constant.is_zero()) < 2 {
                continue;
            }
            let negated: Vec<_> = terms.iter().map(|t| (t.0, t.1.negate())).collect();
            if let Some(opposite) = find_sum(egraph, constant.negate(), &negated)
                && opposite < *id
            {
                *id = opposite;
                monomial.coefficient = monomial.coefficient.negate();
                changed = true;
                break;
            }
        }
    }
    if changed {
        // The opposite may have been a factor before.
        let mut factors: BTreeMap<Id, i32> = BTreeMap::new();
        for (id, exponent) in monomial.factors {
            *factors.entry(id).or_insert(0) += exponent;
        }
        factors.retain(|_, exponent| *exponent != 0);
        monomial.factors = factors.into_iter().collect();
    }
    monomial
}
