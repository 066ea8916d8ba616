//! Elementary functions, reductions and softmax of intervals.

use super::{End, Range};
use crate::ir::{BinaryOp, Reducer, SoftmaxForm, UnaryOp};

const INFINITY: f64 = f64::INFINITY;

/// The limits of an increasing function, and the point `(x, y)` on its graph that signs are told by.
struct Increasing {
    from: End,
    through: (f64, f64),
    to: End,
}

impl Increasing {
    /// f(A): above y where A is above x, below y where A is below x.
    fn of(self, a: Range) -> Range {
        let (x, y) = self.through;
        let beyond = |at: f64, open: bool, past: bool, limit: End| {
            if past {
                End::open(y)
            } else if at == x {
                End { at: y, open }
            } else {
                limit
            }
        };
        Range::between(
            beyond(a.lo, a.lo_open, a.lo > x, self.from),
            beyond(a.hi, a.hi_open, a.hi < x, self.to),
        )
    }
}

/// `op(a)`.
pub(crate) fn unary(op: UnaryOp, a: Range) -> Range {
    // A limit at −∞ or ∞, attained if that is.
    let at_bottom = |at: f64| End {
        at,
        open: !a.contains(-INFINITY),
    };
    let at_top = |at: f64| End {
        at,
        open: !a.contains(INFINITY),
    };
    let increasing = |from: End, through: (f64, f64), to: End| {
        let f = Increasing { from, through, to };
        f.of(a)
    };
    let origin = (0.0, 0.0);
    let half_pi = Range::pi().hi / 2.0;
    match op {
        UnaryOp::Exp => increasing(at_bottom(0.0), (0.0, 1.0), at_top(INFINITY)),
        UnaryOp::Expm1 => increasing(at_bottom(-1.0), origin, at_top(INFINITY)),
        UnaryOp::Sinh => increasing(at_bottom(-INFINITY), origin, at_top(INFINITY)),
        UnaryOp::Tanh | UnaryOp::Erf => increasing(at_bottom(-1.0), origin, at_top(1.0)),
        UnaryOp::Atan => increasing(at_bottom(-half_pi), origin, at_top(half_pi)),
        UnaryOp::Asin => increasing(End::closed(-half_pi), origin, End::closed(half_pi)),
        UnaryOp::Sigmoid => increasing(at_bottom(0.0), (0.0, 0.5), at_top(1.0)),
        UnaryOp::Softplus => Range::between(at_bottom(0.0), at_top(INFINITY)),
        UnaryOp::SoftplusOverSigmoid => Range::between(at_bottom(1.0), at_top(INFINITY)),
        // −∞ at the end of the domain.
        UnaryOp::Ln => increasing(pole(a, 0.0), (1.0, 0.0), at_top(INFINITY)),
        UnaryOp::Log1p => increasing(pole(a, -1.0), origin, at_top(INFINITY)),
        UnaryOp::Log1mExp => Range::between(pole(a.negate(), 0.0), at_bottom(0.0)),
        UnaryOp::Sqrt => square_root(a),
        UnaryOp::Abs => a.magnitude(),
        UnaryOp::Sign => {
            let sign = |end: End| match end.at {
                x if x > 0.0 || (x == 0.0 && end.open) => End::closed(1.0),
                0.0 => End::closed(0.0),
                _ => End::closed(-1.0),
            };
            let above = sign(a.negate().lower()).at;
            Range::between(sign(a.lower()), End::closed(-above))
        }
        UnaryOp::Cosh => from_even(a, 1.0),
        UnaryOp::LnCosh => from_even(a, 0.0),
        UnaryOp::Sin | UnaryOp::Cos => Range::closed(-1.0, 1.0),
        UnaryOp::Tan => Range::REAL,
        UnaryOp::Acos => {
            let top = if a.lo >= 0.0 { half_pi } else { Range::pi().hi };
            let open = a.hi < 1.0 || (a.hi == 1.0 && a.hi_open);
            Range::between(End { at: 0.0, open }, End::closed(top))
        }
        UnaryOp::RecipOrZero => {
            if a.excludes_zero() {
                a.reciprocal()
            } else if a.is_nonnegative() {
                Range::NONNEGATIVE
            } else if a.hi <= 0.0 {
                Range::NONNEGATIVE.negate()
            } else {
                Range::REAL
            }
        }
        UnaryOp::Floor => stepped(a, f64::floor),
        UnaryOp::Ceil => stepped(a, f64::ceil),
        UnaryOp::Round => stepped(a, f64::round_ties_even),
    }
}

/// −∞ as the limit at the lower end of a domain, attained if that end is.
fn pole(a: Range, end: f64) -> End {
    End {
        at: -INFINITY,
        open: a.lo > end || (a.lo == end && a.lo_open),
    }
}

/// An even function with its minimum at 0, unbounded.
fn from_even(a: Range, minimum: f64) -> Range {
    let lower = End {
        at: minimum,
        open: a.excludes_zero(),
    };
    let open = a.is_finite();
    Range::between(lower, End { at: INFINITY, open })
}

fn square_root(a: Range) -> Range {
    let root = |end: End, step: fn(f64) -> f64| {
        let at = end.at.max(0.0);
        let near = at.sqrt();
        if near * near == at && near.mul_add(near, -at) == 0.0 {
            let open = end.open && end.at >= 0.0;
            End { at: near, open }
        } else if near.is_infinite() {
            End { at: near, ..end }
        } else {
            End::open(step(near).max(0.0))
        }
    };
    Range::between(
        root(a.lower(), f64::next_down),
        root(a.upper(), f64::next_up),
    )
}

/// A function that steps from integer to integer.
fn stepped(a: Range, step: fn(f64) -> f64) -> Range {
    let end = |end: End| End {
        at: step(end.at),
        open: end.open && end.at.is_infinite(),
    };
    Range::between(end(a.lower()), end(a.upper()))
}

/// `op(a, b)`.
pub(crate) fn binary(op: BinaryOp, a: Range, b: Range) -> Range {
    match op {
        BinaryOp::Pow => power(a, b),
        BinaryOp::Min => minimum(a, b),
        BinaryOp::Max => minimum(a.negate(), b.negate()).negate(),
        BinaryOp::Xlogy => {
            let product = a.times(unary(UnaryOp::Ln, b));
            if a.contains(0.0) {
                product.hull(Range::closed(0.0, 0.0))
            } else {
                product
            }
        }
    }
}

fn power(a: Range, b: Range) -> Range {
    if a.hi < 0.0 {
        // To an integer: of either sign.
        return Range::EXTENDED;
    }
    let finite = a.is_finite() && b.is_finite();
    let lower = End {
        at: 0.0,
        open: finite && a.is_positive(),
    };
    // ln of the power is b·ln a.
    let at_most_one = (a.hi <= 1.0 && b.is_nonnegative()) || (a.lo >= 1.0 && b.hi <= 0.0);
    let at_least_one =
        (a.lo >= 1.0 && b.is_nonnegative()) || (a.is_nonnegative() && a.hi <= 1.0 && b.hi <= 0.0);
    let open = finite && (a.is_positive() || b.is_nonnegative());
    Range::between(
        if at_least_one {
            End::closed(1.0)
        } else {
            lower
        },
        if at_most_one && a.is_nonnegative() {
            End::closed(1.0)
        } else {
            End { at: INFINITY, open }
        },
    )
}

fn minimum(a: Range, b: Range) -> Range {
    Range::between(
        a.lower().outermost(b.lower(), |a, b| a < b),
        a.upper().innermost(b.upper(), |a, b| a < b),
    )
}

/// A reduction of values in `body`. No axis is empty: the run time refuses such inputs, and computes nothing for an empty
/// batch. What a filter leaves out is 0 in a sum and −∞ in a maximum, so `body` holds these.
pub(crate) fn reduce(reducer: Reducer, body: Range) -> Range {
    let unbounded = |body: Range| End {
        at: INFINITY,
        open: !body.contains(INFINITY),
    };
    match reducer {
        Reducer::Sum => {
            // Any number of values of one sign are at least as far from 0 as one of them.
            let lower = |body: Range| {
                if body.is_nonnegative() {
                    body.lower()
                } else {
                    let end = unbounded(body.negate());
                    Range::between(end, end).negate().lower()
                }
            };
            let upper = Range::between(lower(body.negate()), lower(body.negate())).negate();
            Range::between(lower(body), upper.upper())
        }
        Reducer::Max => body,
        Reducer::Lse => Range::between(body.lower(), unbounded(body)),
        Reducer::Norm => {
            let sizes = body.magnitude();
            let upper = if sizes.hi == 0.0 {
                sizes.upper()
            } else {
                unbounded(sizes)
            };
            Range::between(sizes.lower(), upper)
        }
    }
}

/// A share of a softmax. One that a kernel computes may underflow to 0, whatever the logits.
pub(crate) fn softmax(form: SoftmaxForm) -> Range {
    match form {
        SoftmaxForm::Prob | SoftmaxForm::Complement => Range::UNIT,
        SoftmaxForm::Log | SoftmaxForm::LogComplement => Range::closed(-INFINITY, 0.0),
        SoftmaxForm::LogOverComplement => Range::closed(-INFINITY, -1.0),
    }
}
