//! Angles: the cosine is known, so no inverse cosine need be computed.
//!
//! An *angle* is a class that is an `Angle` of two vectors, or the inverse cosine of a number c. Its
//! cosine is the dot product of the unit vectors (or c), its sine the length of what is left of one
//! unit vector when its part along the other is taken away, which is more exact than √(1 − c²) near
//! 0 and π (or √((1−c)(1+c))). Sums of angles follow by the addition theorems, multiples by
//! Chebyshev's polynomials: cos kθ = T_k(cos θ), sin kθ = sin θ · U_{k−1}(cos θ).

use egg::Id;

use super::angle::{Angle, LARGEST_MULTIPLE, Of, find_across, multiple_of_angle};
use super::{At, Family, Rule, argument, unit_of};
use crate::ir::{CompareOp, UnaryOp};
use crate::simplify::analysis::Egraph;
use crate::simplify::language::{ENode, Op};
use crate::simplify::monomial::readings;
use crate::simplify::proof::{Condition, Property, in_upper_half_turn};
use crate::simplify::term::Term;
use crate::support::rational::Rational;

/// The table.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "cosine-of-angle",
        family: Family::Trig,
        lhs: "cos(kθ + r), sin(kθ + r)",
        rhs: "T_k(c)·cos r − s·U_{k−1}(c)·sin r, s·U_{k−1}(c)·cos r + T_k(c)·sin r",
        conditions: &[],
        limit: "",
        why: "no inverse cosine: its slope is infinite at ±1",
        at: At::Unary,
        apply: cosine_of_angle,
    },
    Rule {
        name: "sine-cancels",
        family: Family::Trig,
        lhs: "(s·a + b)/s",
        rhs: "a + b/s",
        conditions: &[],
        limit: "s = 0",
        why: "the 1/sin θ of the angle's slope cancels the sine of the margin",
        at: At::Product,
        apply: sine_cancels,
    },
    Rule {
        name: "sine-times-direction",
        family: Family::Trig,
        lhs: "sin θ · unit(b̂ − c·â)",
        rhs: "b̂ − c·â",
        conditions: &[],
        limit: "a = 0, b = 0",
        why: "the projection has length sin θ",
        at: At::Product,
        apply: sine_times_direction,
    },
    Rule {
        name: "compare-angle",
        family: Family::Trig,
        lhs: "θ < t",
        rhs: "cos t < c",
        conditions: &[Condition::new("t", Property::InUpperHalfTurn)],
        limit: "",
        why: "the cosine falls on [0, π]: a threshold on the angle is one on the cosine",
        at: At::Compare,
        apply: compare_angle,
    },
    Rule {
        name: "count-thresholds",
        family: Family::Trig,
        lhs: "⌊kθ/π⌋",
        rhs: "Σ_{j=1..k} if c <= cos(jπ/k) { 1 } else { 0 }",
        conditions: &[],
        limit: "",
        why: "the branch of a multiplicative margin without an inverse cosine",
        at: At::Unary,
        apply: count_thresholds,
    },
];

fn cosine_of_angle(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let (Op::Unary(op @ (UnaryOp::Cos | UnaryOp::Sin)), &[argument]) = (&node.op, &*node.children)
    else {
        return;
    };
    let Some((angle, k, rest)) = multiple_of_angle(egraph, argument) else {
        return;
    };
    let (Some(cos), Some(sin)) = (angle.cosine_of_multiple(k), angle.sine_of_multiple(k)) else {
        return;
    };
    let alone = rest == Term::zero();
    if alone && k == 1 && *op == UnaryOp::Sin {
        out.push(angle.sine());
        return;
    }
    out.push(match (op, alone) {
        (UnaryOp::Cos, true) => cos,
        (_, true) => sin,
        (UnaryOp::Cos, false) => {
            let straight = cos.times(Term::unary(UnaryOp::Cos, rest.clone()));
            straight.minus(sin.times(Term::unary(UnaryOp::Sin, rest)))
        }
        (_, false) => {
            let straight = sin.times(Term::unary(UnaryOp::Cos, rest.clone()));
            straight.plus(cos.times(Term::unary(UnaryOp::Sin, rest)))
        }
    });
}

/// How many products within products are taken apart.
const LEVELS: usize = 2;

/// The factors of a product, and those with a factor that is itself a product taken apart.
fn factorings(egraph: &Egraph, id: Id, factors: &[(Id, i32)]) -> Vec<Vec<(Id, i32)>> {
    let mut all = vec![factors.to_vec()];
    let mut start = 0;
    for _ in 0..LEVELS {
        let end = all.len();
        for at in start..end {
            let opened = open_factors(egraph, id, &all[at]);
            all.extend(opened);
        }
        start = end;
    }
    all
}

fn open_factors(egraph: &Egraph, id: Id, factors: &[(Id, i32)]) -> Vec<Vec<(Id, i32)>> {
    let mut all = vec![];
    for (i, &(factor, exponent)) in factors.iter().enumerate() {
        if exponent != 1 {
            continue;
        }
        for inner in egraph[factor].nodes.iter().filter_map(ENode::as_product) {
            if inner
                .iter()
                .any(|f| f.0 == factor || f.0 == egraph.find(id))
            {
                continue;
            }
            let mut flat = factors.to_vec();
            flat.remove(i);
            flat.extend(inner);
            all.push(flat);
        }
    }
    all
}

fn without(factors: &[(Id, i32)], used: &[usize], put: Vec<(Term, i32)>) -> Term {
    let rest = factors
        .iter()
        .enumerate()
        .filter(|(i, _)| !used.contains(i));
    let rest = rest.map(|(_, &(id, e))| (Term::Class(id), e));
    Term::Product(rest.chain(put).collect())
}

fn is_sine(egraph: &Egraph, id: Id) -> bool {
    argument(egraph, id, UnaryOp::Sin).is_some_and(|theta| Angle::of(egraph, theta).is_some())
}

/// A factor that is 1/sin θ: the class of the sine.
fn inverse_sine(egraph: &Egraph, (id, exponent): (Id, i32)) -> Option<Id> {
    match exponent {
        -1 => Some(id),
        1 => argument(egraph, id, UnaryOp::RecipOrZero),
        _ => None,
    }
    .filter(|&sine| is_sine(egraph, sine))
}

fn sine_cancels(egraph: &Egraph, id: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    for (i, &inverse) in factors.iter().enumerate() {
        let Some(sine) = inverse_sine(egraph, inverse) else {
            continue;
        };
        for flat in factorings(egraph, id, &factors) {
            let at = flat.iter().position(|f| *f == (sine, 1));
            let recip = flat.iter().position(|f| *f == inverse);
            if let (Some(at), Some(recip)) = (at, recip) {
                out.push(without(&flat, &[at, recip], vec![]));
                return;
            }
        }
        for (j, &(sum, exponent)) in factors.iter().enumerate() {
            if i != j
                && exponent == 1
                && let Some(divided) = divide_sum(egraph, sum, sine, inverse)
            {
                out.push(without(&factors, &[i, j], vec![(divided, 1)]));
                return;
            }
        }
    }
}

/// A sum over a sine that is a factor of some of its terms.
fn divide_sum(egraph: &Egraph, sum: Id, sine: Id, inverse: (Id, i32)) -> Option<Term> {
    for (constant, terms) in egraph[sum].nodes.iter().filter_map(ENode::as_sum) {
        let mut cancelled = false;
        let mut parts = vec![];
        for (term, coefficient) in terms {
            let whole = vec![(egraph.find(term), 1)];
            let found = factorings(egraph, sum, &whole)
                .into_iter()
                .find_map(|flat| {
                    let at = flat.iter().position(|f| *f == (sine, 1))?;
                    Some(without(&flat, &[at], vec![]))
                });
            cancelled |= found.is_some();
            let over = (Term::Class(inverse.0), inverse.1);
            let part = found.unwrap_or_else(|| Term::Product(vec![(term.into(), 1), over]));
            parts.push((part, coefficient));
        }
        if cancelled {
            let over = Term::Product(vec![(Term::Class(inverse.0), inverse.1)]);
            parts.push((over, constant));
            parts.retain(|p| !p.1.is_zero());
            return Some(Term::Sum(Rational::ZERO, parts));
        }
    }
    None
}

fn sine_times_direction(egraph: &Egraph, id: Id, node: &ENode, out: &mut Vec<Term>) {
    let Some(factors) = node.as_product() else {
        return;
    };
    for flat in factorings(egraph, id, &factors) {
        for (i, &(sine, exponent)) in flat.iter().enumerate() {
            let theta = argument(egraph, sine, UnaryOp::Sin);
            let angle = theta.and_then(|t| Angle::of(egraph, t));
            let Some(Of::Vectors { axes, a, b }) = angle.map(|angle| angle.of) else {
                continue;
            };
            for (j, &(direction, power)) in flat.iter().enumerate() {
                if exponent < 1 || power != 1 {
                    continue;
                }
                let Some((over, vector)) = unit_of(egraph, direction) else {
                    continue;
                };
                let across = [(a, b), (b, a)];
                let mut found = across
                    .into_iter()
                    .filter_map(|(a, b)| find_across(egraph, axes, a, b));
                if over == axes && found.any(|across| across == vector) {
                    let less = (Term::Class(sine), exponent - 1);
                    out.push(without(&flat, &[i, j], vec![(vector.into(), 1), less]));
                    return;
                }
            }
        }
    }
}

/// A class as `kπ + q` with 0 <= k <= 1 and q = 0, or k = 0 and 0 <= q <= 3.
fn threshold(egraph: &Egraph, id: Id) -> Option<Term> {
    if let Some(value) = egraph[id].data.constant {
        let proven = in_upper_half_turn(egraph, value, false);
        return proven.then(|| Term::unary(UnaryOp::Cos, Term::constant(value)));
    }
    let is_pi = |id: Id| egraph[id].nodes.iter().any(|node| node.op == Op::Pi);
    if is_pi(id) {
        return Some(cosine_of_turn(Rational::ONE));
    }
    egraph[id]
        .nodes
        .iter()
        .filter_map(ENode::as_sum)
        .find_map(|(constant, terms)| {
            let &[(pi, k)] = terms.as_slice() else {
                return None;
            };
            (constant.is_zero() && is_pi(pi) && in_upper_half_turn(egraph, k, true))
                .then(|| cosine_of_turn(k))
        })
}

/// cos kπ, exactly where it is rational.
fn cosine_of_turn(k: Rational) -> Term {
    let twice = k.checked_mul(Rational::TWO).and_then(Rational::to_integer);
    let thrice = k
        .checked_mul(Rational::from_int(3))
        .and_then(Rational::to_integer);
    match (twice, thrice) {
        (Some(0), _) => Term::constant(Rational::ONE),
        (Some(1), _) => Term::zero(),
        (Some(2), _) => Term::constant(Rational::MINUS_ONE),
        (_, Some(1)) => Term::constant(Rational::HALF),
        (_, Some(2)) => Term::constant(Rational::HALF.negate()),
        _ => Term::unary(UnaryOp::Cos, Term::Node(Op::Pi, vec![]).scaled(k)),
    }
}

fn compare_angle(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    let (&Op::Compare(op), &[left, right]) = (&node.op, &*node.children) else {
        return;
    };
    let compare = |a: Term, b: Term| Term::Node(Op::Compare(op), vec![a, b]);
    if op == CompareOp::Eq {
        return;
    }
    if let (Some(angle), Some(cosine)) = (Angle::of(egraph, left), threshold(egraph, right)) {
        out.push(compare(cosine, angle.cosine()));
    }
    if let (Some(cosine), Some(angle)) = (threshold(egraph, left), Angle::of(egraph, right)) {
        out.push(compare(angle.cosine(), cosine));
    }
}

fn count_thresholds(egraph: &Egraph, _: Id, node: &ENode, out: &mut Vec<Term>) {
    if node.op != Op::Unary(UnaryOp::Floor) {
        return;
    }
    let is_pi = |id: Id| egraph[id].nodes.iter().any(|node| node.op == Op::Pi);
    for monomial in readings(egraph, node.children[0]).iter() {
        let Some(k) = monomial.coefficient.to_integer() else {
            continue;
        };
        let &[(first, p), (second, q)] = monomial.factors.as_slice() else {
            continue;
        };
        let (theta, over) = if p == 1 {
            (first, (second, q))
        } else {
            (second, (first, p))
        };
        let angle = Angle::of(egraph, theta);
        let (Some(angle), true) = (angle, is_pi(over.0) && over.1 == -1) else {
            continue;
        };
        if !(1..=LARGEST_MULTIPLE).contains(&k) || p + q != 0 || !monomial.mask.is_empty() {
            continue;
        }
        let steps = (1..=k).filter_map(|j| {
            let turn = Rational::new(j.into(), k.into())?;
            let below = vec![angle.cosine(), cosine_of_turn(turn)];
            let passed = Term::Node(Op::Compare(CompareOp::Le), below);
            let one = Term::constant(Rational::ONE);
            Some((Term::select(passed, one, Term::zero()), Rational::ONE))
        });
        out.push(Term::Sum(Rational::ZERO, steps.collect()));
        return;
    }
}
