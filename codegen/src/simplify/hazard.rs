//! How badly a form may go wrong in floats: overflow, division by what may be 0, cancellation.

use egg::{Id, Language};

use super::analysis::Egraph;
use super::language::{ENode, Op};
use super::monomial::{Monomial, readings};
use super::rules::{argument, part, reductions};
use crate::ir::{BinaryOp, Reducer, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

/// 0 for a form that is good at all inputs.
pub(super) fn hazard(egraph: &Egraph, node: &ENode) -> u32 {
    let range = |i: usize| egraph[node.children[i]].data.range;
    match &node.op {
        Op::Unary(op) => match op {
            // e^88 is the end of f32.
            UnaryOp::Exp if range(0).hi > 80.0 => 10,
            UnaryOp::Ln if part::cancels(egraph, node) => 4,
            UnaryOp::Ln if !range(0).is_positive() => 4,
            UnaryOp::Acos | UnaryOp::Asin => 20,
            UnaryOp::Sqrt if !range(0).is_positive() => 2,
            UnaryOp::Tan => 2,
            UnaryOp::RecipOrZero if !range(0).excludes_zero() => 1,
            UnaryOp::Log1mExp => 1,
            _ => 0,
        },
        Op::Product(exponents) => {
            // To divide by a parameter or an extent is the definition's own doing.
            let given = |id: Id| egraph[id].nodes.iter().any(ENode::is_leaf);
            let singular = exponents
                .iter()
                .enumerate()
                .filter(|&(i, &e)| e < 0 && !range(i).excludes_zero() && !given(node.children[i]));
            2 * singular.count() as u32
        }
        Op::Binary(BinaryOp::Pow) if !range(1).is_nonnegative() && !range(0).is_positive() => 3,
        Op::Angle(_) => 12,
        Op::Sum(constant, coefficients) => cancellation(egraph, *constant, coefficients, node),
        _ => 0,
    }
}

/// A share less something that it may come close to, a whole less a part of it, or softplus(x) beside a multiple of x.
fn cancellation(
    egraph: &Egraph,
    constant: Rational,
    coefficients: &[Rational],
    node: &ENode,
) -> u32 {
    let signs: Vec<(bool, bool)> = node
        .children
        .iter()
        .zip(coefficients)
        .map(|(&id, c)| {
            let all = readings(egraph, id);
            let share = all
                .iter()
                .any(|m| m.factors.iter().any(|&f| is_power_of_share(egraph, f)));
            // Its sign where that is known, else the sign that it is written with.
            let range = egraph[id].data.range;
            let negative = |id: Id| egraph[id].data.range.hi <= 0.0;
            let flipped = if range.is_nonnegative() || range.hi <= 0.0 {
                range.hi <= 0.0
            } else {
                let odd = |m: &Monomial| {
                    m.factors
                        .iter()
                        .filter(|f| f.1 % 2 != 0 && negative(f.0))
                        .count()
                        % 2
                        == 1
                };
                all.first()
                    .is_some_and(|m| m.coefficient.is_negative() != odd(m))
            };
            (share, c.is_negative() != flipped)
        })
        .collect();
    let against = |negative: bool| {
        let by_constant = !constant.is_zero() && constant.is_negative() != negative;
        let others = signs.iter().filter(|s| !s.0 && s.1 != negative);
        usize::from(by_constant) + others.count()
    };
    let shares = signs.iter().filter(|s| s.0);
    let count: usize = shares.map(|s| against(s.1)).sum();
    3 * (count + near_equals(egraph, node)) as u32
}

/// Whether a class is between 0 and 1 and may come close to both.
fn is_share(egraph: &Egraph, id: Id) -> bool {
    egraph[id].nodes.iter().any(|node| match node.op {
        Op::Softmax { form, .. } => matches!(form, SoftmaxForm::Prob | SoftmaxForm::Complement),
        Op::Unary(op) => op == UnaryOp::Sigmoid,
        Op::Binary(BinaryOp::Pow) => egraph[id].data.range.is_fraction(),
        _ => false,
    })
}

/// Whether a power of a class is between 0 and 1 and may come close to both.
fn is_power_of_share(egraph: &Egraph, (id, exponent): (Id, i32)) -> bool {
    let square = exponent == 2 && argument(egraph, id, UnaryOp::Tanh).is_some();
    square || (exponent > 0 && is_share(egraph, id))
}

/// How many pairs of terms are nearly equal at some inputs by what they are: a whole and its part, softplus(x) and x, `lse z`
/// and the mean of z.
fn near_equals(egraph: &Egraph, node: &ENode) -> usize {
    let part = usize::from(part::cancels(egraph, node));
    part + linear_softplus(egraph, node) + mean_beside_lse(egraph, node)
}

/// Whether a node is a small difference of large numbers at some inputs.
///
/// The price above is wary of any share beside a term of the other sign, for there may be a better form. A gradient such as
/// `p − t` is one of these, and as good as can be: both are inputs of the difference. What is lost for good is lost where the
/// difference is small because of what its parts are.
pub(super) fn cancels(egraph: &Egraph, node: &ENode) -> bool {
    match &node.op {
        Op::Unary(UnaryOp::Ln) => part::cancels(egraph, node),
        Op::Sum(constant, coefficients) => {
            near_equals(egraph, node) > 0 || one_less_share(egraph, *constant, coefficients, node)
        }
        _ => false,
    }
}

/// `1 − p`, or a multiple of it, where p is a product of shares.
fn one_less_share(
    egraph: &Egraph,
    constant: Rational,
    coefficients: &[Rational],
    node: &ENode,
) -> bool {
    let (&[coefficient], &[share]) = (coefficients, &node.children[..]) else {
        return false;
    };
    let all = readings(egraph, share);
    let mut readings = all.iter().filter(|m| {
        let within = |&(factor, exponent): &(Id, i32)| {
            exponent > 0 && egraph[factor].data.range.is_fraction()
        };
        m.factors.iter().all(within) && m.factors.iter().any(|f| is_share(egraph, f.0))
    });
    !constant.is_zero()
        && readings.any(|m| coefficient.checked_mul(m.coefficient) == Some(constant.negate()))
}

/// How many softplus(±x) stand in a sum beside a multiple of x: their difference is much smaller than
/// either.
fn linear_softplus(egraph: &Egraph, node: &ENode) -> usize {
    let factors: Vec<Vec<Id>> = node
        .children
        .iter()
        .map(|&id| {
            let all = readings(egraph, id);
            let factors = all.iter().flat_map(|m| m.factors.iter().map(|f| f.0));
            factors.collect()
        })
        .collect();
    let argument = |id: Id| {
        let x = argument(egraph, id, UnaryOp::Softplus)?;
        Some(readings(egraph, x))
    };
    let arguments = factors.iter().flatten().filter_map(|&id| argument(id));
    let linear = |x: &[Monomial]| {
        x.iter().any(|m| {
            let &[(x, 1)] = m.factors.as_slice() else {
                return false;
            };
            m.mask.is_empty() && factors.iter().any(|f| f.contains(&x))
        })
    };
    arguments.filter(|x| linear(x)).count()
}

/// How many `lse z` stand in a sum beside a multiple of `Σ z`: they differ by far less than their size
/// where the logits are alike.
fn mean_beside_lse(egraph: &Egraph, node: &ENode) -> usize {
    let within = |reducer| {
        let all = node
            .children
            .iter()
            .flat_map(|&id| readings(egraph, id).to_vec());
        let factors = all.flat_map(|m| m.factors).filter(|f| f.1 == 1);
        let found = factors.flat_map(|f| reductions(egraph, f.0, reducer).collect::<Vec<_>>());
        found.collect::<Vec<_>>()
    };
    let sums = within(Reducer::Sum);
    if sums.is_empty() {
        return 0;
    }
    let beside = within(Reducer::Lse);
    beside.iter().filter(|lse| sums.contains(lse)).count()
}
