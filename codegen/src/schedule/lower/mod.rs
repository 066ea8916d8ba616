//! Lowering: every primitive becomes its numerically stable sequence of operations.
//!
//! With M = max z (kept finite), e = exp(z − M), s = Σ e and, for a share at one position
//! (a hit), r = Σ e over the others and t = (M − u) + ln r, the log-odds against it:
//!
//! ```text
//! lse z        = M + ln s          softmax z at every position = e / s
//! log softmax z = (z − M) − ln s          p − q, ln p − ln q of two softmaxes: see `ratio`
//! ln p  = −softplus(t)    p = σ(−t)    1 − p = σ(t)    ln(1 − p) = −softplus(−t)
//! ```
//!
//! Written with t, the loss keeps its relative accuracy when p is next to 1, where `lse z − u` is a
//! difference of nearly equal numbers and `p − 1` is 0. If everything is filtered out, s is 0: then
//! lse is −∞ and every share is 0.

mod norm;
mod product;
mod ratio;
mod softmax;

use std::collections::{BTreeMap, HashMap};

use super::contraction;
use super::low::{Fold, Low, LowId, Op, lower_index};
use crate::ir::ties::Tie;
use crate::ir::{AxisSet, BinaryOp, CompareOp, Graph, Node, NodeId, Reducer, Role, UnaryOp};
use crate::support::rational::Rational;

/// Lowers nodes of one graph, each once.
pub(super) struct Lowering<'g> {
    graph: &'g Graph,
    /// The lowered expressions.
    pub low: Low,
    done: HashMap<NodeId, LowId>,
    /// Sums of exponentials but for that at a hit, and the logit there, by axes and exponential.
    others: HashMap<(AxisSet, LowId), (LowId, LowId)>,
    ties: BTreeMap<NodeId, Tie>,
}

impl<'g> Lowering<'g> {
    /// For what some roots of `graph` need.
    pub(super) fn new(graph: &'g Graph, roots: &[NodeId]) -> Self {
        Lowering {
            graph,
            low: Low::default(),
            done: HashMap::new(),
            others: HashMap::new(),
            ties: graph.ties(roots),
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
        if let Some(tie) = self.ties.get(&id).cloned() {
            let body = self.lower(tie.body);
            let rename = |body, &(from, to): &(_, _)| self.low.swap(body, from, to);
            let element = tie.renamed.iter().fold(body, rename);
            let largest = self.lower(tie.largest);
            let is_largest = Op::Compare(CompareOp::Eq, element, largest);
            return self.low.push(is_largest);
        }
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
            Node::Binary(BinaryOp::Pow, a, b) => return self.lower_power(a, b),
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
        let mut terms = terms.to_vec();
        while let Some((coefficient, difference)) = self.take_softmaxes(&mut terms) {
            let coefficient = self.low.constant(coefficient);
            let term = self.low.mul(coefficient, difference);
            sum = Some(match sum {
                Some(sum) => self.low.push(Op::Add(sum, term)),
                None => term,
            });
        }
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
}
