//! Lowering: every primitive becomes its numerically stable sequence of operations.
//!
//! With M = max z (kept finite), e = exp(z − M), s = Σ e and, for a share at one position
//! (a hit), r = Σ e over the others and t = (M − u) + ln r, the log-odds against it:
//!
//! ```text
//! lse z        = M + ln s          softmax z at every position = e / s
//! log softmax z = (z − M) − ln s
//! ln p  = −softplus(t)    p = σ(−t)    1 − p = σ(t)    ln(1 − p) = −softplus(−t)
//! ```
//!
//! Written with t, the loss keeps its relative accuracy when p is next to 1, where `lse z − u` is a
//! difference of nearly equal numbers and `p − 1` is 0. If everything is filtered out, s is 0: then
//! lse is −∞ and every share is 0.

use std::collections::HashMap;

use super::contraction;
use super::low::{Fold, Low, LowId, Op, lower_index};
use crate::ir::{
    AxisSet, BinaryOp, CompareOp, Graph, Node, NodeId, Reducer, Role, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

/// Lowers nodes of one graph, each once.
pub(super) struct Lowering<'g> {
    graph: &'g Graph,
    /// The lowered expressions.
    pub low: Low,
    done: HashMap<NodeId, LowId>,
}

impl<'g> Lowering<'g> {
    /// For the nodes of `graph`.
    pub(super) fn new(graph: &'g Graph) -> Self {
        Lowering {
            graph,
            low: Low::default(),
            done: HashMap::new(),
        }
    }

    /// The lowered form of a node.
    pub(super) fn lower(&mut self, id: NodeId) -> LowId {
        if let Some(&done) = self.done.get(&id) {
            return done;
        }
        let lowered = self.lower_node(id);
        self.done.insert(id, lowered);
        lowered
    }

    fn lower_node(&mut self, id: NodeId) -> LowId {
        let op = match self.graph.node(id).clone() {
            Node::Rational(value) => Op::Const(value),
            Node::Pi => Op::Pi,
            Node::NegInfinity => Op::NegInfinity,
            Node::Bool(value) => Op::Bool(value),
            Node::Place(_, place) => Op::Place(place),
            Node::Scalar(param) => Op::Scalar(param),
            Node::Flag(param) => Op::Flag(param),
            Node::Size(dim) => Op::Size(dim),
            Node::Load(param, index) => {
                let index = lower_index(&index, |id| self.lower(id));
                match self.graph.param(param).role {
                    Role::Label(_) | Role::Identity => Op::Label(param, index),
                    Role::Mask => Op::Mask(param, index),
                    Role::Tensor { .. }
                    | Role::Scalar { .. }
                    | Role::Flag(_)
                    | Role::Static(_)
                    | Role::Cotangent => Op::Load(param, index),
                }
            }
            Node::Position(axis) => Op::Position(axis),
            Node::Number(a) => Op::Number(self.lower(a)),
            Node::Sum(constant, terms) => return self.lower_sum(constant, &terms),
            Node::Product(factors) => return self.lower_product(&factors),
            Node::Unary(op, a) => Op::Unary(op, self.lower(a)),
            Node::Binary(op, a, b) => Op::Binary(op, self.lower(a), self.lower(b)),
            Node::Compare(op, a, b) => Op::Compare(op, self.lower(a), self.lower(b)),
            Node::Not(a) => Op::Not(self.lower(a)),
            Node::And(a, b) => Op::And(self.lower(a), self.lower(b)),
            Node::Select(c, a, b) => Op::Select(self.lower(c), self.lower(a), self.lower(b)),
            Node::Reduce(reducer, axes, body) => return self.lower_reduce(reducer, axes, body),
            Node::Softmax(s) => return self.lower_softmax(&s),
            Node::Unit { axes, value, body } => return self.lower_unit(axes, value, body),
            Node::Angle { axes, a, b } => return self.lower_angle(axes, a, b),
            Node::Detach(a) => return self.lower(a),
        };
        self.low.push(op)
    }

    /// A reduction, also over axes that the body turned out not to depend on.
    fn fold(&mut self, fold: Fold, axes: AxisSet, body: LowId) -> LowId {
        let present = axes.intersection(self.low.free(body));
        let mut folded = self.low.reduce(fold, present, body);
        if fold == Fold::Sum {
            for axis in axes.minus(present).iter() {
                let size = self.low.push(Op::Size(self.graph.axis(axis).dim));
                folded = self.low.push(Op::Mul(size, folded));
            }
        }
        folded
    }

    /// Additions first, then subtractions; a coefficient of ±1 costs nothing.
    fn lower_sum(&mut self, constant: Rational, terms: &[(NodeId, Rational)]) -> LowId {
        let mut sum: Option<LowId> = None;
        for &(id, coefficient) in terms.iter().filter(|t| t.1.is_positive()) {
            let term = self.scaled(id, coefficient);
            sum = Some(match sum {
                Some(sum) => self.low.push(Op::Add(sum, term)),
                None => term,
            });
        }
        if !constant.is_zero() {
            let (sign, size) = (constant.is_negative(), constant.abs());
            sum = Some(match sum {
                Some(sum) => {
                    let size = self.low.constant(size);
                    self.low.push(if sign {
                        Op::Sub(sum, size)
                    } else {
                        Op::Add(sum, size)
                    })
                }
                None => self.low.constant(constant),
            });
        }
        for &(id, coefficient) in terms.iter().filter(|t| t.1.is_negative()) {
            let term = self.scaled(id, coefficient.negate());
            sum = Some(match sum {
                Some(sum) => self.low.push(Op::Sub(sum, term)),
                None => self.low.push(Op::Neg(term)),
            });
        }
        sum.unwrap_or_else(|| self.low.constant(Rational::ZERO))
    }

    fn scaled(&mut self, id: NodeId, coefficient: Rational) -> LowId {
        let term = self.lower(id);
        let coefficient = self.low.constant(coefficient);
        self.low.mul(coefficient, term)
    }

    /// Factors of few axes first, so that what can leave a loop does; one division at the end.
    pub(super) fn lower_product(&mut self, factors: &[(NodeId, i32)]) -> LowId {
        let mut factors = factors.to_vec();
        factors.sort_by_key(|&(id, _)| (self.graph.free(id).len(), id));
        let (above, below): (Vec<_>, Vec<_>) = factors.into_iter().partition(|f| f.1 > 0);
        let above = self.multiply(&above);
        let below: Vec<_> = below
            .into_iter()
            .map(|(id, exponent)| (id, -exponent))
            .collect();
        let below = self.multiply(&below);
        match (above, below) {
            (Some(above), Some(below)) => self.low.push(Op::Div(above, below)),
            (Some(above), None) => above,
            (None, Some(below)) => {
                let one = self.low.constant(Rational::ONE);
                self.low.push(Op::Div(one, below))
            }
            (None, None) => self.low.constant(Rational::ONE),
        }
    }

    fn multiply(&mut self, factors: &[(NodeId, i32)]) -> Option<LowId> {
        let mut product: Option<LowId> = None;
        for &(id, exponent) in factors {
            let factor = self.lower(id);
            let factor = if exponent == 1 {
                factor
            } else {
                self.low.push(Op::Powi(factor, exponent))
            };
            product = Some(match product {
                Some(product) => self.low.mul(product, factor),
                None => factor,
            });
        }
        product
    }

    fn lower_reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> LowId {
        match reducer {
            Reducer::Sum => match contraction::split(self.graph, axes, body) {
                Some(terms) => self.lower_contraction(axes, terms),
                None => {
                    let body = self.lower(body);
                    self.fold(Fold::Sum, axes, body)
                }
            },
            Reducer::Max => {
                let body = self.lower(body);
                self.fold(Fold::Max, axes, body)
            }
            Reducer::Lse => {
                let shifted = self.shifted_exponential(axes, body);
                let total = self.fold(Fold::Sum, axes, shifted.exponential);
                let log = self.low.push(Op::Unary(UnaryOp::Ln, total));
                self.low.push(Op::Add(shifted.maximum, log))
            }
            Reducer::Norm => self.lower_norm(axes, body),
        }
    }

    fn lower_contraction(&mut self, axes: AxisSet, terms: Vec<contraction::Term>) -> LowId {
        let mut sum: Option<LowId> = None;
        for term in terms {
            let value = match term.sides {
                contraction::Sides::Matrix(left, right) => {
                    let (left, right) = (self.lower_side(&left), self.lower_side(&right));
                    self.low.push(Op::Contract {
                        over: axes,
                        left,
                        right,
                    })
                }
                contraction::Sides::Other(body) => {
                    let body = self.lower(body);
                    self.fold(Fold::Sum, axes, body)
                }
            };
            let coefficient = self.low.constant(term.coefficient);
            let value = self.low.mul(coefficient, value);
            sum = Some(match sum {
                Some(sum) => self.low.push(Op::Add(sum, value)),
                None => value,
            });
        }
        sum.expect("a sum has at least one term")
    }

    fn lower_side(&mut self, side: &contraction::Side) -> LowId {
        let product = self.lower_product(&side.factors);
        let zero = self.low.constant(Rational::ZERO);
        side.masks.iter().fold(product, |value, mask| {
            let condition = self.lower(mask.condition);
            let op = if mask.keep {
                Op::Select(condition, value, zero)
            } else {
                Op::Select(condition, zero, value)
            };
            self.low.push(op)
        })
    }

    fn lower_norm(&mut self, axes: AxisSet, body: NodeId) -> LowId {
        let scaled = self.scaled_norm(axes, body);
        self.low.push(Op::Mul(scaled.scale, scaled.norm))
    }

    /// `‖x‖ = M·‖x/M‖` with M = max |x|: the squares neither overflow nor underflow, whatever the
    /// length of the vector. M is kept from 0, so that a zero vector has the norm 0.
    fn scaled_norm(&mut self, axes: AxisSet, body: NodeId) -> Scaled {
        let vector = self.lower(body);
        let size = self.low.push(Op::Unary(UnaryOp::Abs, vector));
        let largest = self.fold(Fold::Max, axes, size);
        let smallest = self.low.push(Op::Smallest);
        let scale = self.low.push(Op::Binary(BinaryOp::Max, largest, smallest));
        let scaled = self.low.push(Op::Div(vector, scale));
        let square = self.low.push(Op::Mul(scaled, scaled));
        let sum = self.fold(Fold::Sum, axes, square);
        let norm = self.low.push(Op::Unary(UnaryOp::Sqrt, sum));
        Scaled { scale, norm }
    }

    /// `value / ‖body‖` without the inverse of the norm, which overflows for a subnormal vector.
    fn lower_unit(&mut self, axes: AxisSet, value: NodeId, body: NodeId) -> LowId {
        let scaled = self.scaled_norm(axes, body);
        let value = self.lower(value);
        let value = self.low.push(Op::Div(value, scaled.scale));
        let inverse = self.low.push(Op::Unary(UnaryOp::RecipOrZero, scaled.norm));
        self.low.push(Op::Mul(value, inverse))
    }

    /// θ = 2·atan(‖â − b̂‖ / ‖â + b̂‖), accurate at every angle (Kahan); π/2 if one vector or both are
    /// zero: then both lengths are the same.
    fn lower_angle(&mut self, axes: AxisSet, a: NodeId, b: NodeId) -> LowId {
        let (a, b) = (self.lower_unit(axes, a, a), self.lower_unit(axes, b, b));
        let norm = |lowering: &mut Self, op: Op| {
            let vector = lowering.low.push(op);
            let square = lowering.low.push(Op::Mul(vector, vector));
            let sum = lowering.fold(Fold::Sum, axes, square);
            lowering.low.push(Op::Unary(UnaryOp::Sqrt, sum))
        };
        let apart = norm(self, Op::Sub(a, b));
        let together = norm(self, Op::Add(a, b));
        // 1 at right angles, which two zero vectors are.
        let one = self.low.constant(Rational::ONE);
        let same = self.low.push(Op::Compare(CompareOp::Eq, apart, together));
        let ratio = self.low.push(Op::Div(apart, together));
        let ratio = self.low.push(Op::Select(same, one, ratio));
        let half = self.low.push(Op::Unary(UnaryOp::Atan, ratio));
        let two = self.low.constant(Rational::TWO);
        self.low.push(Op::Mul(two, half))
    }

    fn shifted_exponential(&mut self, axes: AxisSet, body: NodeId) -> Shifted {
        let logits = self.lower(body);
        let maximum = self.fold(Fold::Max, axes, logits);
        let lowest = self.low.push(Op::Lowest);
        let maximum = self.low.push(Op::Binary(BinaryOp::Max, maximum, lowest));
        let difference = self.low.push(Op::Sub(logits, maximum));
        let exponential = self.low.push(Op::Unary(UnaryOp::Exp, difference));
        Shifted {
            maximum,
            difference,
            exponential,
        }
    }

    fn lower_softmax(&mut self, s: &Softmax) -> LowId {
        let shifted = self.shifted_exponential(s.axes, s.body);
        let Some(hit) = s.hit else {
            let total = self.fold(Fold::Sum, s.axes, shifted.exponential);
            return match s.form {
                SoftmaxForm::Log => {
                    let log = self.low.push(Op::Unary(UnaryOp::Ln, total));
                    self.low.push(Op::Sub(shifted.difference, log))
                }
                SoftmaxForm::Prob => {
                    let inverse = self.low.push(Op::Unary(UnaryOp::RecipOrZero, total));
                    self.low.push(Op::Mul(shifted.exponential, inverse))
                }
                SoftmaxForm::Complement
                | SoftmaxForm::LogComplement
                | SoftmaxForm::LogOverComplement => {
                    unreachable!("the complement of a softmax is only built at one position")
                }
            };
        };
        let hit = self.lower(hit);
        let zero = self.low.constant(Rational::ZERO);
        let others = self.low.push(Op::Select(hit, zero, shifted.exponential));
        let others = self.fold(Fold::Sum, s.axes, others);
        let log = self.low.push(Op::Unary(UnaryOp::Ln, others));
        let value = self.lower(s.value);
        let gap = self.low.push(Op::Sub(shifted.maximum, value));
        let odds = self.low.push(Op::Add(gap, log));
        let unary = |low: &mut Low, op, x| low.push(Op::Unary(op, x));
        match s.form {
            SoftmaxForm::Log => {
                let x = unary(&mut self.low, UnaryOp::Softplus, odds);
                self.low.push(Op::Neg(x))
            }
            SoftmaxForm::Prob => {
                let x = self.low.push(Op::Neg(odds));
                unary(&mut self.low, UnaryOp::Sigmoid, x)
            }
            SoftmaxForm::Complement => unary(&mut self.low, UnaryOp::Sigmoid, odds),
            SoftmaxForm::LogComplement => {
                let x = self.low.push(Op::Neg(odds));
                let x = unary(&mut self.low, UnaryOp::Softplus, x);
                self.low.push(Op::Neg(x))
            }
            SoftmaxForm::LogOverComplement => {
                let x = unary(&mut self.low, UnaryOp::SoftplusOverSigmoid, odds);
                self.low.push(Op::Neg(x))
            }
        }
    }
}

/// A norm as a product.
struct Scaled {
    scale: LowId,
    norm: LowId,
}

struct Shifted {
    maximum: LowId,
    difference: LowId,
    exponential: LowId,
}
