//! What is left of a sum of two multiples whose scales cancel in part; logits less their `lse`.

use std::collections::BTreeMap;

use egg::Id;

use super::{reductions, sums};
use crate::ir::{AxisId, AxisSet, Reducer, SoftmaxForm};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::{Monomial, readings};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The sum of two multiples, over what they have in common: `common · (constant + Σ terms)`.
pub(super) struct Total {
    pub(super) common: Monomial,
    pub(super) constant: Rational,
    /// Like terms collected; those that cancel are gone.
    pub(super) terms: BTreeMap<Id, Rational>,
    /// How many terms there were before.
    before: usize,
}

/// `a + b`, if the mask is one and each is the common part times a constant, a class or a class that is a sum.
pub(super) fn total(egraph: &Egraph, a: &Monomial, b: &Monomial) -> Option<Total> {
    if a.mask != b.mask {
        return None;
    }
    let common = a.common(b);
    let mut total = Total {
        common,
        constant: Rational::ZERO,
        terms: BTreeMap::new(),
        before: 0,
    };
    for side in [a, b] {
        let (constant, terms) = linear(egraph, &side.without(&total.common))?;
        total.before += parts(constant, terms.len());
        total.constant = total.constant.checked_add(constant)?;
        for (id, c) in terms {
            let sum = total.terms.entry(id).or_insert(Rational::ZERO);
            *sum = sum.checked_add(c)?;
        }
    }
    total.terms.retain(|_, c| !c.is_zero());
    Some(total)
}

fn parts(constant: Rational, terms: usize) -> usize {
    terms + usize::from(!constant.is_zero())
}

/// A multiple of 1, of one class, or of a class that is a sum: constant and terms.
fn linear(egraph: &Egraph, m: &Monomial) -> Option<(Rational, Vec<(Id, Rational)>)> {
    let (constant, terms) = match m.factors.as_slice() {
        [] => (Rational::ONE, vec![]),
        &[(id, 1)] => {
            let mut sums = sums(egraph, id);
            let several = sums.find(|s| parts(s.0, s.1.len()) > 1);
            several.unwrap_or((Rational::ZERO, vec![(id, Rational::ONE)]))
        }
        _ => return None,
    };
    let scaled = |&(id, c): &(Id, Rational)| Some((egraph.find(id), c.checked_mul(m.coefficient)?));
    let terms: Option<Vec<_>> = terms.iter().map(scaled).collect();
    Some((constant.checked_mul(m.coefficient)?, terms?))
}

/// `a + b` where something of one is the opposite of something of the other, though not all: what is left is
/// shorter than either.
pub(super) fn left_over(egraph: &Egraph, a: &Monomial, b: &Monomial) -> Option<Term> {
    let total = total(egraph, a, b)?;
    if parts(total.constant, total.terms.len()) + 2 > total.before {
        return None;
    }
    let left = Term::linear((total.constant, total.terms));
    Some(total.common.times(left))
}

/// `a·lse z + b·z[C = y]` where a + b is shorter than either, and `a·lse z − a·mean z`.
pub(super) fn logits_less_lse(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some((constant, terms)) = node.as_sum() else {
        return;
    };
    for (i, with) in terms.iter().enumerate() {
        for (j, without) in terms.iter().enumerate() {
            if i == j {
                continue;
            }
            let Some(pair) = log_pair(egraph, *with, *without) else {
                continue;
            };
            let rest = terms.iter().enumerate().filter(|(k, _)| *k != i && *k != j);
            let rest = rest.map(|(_, &(id, c))| (Term::Class(id), c));
            out.push(Term::Sum(
                constant,
                rest.chain([(pair, Rational::ONE)]).collect(),
            ));
            return;
        }
    }
}

fn log_pair(egraph: &Egraph, with: (Id, Rational), without: (Id, Rational)) -> Option<Term> {
    for a in readings(egraph, with.0).iter() {
        for &(lse, exponent) in &a.factors {
            let Some((axes, body)) = reductions(egraph, lse, Reducer::Lse).next() else {
                continue;
            };
            if exponent != 1 {
                continue;
            }
            let rest = a.divided(lse, 1).scaled(with.1)?;
            for b in readings(egraph, without.0).iter() {
                let b = b.scaled(without.1)?;
                if let Some(pair) = pair_at_hit(egraph, lse, &rest, &b) {
                    return Some(pair);
                }
                if let Some(pair) = pair_with_mean(egraph, (axes, body), &rest, &b) {
                    return Some(pair);
                }
            }
        }
    }
    None
}

/// a·lse z + b·u, u the logit at a hit, as (a + b)·lse z + b·ln p.
fn pair_at_hit(egraph: &Egraph, lse: Id, a: &Monomial, b: &Monomial) -> Option<Term> {
    let hits = egraph.analysis.log_hits.iter();
    hits.filter(|hit| egraph.find(hit.lse) == lse)
        .find_map(|hit| {
            let value = egraph.find(hit.value);
            if b.exponent(value) != 1 {
                return None;
            }
            let b = b.divided(value, 1);
            let left = left_over(egraph, a, &b)?;
            Some(b.times(hit.log.into()).plus(left.times(lse.into())))
        })
}

/// a·lse z − a·Σz / |C| as −a·Σ ln softmax(z) / |C|.
fn pair_with_mean(
    egraph: &Egraph,
    (axes, body): (AxisSet, Id),
    a: &Monomial,
    b: &Monomial,
) -> Option<Term> {
    let is_sum = |id: Id| reductions(egraph, id, Reducer::Sum).any(|found| found == (axes, body));
    let sum = b.factors.iter().find(|f| f.1 == 1 && is_sum(f.0))?.0;
    let over = b.divided(sum, 1);
    let mut wanted = Monomial {
        coefficient: a.coefficient.negate(),
        ..a.clone()
    };
    let dims: Option<Vec<Id>> = axes.iter().map(|axis| size_of(egraph, axis)).collect();
    for size in dims? {
        wanted = wanted.divided(size, 1);
        if wanted.exponent(size) == 0 {
            wanted.factors.push((size, -1));
            wanted.factors.sort_unstable();
        }
    }
    if wanted != over {
        return None;
    }
    let form = SoftmaxForm::Log;
    let op = Op::Softmax {
        form,
        axes,
        hit: false,
    };
    let log = Term::Node(op, vec![body.into(), body.into()]);
    Some(over.times(Term::sum_over(axes, log)))
}

fn size_of(egraph: &Egraph, axis: AxisId) -> Option<Id> {
    let dim = *egraph.analysis.dims.get(usize::from(axis.0))?;
    egraph.lookup(ENode::leaf(Op::Size(dim)))
}
