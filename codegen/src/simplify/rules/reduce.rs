//! Sums over axes. Every rule that moves a term across a binder checks that the term lacks the axes
//! bound there; there is no renaming here.

use egg::Id;

use super::{At, Family, Rule, reductions, softmax};
use crate::ir::{AxisSet, CompareOp, Reducer, SoftmaxForm};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Literal, Monomial, masked, readings};
use crate::simplify::proof::{Condition, Property, is_not_captured, lacks};
use crate::simplify::term::{Term, find_product};
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "hoist",
        family: Family::Reduce,
        lhs: "Σ_A u·v",
        rhs: "u·Σ_A v",
        conditions: &[
            Condition::new("u lacks A", Property::Lacks),
            Condition::new("u, where v is masked,", Property::Tame),
        ],
        limit: "",
        why: "a factor found to be invariant is applied once",
        at: At::Reduce,
        apply: hoist,
    },
    Rule {
        name: "sum-of-closed-terms",
        family: Family::Reduce,
        lhs: "Σ_A (u + v)",
        rhs: "Σ_A u + Σ_A v",
        conditions: &[
            Condition::new(
                "what is beside a one-hot or a softmax lacks A",
                Property::Lacks,
            ),
            Condition::new("each logit of a softmax", Property::Finite),
        ],
        limit: "",
        why: "Σ softmax = 1, Σ one-hot = 1: a pass less over A",
        at: At::Reduce,
        apply: sum_of_closed_terms,
    },
    Rule {
        name: "fuse-sums",
        family: Family::Reduce,
        lhs: "a·Σ_A u + a·Σ_A v",
        rhs: "a·Σ_A (u + v)",
        conditions: &[],
        limit: "",
        why: "one pass, and one contraction instead of two",
        at: At::Sum,
        apply: fuse_sums,
    },
    Rule {
        name: "contraction-at-hand",
        family: Family::Reduce,
        lhs: "Σ_A u·(Σ_B g·v + h)",
        rhs: "Σ_B g·(Σ_A u·v) + Σ_A u·h",
        conditions: &[
            Condition::new("u lacks B", Property::NotCaptured),
            Condition::new("g lacks A", Property::Lacks),
        ],
        limit: "",
        why: "⟨x̂, Σ_C G·ŵ⟩ is Σ_C G·c: the cosines are at hand, the contraction need not be stored",
        at: At::Reduce,
        apply: contraction_at_hand,
    },
];

/// Whether a class may depend on the axes.
fn depends(egraph: &Egraph, id: Id, axes: AxisSet) -> bool {
    !egraph[id].data.free.is_disjoint(axes)
}

fn hoist(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    let lacks = |id: Id| lacks(egraph, id, axes);
    for monomial in readings(egraph, node.children[0]).iter() {
        type Split<T> = (Vec<T>, Vec<T>);
        let (outside, inside): Split<(Id, i32)> = monomial.factors.iter().partition(|f| lacks(f.0));
        let (mask_out, mask_in): Split<Literal> = monomial.mask.iter().partition(|l| lacks(l.0));
        let useful = !outside.is_empty() || !mask_out.is_empty() || !monomial.coefficient.is_one();
        if !useful {
            continue;
        }
        // A factor leaves a mask only if it cannot spoil the zero.
        let tame = |f: &(Id, i32)| f.1 > 0 && Property::Tame.holds(egraph, f.0);
        if !mask_in.is_empty() && !outside.iter().all(tame) {
            continue;
        }
        let body = Monomial {
            coefficient: Rational::ONE,
            factors: inside,
            mask: mask_in,
        };
        let sum = Term::sum_over(axes, body.term());
        let factors = outside.iter().map(|&(id, e)| (Term::Class(id), e));
        let product = Term::Product(factors.chain([(sum, 1)]).collect());
        out.push(masked(&mask_out, product).scaled(monomial.coefficient));
        return;
    }
}

/// `Σ_axes` of a monomial where that has a closed form, or where nothing in it depends on the axes.
fn closed_sum(egraph: &Egraph, axes: AxisSet, monomial: &Monomial) -> Option<Term> {
    let lacks = |id: Id| lacks(egraph, id, axes);
    let mut rest = monomial.clone();
    if let Some(p) = whole_softmax(egraph, axes, monomial) {
        rest = rest.divided(p, 1);
    } else if let Some(hit) = one_hot(egraph, axes, monomial) {
        rest.mask.retain(|l| *l != (hit, true));
    } else {
        return None;
    }
    let invariant = rest.factors.iter().all(|f| lacks(f.0)) && rest.mask.iter().all(|l| lacks(l.0));
    invariant.then(|| rest.term())
}

/// A factor that sums to 1 over the axes: a softmax over just these of logits that are not all −∞.
fn whole_softmax(egraph: &Egraph, wanted: AxisSet, monomial: &Monomial) -> Option<Id> {
    let found = monomial.factors.iter().find(|&&(id, exponent)| {
        let node = softmax(egraph, id, SoftmaxForm::Prob, false);
        exponent == 1
            && node.is_some_and(|node| {
                matches!(node.op, Op::Softmax { axes, .. } if axes == wanted)
                    && Property::Finite.holds(egraph, node.children[0])
            })
    });
    found.map(|f| f.0)
}

/// A literal that is true at exactly one position of the axis.
fn one_hot(egraph: &Egraph, axes: AxisSet, monomial: &Monomial) -> Option<Id> {
    let literal = monomial.mask.iter().find(|&&(id, holds)| {
        holds
            && axes.len() == 1
            && egraph[id].nodes.iter().any(|node| {
                let (&Op::Compare(CompareOp::Eq), &[a, b]) = (&node.op, &*node.children) else {
                    return false;
                };
                let position = |id: Id| {
                    let nodes = &egraph[id].nodes;
                    nodes
                        .iter()
                        .any(|n| matches!(n.op, Op::Position(axis) if axes.contains(axis)))
                };
                let lacks = |id: Id| lacks(egraph, id, axes);
                (position(a) && lacks(b)) || (position(b) && lacks(a))
            })
    });
    literal.map(|l| l.0)
}

fn sum_of_closed_terms(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    let body = node.children[0];
    let closed = |id: Id| {
        let all = readings(egraph, id);
        all.iter().find_map(|m| closed_sum(egraph, axes, m))
    };
    if let Some(sum) = closed(body) {
        out.push(sum);
        return;
    }
    for (constant, terms) in egraph[body].nodes.iter().filter_map(ENode::as_sum) {
        if terms.len() + usize::from(!constant.is_zero()) < 2 {
            continue;
        }
        let sums: Vec<Option<Term>> = terms.iter().map(|t| closed(t.0)).collect();
        if sums.iter().all(Option::is_none) {
            continue;
        }
        let mut open = vec![];
        let mut all = vec![];
        for (sum, &(id, c)) in sums.into_iter().zip(&terms) {
            match sum {
                Some(sum) => all.push((sum, c)),
                None => open.push((Term::Class(id), c)),
            }
        }
        if !open.is_empty() || !constant.is_zero() {
            let rest = Term::sum_over(axes, Term::Sum(constant, open));
            all.push((rest, Rational::ONE));
        }
        out.push(Term::Sum(Rational::ZERO, all));
        return;
    }
}

fn fuse_sums(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    let mut parts = vec![];
    for (i, &(id, scale)) in terms.iter().enumerate() {
        for monomial in readings(egraph, id).iter() {
            for &(factor, exponent) in &monomial.factors {
                for (axes, body) in reductions(egraph, factor, Reducer::Sum) {
                    if exponent == 1
                        && let Some(scale) = monomial.coefficient.checked_mul(scale)
                    {
                        let mut rest = monomial.divided(factor, 1);
                        rest.coefficient = Rational::ONE;
                        parts.push((i, axes, body, rest, scale));
                    }
                }
            }
        }
    }
    for (at, (i, axes, _, rest, _)) in parts.iter().enumerate() {
        let alike: Vec<_> = parts[at..]
            .iter()
            .filter(|p| p.1 == *axes && p.3 == *rest)
            .collect();
        let mut members: Vec<usize> = alike.iter().map(|p| p.0).collect();
        members.dedup();
        if members.len() < 2 || members.len() != alike.len() || members[0] != *i {
            continue;
        }
        let bodies: Vec<Id> = alike.iter().map(|p| p.2).collect();
        if are_split_by_a_one_hot(egraph, &bodies) {
            continue;
        }
        let bodies = alike.iter().map(|p| (Term::Class(p.2), p.4)).collect();
        let fused = Term::sum_over(*axes, Term::Sum(Rational::ZERO, bodies));
        let factors = rest.factors.iter().map(|&(id, e)| (Term::Class(id), e));
        let product = Term::Product(factors.chain([(fused, 1)]).collect());
        let fused = masked(&rest.mask, product);
        let others = terms
            .iter()
            .enumerate()
            .filter(|(i, _)| !members.contains(i));
        let others = others.map(|(_, &(id, c))| (Term::Class(id), c));
        let all = others.chain([(fused, Rational::ONE)]).collect();
        out.push(Term::Sum(constant, all));
        return;
    }
}

/// Whether one of the classes is 0 but where an axis stands at a place, and another 0 just there: the
/// first sum is a scatter of rows, the second may be a matrix product, and fused they are neither.
fn are_split_by_a_one_hot(egraph: &Egraph, bodies: &[Id]) -> bool {
    let masks = bodies.iter().flat_map(|&body| {
        let all = readings(egraph, body);
        all.iter().flat_map(|m| m.mask.clone()).collect::<Vec<_>>()
    });
    let masks: Vec<Literal> = masks.collect();
    let split = |&(condition, holds): &Literal| holds && masks.contains(&(condition, false));
    let mut both = masks.iter().filter(|&literal| split(literal));
    both.any(|&(condition, _)| is_one_hot(egraph, condition))
}

/// Whether a class compares the position on an axis with a label or a number.
fn is_one_hot(egraph: &Egraph, condition: Id) -> bool {
    let is_position = |id: &&Id| {
        let nodes = &egraph[**id].nodes;
        nodes.iter().any(|node| matches!(node.op, Op::Position(_)))
    };
    egraph[condition].nodes.iter().any(|node| {
        let positions = node.children.iter().filter(is_position).count();
        node.op == Op::Compare(CompareOp::Eq) && positions == 1
    })
}

fn contraction_at_hand(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Op::Reduce(Reducer::Sum, axes) = node.op else {
        return;
    };
    for monomial in readings(egraph, node.children[0]).iter() {
        if !monomial.mask.is_empty() {
            continue;
        }
        for &(factor, exponent) in &monomial.factors {
            if exponent != 1 || !depends(egraph, factor, axes) {
                continue;
            }
            let along = Along {
                egraph,
                axes,
                vector: monomial.divided(factor, 1),
            };
            if let Some(sum) = along.contraction(factor).or_else(|| along.sum(factor)) {
                out.push(sum);
                return;
            }
        }
    }
}

/// `Σ_axes vector · …`.
struct Along<'a> {
    egraph: &'a Egraph,
    axes: AxisSet,
    vector: Monomial,
}

impl Along<'_> {
    /// `Σ_axes vector · Σ_B body` as `Σ_B (rest of body) · (Σ_axes vector · part of body)`.
    fn contraction(&self, id: Id) -> Option<Term> {
        let egraph = self.egraph;
        for (bound, body) in reductions(egraph, id, Reducer::Sum) {
            let vector = self.vector.factors.iter();
            let free = vector.clone().all(|f| is_not_captured(egraph, f.0, bound));
            if !free || !bound.is_disjoint(self.axes) {
                continue;
            }
            for monomial in readings(egraph, body).iter() {
                let invariant = |id: Id| lacks(egraph, id, self.axes);
                if !monomial.mask.iter().all(|l| invariant(l.0)) {
                    continue;
                }
                let (rest, part): (Vec<_>, Vec<_>) =
                    monomial.factors.iter().partition(|f| invariant(f.0));
                let both: Vec<(Id, i32)> = vector.clone().copied().chain(part).collect();
                let Some(dot) = find_product(egraph, &both).and_then(|product| {
                    egraph.lookup(ENode::new(Op::Reduce(Reducer::Sum, self.axes), [product]))
                }) else {
                    continue;
                };
                let rest = Monomial {
                    factors: rest,
                    ..monomial.clone()
                };
                let coefficient = rest.coefficient.checked_mul(self.vector.coefficient)?;
                let inner = rest.factors.iter().map(|&(id, e)| (Term::Class(id), e));
                let inner = Term::Product(inner.chain([(dot.into(), 1)]).collect());
                let sum = Term::sum_over(bound, masked(&rest.mask, inner));
                return Some(sum.scaled(coefficient));
            }
        }
        None
    }

    /// The same for a sum of which some terms are contractions.
    fn sum(&self, id: Id) -> Option<Term> {
        let egraph = self.egraph;
        for (constant, terms) in egraph[id].nodes.iter().filter_map(ENode::as_sum) {
            let mut found = false;
            let mut parts = vec![];
            let mut open = vec![];
            for (term, coefficient) in terms {
                match self.term(term) {
                    Some(part) => {
                        found = true;
                        parts.push((part, coefficient));
                    }
                    None => open.push((term, coefficient)),
                }
            }
            if !found {
                continue;
            }
            for (term, coefficient) in open {
                parts.push((self.plain(Term::Class(term)), coefficient));
            }
            if !constant.is_zero() {
                parts.push((self.plain(Term::constant(Rational::ONE)), constant));
            }
            return Some(Term::Sum(Rational::ZERO, parts));
        }
        None
    }

    /// A term with a contraction among its factors; the other factors lack the axes.
    fn term(&self, term: Id) -> Option<Term> {
        let egraph = self.egraph;
        for monomial in readings(egraph, term).iter() {
            for &(factor, exponent) in &monomial.factors {
                let rest = monomial.divided(factor, 1);
                let lacks = |id: Id| lacks(egraph, id, self.axes);
                let invariant =
                    rest.factors.iter().all(|f| lacks(f.0)) && rest.mask.iter().all(|l| lacks(l.0));
                if exponent != 1 || !invariant {
                    continue;
                }
                if let Some(sum) = self.contraction(factor) {
                    let factors = rest.factors.iter().map(|&(id, e)| (Term::Class(id), e));
                    let product = Term::Product(factors.chain([(sum, 1)]).collect());
                    return Some(masked(&rest.mask, product).scaled(rest.coefficient));
                }
            }
        }
        None
    }

    fn plain(&self, term: Term) -> Term {
        let vector = self.vector.term();
        Term::sum_over(self.axes, vector.times(term))
    }
}
