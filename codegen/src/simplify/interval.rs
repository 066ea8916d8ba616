//! Intervals of e-nodes, coarser than those of the IR.
//!
//! What the IR proved of a node enters the e-graph with it; here only what rules build has to be
//! bounded, and the conditions of rules ask for signs, for "within [0, 1]" and for "away from 0".
//! Bounds that come out of floating-point arithmetic are widened by one step, so an interval always
//! encloses; intersecting two enclosures of one value cannot be empty.

use super::analysis::Egraph;
use super::language::{ENode, Op};
use crate::ir::{BinaryOp, Range, Reducer, Role, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

const UNIT: Range = Range {
    lo: 0.0,
    hi: 1.0,
    lo_open: false,
    hi_open: false,
};
const NONNEGATIVE: Range = Range {
    lo: 0.0,
    hi: f64::INFINITY,
    lo_open: false,
    hi_open: false,
};
const POSITIVE: Range = Range {
    lo: 0.0,
    hi: f64::INFINITY,
    lo_open: true,
    hi_open: false,
};
const ANY: Range = Range {
    lo: f64::NEG_INFINITY,
    hi: f64::INFINITY,
    lo_open: false,
    hi_open: false,
};

/// The values in both.
pub(crate) fn intersect(a: Range, b: Range) -> Range {
    let (lo, lo_open) = if a.lo == b.lo {
        (a.lo, a.lo_open || b.lo_open)
    } else if a.lo > b.lo {
        (a.lo, a.lo_open)
    } else {
        (b.lo, b.lo_open)
    };
    let (hi, hi_open) = if a.hi == b.hi {
        (a.hi, a.hi_open || b.hi_open)
    } else if a.hi < b.hi {
        (a.hi, a.hi_open)
    } else {
        (b.hi, b.hi_open)
    };
    Range {
        lo,
        hi,
        lo_open,
        hi_open,
    }
}

/// Whether no value is left.
pub(crate) fn is_empty(range: Range) -> bool {
    range.lo > range.hi || (range.lo == range.hi && (range.lo_open || range.hi_open))
}

/// Whether 0 is proven not to be a value.
pub(crate) fn excludes_zero(range: Range) -> bool {
    range.is_positive() || range.hi < 0.0 || (range.hi == 0.0 && range.hi_open)
}

/// Whether all values lie in [0, 1].
pub(crate) fn is_fraction(range: Range) -> bool {
    range.lo >= 0.0 && range.hi <= 1.0
}

/// An interval of an e-node from those of its children's classes.
pub(crate) fn range(egraph: &Egraph, node: &ENode) -> Range {
    let child = |i: usize| egraph[node.children[i]].data.range;
    match &node.op {
        Op::Rational(value) => constant(*value),
        Op::Pi => Range::closed(
            std::f64::consts::PI.next_down(),
            std::f64::consts::PI.next_up(),
        ),
        Op::Size(_) | Op::Number => NONNEGATIVE,
        Op::Scalar(id) | Op::Load(id, _) => {
            let param = &egraph.analysis.params[usize::from(id.0)];
            match param.role {
                Role::Tensor { .. } | Role::Scalar { .. } => param.range,
                Role::Label(_)
                | Role::Identity
                | Role::Mask
                | Role::Flag(_)
                | Role::Static(_)
                | Role::Cotangent => ANY,
            }
        }
        Op::Sum(c, coefficients) => {
            let mut total = constant(*c);
            for (i, coefficient) in coefficients.iter().enumerate() {
                total = plus(total, scale(child(i), *coefficient));
            }
            total
        }
        Op::Product(exponents) => {
            let powers = exponents
                .iter()
                .enumerate()
                .map(|(i, &e)| power(child(i), e));
            powers.reduce(times).unwrap_or(ANY)
        }
        Op::Unary(op) => unary(*op, child(0)),
        Op::Binary(BinaryOp::Pow) => {
            if is_fraction(child(0)) && child(1).is_nonnegative() {
                UNIT
            } else if child(0).hi < 0.0 {
                // To an integer: of either sign.
                ANY
            } else if child(0).is_positive() {
                POSITIVE
            } else {
                NONNEGATIVE
            }
        }
        Op::Select => child(1).hull(child(2)),
        Op::Reduce(Reducer::Sum, _) => sign_of(child(0)),
        Op::Reduce(Reducer::Max, _) => child(0),
        Op::Reduce(Reducer::Norm, _) => NONNEGATIVE,
        Op::Softmax { form, .. } => match form {
            SoftmaxForm::Prob | SoftmaxForm::Complement => UNIT,
            SoftmaxForm::Log | SoftmaxForm::LogComplement => NONNEGATIVE.negate(),
            SoftmaxForm::LogOverComplement => Range {
                hi: -1.0,
                ..NONNEGATIVE.negate()
            },
        },
        Op::Unit(_) => Range::closed(-1.0, 1.0),
        Op::Angle(_) => Range::closed(0.0, std::f64::consts::PI.next_up()),
        Op::NegInfinity
        | Op::Bool(_)
        | Op::Place(..)
        | Op::Flag(_)
        | Op::Position(_)
        | Op::Binary(BinaryOp::Min | BinaryOp::Max | BinaryOp::Xlogy)
        | Op::Compare(_)
        | Op::Not
        | Op::And
        | Op::Reduce(Reducer::Lse, _) => ANY,
    }
}

fn constant(value: Rational) -> Range {
    let near = value.to_f64();
    if value.is_integer() && near.abs() < 2f64.powi(53) {
        return Range::closed(near, near);
    }
    Range::closed(near.next_down(), near.next_up())
}

fn sign_of(a: Range) -> Range {
    if a.is_nonnegative() {
        NONNEGATIVE
    } else if a.hi <= 0.0 {
        NONNEGATIVE.negate()
    } else {
        ANY
    }
}

fn plus(a: Range, b: Range) -> Range {
    let end = |x: f64, y: f64, otherwise: f64, widen: fn(f64) -> f64| {
        let sum = x + y;
        let small_integers = x.fract() == 0.0 && y.fract() == 0.0 && sum.abs() < 1e9;
        match sum {
            _ if sum.is_nan() => otherwise,
            _ if x == 0.0 || y == 0.0 || small_integers => sum,
            _ => widen(sum),
        }
    };
    Range {
        lo: end(a.lo, b.lo, f64::NEG_INFINITY, f64::next_down),
        hi: end(a.hi, b.hi, f64::INFINITY, f64::next_up),
        lo_open: a.lo_open || b.lo_open,
        hi_open: a.hi_open || b.hi_open,
    }
}

fn scale(a: Range, by: Rational) -> Range {
    if by.is_one() {
        return a;
    }
    if by == Rational::MINUS_ONE {
        return a.negate();
    }
    times(a, constant(by))
}

/// Exact about signs and about staying within [0, 1], otherwise unbounded.
fn times(a: Range, b: Range) -> Range {
    if is_fraction(a) && is_fraction(b) {
        return UNIT;
    }
    let unsigned = |r: Range| {
        if r.is_nonnegative() {
            Some((r, false))
        } else if r.hi <= 0.0 {
            Some((r.negate(), true))
        } else {
            None
        }
    };
    match (unsigned(a), unsigned(b)) {
        (Some((x, flip_x)), Some((y, flip_y))) => {
            let product = if x.is_positive() && y.is_positive() {
                POSITIVE
            } else {
                NONNEGATIVE
            };
            if flip_x == flip_y {
                product
            } else {
                product.negate()
            }
        }
        _ => ANY,
    }
}

fn power(a: Range, exponent: i32) -> Range {
    match exponent {
        1 => a,
        _ if exponent > 0 && is_fraction(a) => UNIT,
        _ if a.is_positive() => POSITIVE,
        _ if exponent % 2 == 0 || a.is_nonnegative() => NONNEGATIVE,
        _ => ANY,
    }
}

fn unary(op: UnaryOp, a: Range) -> Range {
    match op {
        // Over the reals e^x is positive; at −∞, the logit of what a filter leaves out, it is 0.
        UnaryOp::Exp => {
            let at_zero = a.lo == f64::NEG_INFINITY && !a.lo_open;
            match (a.hi <= 0.0, at_zero) {
                (true, true) => UNIT,
                (true, false) => Range {
                    lo_open: true,
                    ..UNIT
                },
                (false, true) => NONNEGATIVE,
                (false, false) => POSITIVE,
            }
        }
        UnaryOp::Softplus | UnaryOp::LnCosh => NONNEGATIVE,
        UnaryOp::Sigmoid => UNIT,
        UnaryOp::Cosh => Range {
            lo: 1.0,
            ..NONNEGATIVE
        },
        UnaryOp::SoftplusOverSigmoid => Range {
            lo: 1.0,
            ..NONNEGATIVE
        },
        UnaryOp::Sqrt | UnaryOp::Abs => {
            if excludes_zero(a) {
                POSITIVE
            } else {
                NONNEGATIVE
            }
        }
        UnaryOp::Tanh | UnaryOp::Erf | UnaryOp::Sin | UnaryOp::Cos => Range::closed(-1.0, 1.0),
        UnaryOp::Sign => Range::closed(-1.0, 1.0),
        UnaryOp::Acos => Range::closed(0.0, std::f64::consts::PI.next_up()),
        UnaryOp::Log1mExp => NONNEGATIVE.negate(),
        UnaryOp::Log1p
        | UnaryOp::Expm1
        | UnaryOp::Sinh
        | UnaryOp::Atan
        | UnaryOp::Asin
        | UnaryOp::RecipOrZero => {
            if a.is_positive() {
                POSITIVE
            } else {
                sign_of(a)
            }
        }
        UnaryOp::Ln => {
            if a.lo >= 1.0 {
                NONNEGATIVE
            } else if a.hi <= 1.0 {
                NONNEGATIVE.negate()
            } else {
                ANY
            }
        }
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round => sign_of(a),
        UnaryOp::Tan => ANY,
    }
}
