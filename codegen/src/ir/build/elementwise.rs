//! Elementwise functions: exact values at special points, inverses, symmetry.

use crate::ir::{BinaryOp, Graph, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// `op(a)`.
    pub fn unary(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        let start = self.recognised_so_far();
        let result = self.applied(op, a);
        self.note_function(op, a, result, start);
        result
    }

    fn applied(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        if let Some(value) = self.as_rational(a).and_then(|value| fold(op, value)) {
            return self.rational(value);
        }
        if let Some(known) = self.recognise_unary(op, a) {
            return known;
        }
        let inner = self.node(a).clone();
        match (op, inner) {
            (UnaryOp::Exp, Node::Unary(UnaryOp::Ln, x)) => x,
            (UnaryOp::Exp, Node::NegInfinity) => self.zero(),
            (UnaryOp::Exp, Node::Unary(UnaryOp::Log1p, x)) => {
                self.sum(Rational::ONE, &[(x, Rational::ONE)])
            }
            (UnaryOp::Ln, Node::Unary(UnaryOp::Exp, x))
            | (UnaryOp::Log1p, Node::Unary(UnaryOp::Expm1, x))
            | (UnaryOp::Expm1, Node::Unary(UnaryOp::Log1p, x)) => x,
            (UnaryOp::Ln, Node::Reduce(Reducer::Sum, axes, body)) => {
                match self.as_exponential(body) {
                    Some(x) => self.reduce(Reducer::Lse, axes, x),
                    None => self.intern(Node::Unary(op, a)),
                }
            }
            (UnaryOp::Ln, Node::Product(_)) => match self.as_exponential(a) {
                Some(x) => x,
                None => self.intern(Node::Unary(op, a)),
            },
            (UnaryOp::Exp, Node::Reduce(Reducer::Lse, axes, body)) => {
                let e = self.unary(UnaryOp::Exp, body);
                self.reduce(Reducer::Sum, axes, e)
            }
            (UnaryOp::Ln, Node::Softmax(s)) => match log_form(s.form) {
                Some(form) => self.softmax(Softmax { form, ..s }),
                None => self.intern(Node::Unary(op, a)),
            },
            (UnaryOp::Exp, Node::Softmax(s)) => match prob_form(s.form) {
                Some(form) => self.softmax(Softmax { form, ..s }),
                None => self.intern(Node::Unary(op, a)),
            },
            (UnaryOp::Exp, Node::Product(factors)) => match self.power_of_share(&factors) {
                Some(power) => power,
                None => self.intern(Node::Unary(op, a)),
            },
            (UnaryOp::Cos, Node::Unary(UnaryOp::Acos, x))
            | (UnaryOp::Sin, Node::Unary(UnaryOp::Asin, x))
            | (UnaryOp::Tan, Node::Unary(UnaryOp::Atan, x)) => x,
            (UnaryOp::Abs, _) if self.is_nonnegative(a) => a,
            (UnaryOp::Sign, _) if self.is_positive(a) => self.one(),
            (UnaryOp::RecipOrZero, _) if self.is_positive(a) => self.powi(a, -1),
            (
                UnaryOp::Tanh
                | UnaryOp::Sin
                | UnaryOp::Tan
                | UnaryOp::Sinh
                | UnaryOp::Erf
                | UnaryOp::Asin
                | UnaryOp::Atan
                | UnaryOp::Sign
                | UnaryOp::Cos
                | UnaryOp::Cosh
                | UnaryOp::LnCosh
                | UnaryOp::Abs,
                _,
            ) => self.by_symmetry(op, a),
            _ => self.intern(Node::Unary(op, a)),
        }
    }

    /// `p^b` for the factors of `b ln p`, p the share of one logit and b ≥ 0.
    fn power_of_share(&mut self, factors: &[(NodeId, i32)]) -> Option<NodeId> {
        let log = factors
            .iter()
            .find(|f| f.1 == 1 && self.is_log_of_hit(f.0))?
            .0;
        let rest: Vec<_> = factors.iter().copied().filter(|f| f.0 != log).collect();
        let exponent = self.product(&rest);
        if self.is_literal() || !self.is_nonnegative(exponent) {
            return None;
        }
        let share = self.unary(UnaryOp::Exp, log);
        Some(self.pow(share, exponent))
    }

    fn is_log_of_hit(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Softmax(s) => s.hit.is_some() && prob_form(s.form).is_some(),
            _ => false,
        }
    }

    /// Odd functions let a sign out, even ones drop it: the argument's first coefficient is positive.
    fn by_symmetry(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        let negative = match self.node(a) {
            Node::Sum(_, terms) => terms[0].1.is_negative(),
            Node::Rational(value) => value.is_negative(),
            _ => false,
        };
        if !negative {
            return self.intern(Node::Unary(op, a));
        }
        let positive = self.neg(a);
        let node = self.intern(Node::Unary(op, positive));
        match op {
            UnaryOp::Cos | UnaryOp::Cosh | UnaryOp::LnCosh | UnaryOp::Abs => node,
            _ => self.neg(node),
        }
    }

    /// `op(a, b)`.
    pub fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        match op {
            BinaryOp::Pow => self.pow(a, b),
            BinaryOp::Min | BinaryOp::Max => self.extremum(op, a, b),
            BinaryOp::Xlogy => {
                if self.is_zero(a) {
                    return a;
                }
                let is_entropy = self.is_share(b) && self.is_positive_share(a);
                if self.as_rational(a).is_some() || self.is_positive(a) || is_entropy {
                    let log = self.unary(UnaryOp::Ln, b);
                    return self.mul(a, log);
                }
                self.intern(Node::Binary(op, a, b))
            }
        }
    }

    /// Whether a node is the share of one of several logits none of which is filtered out, and 0 only where it underflows.
    fn is_positive_share(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Softmax(s) => {
                let any_left_out = self.may_be_left_out(s.value) || self.may_be_left_out(s.body);
                s.form == SoftmaxForm::Prob && !any_left_out
            }
            _ => false,
        }
    }

    /// `a^b`, a ≥ 0 unless b is always an integer.
    pub fn pow(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if let Some(exponent) = self.as_rational(b) {
            if let Some(exponent) = small_integer(exponent) {
                return self.powi(a, exponent);
            }
            if let Some(twice) = exponent
                .checked_mul(Rational::from_int(2))
                .and_then(small_integer)
            {
                let root = self.unary(UnaryOp::Sqrt, a);
                return self.powi(root, twice);
            }
        }
        if self.as_rational(a).is_some_and(Rational::is_one) {
            return a;
        }
        if let Node::Unary(UnaryOp::Exp, x) = *self.node(a) {
            let exponent = self.mul(x, b);
            return self.unary(UnaryOp::Exp, exponent);
        }
        // The probability of what is the case: its powers are taken from its logarithm, which a choice has not.
        if let Node::Select(condition, x, y) = *self.node(a)
            && let Some(share) = self.function_of_choice(UnaryOp::Sigmoid, condition, x, y)
        {
            return self.pow(share, b);
        }
        self.intern(Node::Binary(BinaryOp::Pow, a, b))
    }

    fn extremum(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            return a;
        }
        if let (Some(x), Some(y)) = (self.as_rational(a), self.as_rational(b)) {
            let value = if op == BinaryOp::Min {
                x.min(y)
            } else {
                x.max(y)
            };
            return self.rational(value);
        }
        let (ra, rb) = (self.range(a), self.range(b));
        let (low, high) = if op == BinaryOp::Min {
            (ra, rb)
        } else {
            (rb, ra)
        };
        if low.hi < high.lo {
            return a;
        }
        let (low, high) = if op == BinaryOp::Min {
            (rb, ra)
        } else {
            (ra, rb)
        };
        if low.hi < high.lo {
            return b;
        }
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        self.intern(Node::Binary(op, a, b))
    }

    /// `min(a, b)`.
    pub fn min(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(BinaryOp::Min, a, b)
    }

    /// `max(a, b)`.
    pub fn max(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(BinaryOp::Max, a, b)
    }
}

fn log_form(form: SoftmaxForm) -> Option<SoftmaxForm> {
    match form {
        SoftmaxForm::Prob => Some(SoftmaxForm::Log),
        SoftmaxForm::Complement => Some(SoftmaxForm::LogComplement),
        SoftmaxForm::Log | SoftmaxForm::LogComplement | SoftmaxForm::LogOverComplement => None,
    }
}

fn prob_form(form: SoftmaxForm) -> Option<SoftmaxForm> {
    match form {
        SoftmaxForm::Log => Some(SoftmaxForm::Prob),
        SoftmaxForm::LogComplement => Some(SoftmaxForm::Complement),
        SoftmaxForm::Prob | SoftmaxForm::Complement | SoftmaxForm::LogOverComplement => None,
    }
}

/// Values that are rational at rational points.
fn fold(op: UnaryOp, x: Rational) -> Option<Rational> {
    let zero = x.is_zero();
    let one = x.is_one();
    match op {
        UnaryOp::Exp | UnaryOp::Cos | UnaryOp::Cosh if zero => Some(Rational::ONE),
        UnaryOp::Ln if one => Some(Rational::ZERO),
        UnaryOp::Acos if one => Some(Rational::ZERO),
        UnaryOp::Log1p
        | UnaryOp::Expm1
        | UnaryOp::Sin
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Tanh
        | UnaryOp::LnCosh
        | UnaryOp::Erf
            if zero =>
        {
            Some(Rational::ZERO)
        }
        UnaryOp::Sqrt => x.exact_sqrt(),
        UnaryOp::Abs => Some(if x.is_negative() { x.negate() } else { x }),
        UnaryOp::Sign => Some(Rational::from_int(if zero {
            0
        } else if x.is_negative() {
            -1
        } else {
            1
        })),
        UnaryOp::Floor => Some(x.floor()),
        UnaryOp::Ceil => Some(x.ceil()),
        UnaryOp::RecipOrZero => {
            if zero {
                Some(x)
            } else {
                x.checked_pow(-1)
            }
        }
        UnaryOp::Sigmoid if zero => Rational::new(1, 2),
        _ => None,
    }
}

fn small_integer(x: Rational) -> Option<i32> {
    x.to_integer().and_then(|n| i32::try_from(n).ok())
}
