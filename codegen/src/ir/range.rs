//! Intervals: what values a node can have.
//!
//! A condition on a rewrite must be a proof. These intervals are the source of such proofs:
//! they contain every value that the node has for any inputs within their declared ranges.
//! Ends that come out of floating-point arithmetic are widened by one step.

use super::{BinaryOp, Graph, Node, NodeId, Range, Reducer, Role, SoftmaxForm, UnaryOp};
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
    hi_open: true,
};
const POSITIVE: Range = Range {
    lo: 0.0,
    hi: f64::INFINITY,
    lo_open: true,
    hi_open: true,
};

/// The interval of a node from those of its children.
pub(super) fn range_of(graph: &Graph, node: &Node) -> Range {
    match node {
        Node::Rational(r) => constant(*r),
        Node::Pi => Range::closed(
            std::f64::consts::PI.next_down(),
            std::f64::consts::PI.next_up(),
        ),
        Node::NegInfinity => Range::closed(f64::NEG_INFINITY, f64::NEG_INFINITY),
        Node::Size(_) | Node::Number(_) => NONNEGATIVE,
        Node::Scalar(id) => graph.param(*id).range,
        Node::Load(id, _) => match graph.param(*id).role {
            Role::Tensor { .. } | Role::Scalar { .. } => graph.param(*id).range,
            Role::Label(_)
            | Role::Identity
            | Role::Mask
            | Role::Flag(_)
            | Role::Static(_)
            | Role::Cotangent => Range::REAL,
        },
        Node::Sum(c, terms) => terms.iter().fold(constant(*c), |range, (id, coefficient)| {
            add(range, scale(graph.range(*id), *coefficient))
        }),
        Node::Product(factors) => factors
            .iter()
            .map(|&(id, exponent)| power(graph.range(id), exponent))
            .reduce(multiply)
            .unwrap_or(Range::REAL),
        Node::Unary(op, a) => unary(*op, graph.range(*a)),
        Node::Binary(op, a, b) => binary(*op, graph.range(*a), graph.range(*b)),
        Node::Select(_, a, b) => graph.range(*a).hull(graph.range(*b)),
        Node::Reduce(reducer, _, body) => reduce(*reducer, graph.range(*body)),
        Node::Softmax(s) => match s.form {
            SoftmaxForm::Prob | SoftmaxForm::Complement => UNIT,
            SoftmaxForm::Log | SoftmaxForm::LogComplement => Range {
                lo: f64::NEG_INFINITY,
                hi: 0.0,
                lo_open: false,
                hi_open: false,
            },
            SoftmaxForm::LogOverComplement => Range {
                lo: f64::NEG_INFINITY,
                hi: -1.0,
                lo_open: false,
                hi_open: false,
            },
        },
        Node::Unit { .. } => Range::closed(-1.0, 1.0),
        Node::Angle { .. } => Range::closed(0.0, std::f64::consts::PI.next_up()),
        Node::Detach(a) => graph.range(*a),
        Node::Bool(_)
        | Node::Place(..)
        | Node::Flag(_)
        | Node::Position(_)
        | Node::Compare(..)
        | Node::Not(_)
        | Node::And(..) => Range::REAL,
    }
}

fn constant(r: Rational) -> Range {
    let value = r.to_f64();
    if r.is_integer() && value.abs() < 2f64.powi(53) {
        Range::closed(value, value)
    } else {
        // The nearest float of a non-zero constant keeps its sign.
        Range {
            lo: value.next_down(),
            hi: value.next_up(),
            lo_open: true,
            hi_open: true,
        }
    }
}

fn add(a: Range, b: Range) -> Range {
    let exact = |x: f64, y: f64| x == 0.0 || y == 0.0;
    let lo = a.lo + b.lo;
    let hi = a.hi + b.hi;
    Range {
        lo: if lo.is_nan() {
            f64::NEG_INFINITY
        } else if exact(a.lo, b.lo) || lo.fract() == 0.0 && lo.abs() < 1e9 {
            lo
        } else {
            lo.next_down()
        },
        hi: if hi.is_nan() {
            f64::INFINITY
        } else if exact(a.hi, b.hi) || hi.fract() == 0.0 && hi.abs() < 1e9 {
            hi
        } else {
            hi.next_up()
        },
        lo_open: a.lo_open || b.lo_open,
        hi_open: a.hi_open || b.hi_open,
    }
}

fn scale(a: Range, by: Rational) -> Range {
    multiply(a, constant(by))
}

fn multiply(a: Range, b: Range) -> Range {
    // An end of the product is open if either of the ends it comes from is, except that 0 times
    // something closed at 0 is attained.
    let product = |x: (f64, bool), y: (f64, bool)| {
        if x.0 == 0.0 || y.0 == 0.0 {
            let open = (x.0 != 0.0 || x.1) && (y.0 != 0.0 || y.1);
            return (0.0, open);
        }
        (x.0 * y.0, x.1 || y.1)
    };
    let ends = [
        product((a.lo, a.lo_open), (b.lo, b.lo_open)),
        product((a.lo, a.lo_open), (b.hi, b.hi_open)),
        product((a.hi, a.hi_open), (b.lo, b.lo_open)),
        product((a.hi, a.hi_open), (b.hi, b.hi_open)),
    ];
    let pick = |better: fn(f64, f64) -> bool| {
        ends.iter().skip(1).fold(ends[0], |best, end| {
            if better(end.0, best.0) || (end.0 == best.0 && !end.1) {
                *end
            } else {
                best
            }
        })
    };
    let (lo, hi) = (pick(|x, y| x < y), pick(|x, y| x > y));
    let widen = |end: f64, step: fn(f64) -> f64| {
        if end == 0.0 || end.is_infinite() || end.fract() == 0.0 {
            end
        } else {
            step(end)
        }
    };
    // Widening must not carry a positive end across 0: products of non-zeros are not 0.
    Range {
        lo: widen(lo.0, f64::next_down),
        hi: widen(hi.0, f64::next_up),
        lo_open: lo.1,
        hi_open: hi.1,
    }
}

fn power(a: Range, exponent: i32) -> Range {
    let even = exponent % 2 == 0;
    if exponent > 0 {
        if even && a.lo < 0.0 && a.hi > 0.0 {
            return NONNEGATIVE;
        }
        let base = if even && a.hi <= 0.0 { a.negate() } else { a };
        return (1..exponent).fold(base, |range, _| multiply(range, base));
    }
    if a.is_positive() {
        // Reciprocals of positive numbers are positive; nothing finer is needed.
        return POSITIVE;
    }
    if even || a.is_nonnegative() {
        NONNEGATIVE
    } else {
        Range::REAL
    }
}

fn unary(op: UnaryOp, a: Range) -> Range {
    match op {
        // e^x underflows to 0 only in floats; over the reals it is positive.
        UnaryOp::Exp => {
            if a.hi <= 0.0 {
                Range {
                    lo: 0.0,
                    hi: 1.0,
                    lo_open: true,
                    hi_open: false,
                }
            } else {
                POSITIVE
            }
        }
        UnaryOp::Softplus => POSITIVE,
        UnaryOp::Cosh => Range {
            lo: 1.0,
            hi: f64::INFINITY,
            lo_open: false,
            hi_open: true,
        },
        UnaryOp::LnCosh => NONNEGATIVE,
        UnaryOp::SoftplusOverSigmoid => Range {
            lo: 1.0,
            hi: f64::INFINITY,
            lo_open: true,
            hi_open: true,
        },
        UnaryOp::Sqrt => {
            if a.is_positive() {
                POSITIVE
            } else {
                NONNEGATIVE
            }
        }
        UnaryOp::Abs => {
            if a.is_positive() || a.negate().is_positive() {
                POSITIVE
            } else {
                NONNEGATIVE
            }
        }
        UnaryOp::Sigmoid => Range {
            lo: 0.0,
            hi: 1.0,
            lo_open: true,
            hi_open: true,
        },
        UnaryOp::Tanh | UnaryOp::Erf | UnaryOp::Sin | UnaryOp::Cos => Range::closed(-1.0, 1.0),
        UnaryOp::Sign => {
            if a.is_positive() {
                Range::closed(1.0, 1.0)
            } else if a.is_nonnegative() {
                UNIT
            } else {
                Range::closed(-1.0, 1.0)
            }
        }
        UnaryOp::Acos => Range::closed(0.0, std::f64::consts::PI.next_up()),
        UnaryOp::Log1mExp => Range {
            lo: f64::NEG_INFINITY,
            hi: 0.0,
            lo_open: false,
            hi_open: false,
        },
        UnaryOp::RecipOrZero => {
            if a.is_positive() {
                POSITIVE
            } else if a.is_nonnegative() {
                NONNEGATIVE
            } else {
                Range::REAL
            }
        }
        UnaryOp::Ln => {
            if a.lo >= 1.0 {
                NONNEGATIVE
            } else if a.hi <= 1.0 {
                NONNEGATIVE.negate()
            } else {
                Range::REAL
            }
        }
        UnaryOp::Log1p | UnaryOp::Expm1 | UnaryOp::Sinh | UnaryOp::Atan | UnaryOp::Asin => {
            // These keep the sign of their argument.
            if a.is_positive() {
                POSITIVE
            } else if a.is_nonnegative() {
                NONNEGATIVE
            } else {
                Range::REAL
            }
        }
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round => {
            if a.is_nonnegative() {
                NONNEGATIVE
            } else {
                Range::REAL
            }
        }
        UnaryOp::Tan => Range::REAL,
    }
}

fn binary(op: BinaryOp, a: Range, b: Range) -> Range {
    match op {
        BinaryOp::Pow => {
            if a.hi <= 1.0 && a.is_nonnegative() && b.is_nonnegative() {
                UNIT
            } else if a.hi < 0.0 {
                // To an integer: of either sign.
                Range::REAL
            } else if a.is_positive() {
                POSITIVE
            } else {
                NONNEGATIVE
            }
        }
        BinaryOp::Min => Range {
            lo: a.lo.min(b.lo),
            hi: a.hi.min(b.hi),
            lo_open: if a.lo == b.lo {
                a.lo_open && b.lo_open
            } else if a.lo < b.lo {
                a.lo_open
            } else {
                b.lo_open
            },
            hi_open: if a.hi == b.hi {
                a.hi_open || b.hi_open
            } else if a.hi < b.hi {
                a.hi_open
            } else {
                b.hi_open
            },
        },
        BinaryOp::Max => binary(BinaryOp::Min, a.negate(), b.negate()).negate(),
        BinaryOp::Xlogy => Range::REAL,
    }
}

fn reduce(reducer: Reducer, body: Range) -> Range {
    match reducer {
        // An axis may be filtered down to nothing, so a sum of positives may be 0.
        Reducer::Sum => {
            if body.is_nonnegative() {
                NONNEGATIVE
            } else if body.hi <= 0.0 {
                NONNEGATIVE.negate()
            } else {
                Range::REAL
            }
        }
        Reducer::Max => body,
        Reducer::Lse => Range {
            lo: body.lo,
            hi: f64::INFINITY,
            lo_open: body.lo_open,
            hi_open: true,
        },
        Reducer::Norm => NONNEGATIVE,
    }
}

impl Graph {
    /// Whether every value of the node is proven to be > 0.
    pub fn is_positive(&self, id: NodeId) -> bool {
        self.range(id).is_positive()
    }

    /// Whether every value of the node is proven to be ≥ 0.
    pub fn is_nonnegative(&self, id: NodeId) -> bool {
        self.range(id).is_nonnegative()
    }
}
