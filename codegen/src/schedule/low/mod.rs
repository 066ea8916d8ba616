//! Lowered expressions: what a kernel computes, operation by operation.
//!
//! The normal form of [`ir`](crate::ir) would put back together what lowering takes apart (an
//! `exp(z − m) / s` is a softmax there), so lowered expressions live in a plain
//! hash-consed graph of their own: binary arithmetic, two kinds of reductions, matrix
//! products, and reads of buffers.

mod swap;

use std::collections::HashMap;

use crate::ir::{AxisId, AxisSet, BinaryOp, CompareOp, DimId, Index as IrIndex, ParamId, UnaryOp};
use crate::support::rational::Rational;

/// A lowered expression. Children have smaller ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LowId(pub u32);

/// How an array axis is indexed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Index {
    /// By the position on an axis.
    Axis(AxisId),
    /// At a computed position.
    At(LowId),
}

/// Reductions that loops accumulate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fold {
    /// Addition.
    Sum,
    /// Maximum; NaN propagates.
    Max,
}

/// What a lowered expression stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LowKind {
    /// A float.
    Real,
    /// A truth value.
    Bool,
    /// A position.
    Index,
}

/// A lowered operation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Op {
    /// An exact constant, rounded when it is emitted.
    Const(Rational),
    /// π.
    Pi,
    /// −∞.
    NegInfinity,
    /// The most negative finite float.
    Lowest,
    /// The smallest positive normal float.
    Smallest,
    /// A truth value.
    Bool(bool),
    /// A constant position.
    Place(u32),
    /// A run-time scalar.
    Scalar(ParamId),
    /// A run-time boolean.
    Flag(ParamId),
    /// An extent, as a float.
    Size(DimId),
    /// An element of a real tensor parameter (or the cotangent).
    Load(ParamId, Vec<Index>),
    /// A label.
    Label(ParamId, Vec<Index>),
    /// A truth value of a mask.
    Mask(ParamId, Vec<Index>),
    /// The position on an axis.
    Position(AxisId),
    /// A position as a float.
    Number(LowId),
    /// Addition.
    Add(LowId, LowId),
    /// Subtraction.
    Sub(LowId, LowId),
    /// Multiplication.
    Mul(LowId, LowId),
    /// Division.
    Div(LowId, LowId),
    /// Negation.
    Neg(LowId),
    /// An integer power of at least 2.
    Powi(LowId, i32),
    /// An elementwise function.
    Unary(UnaryOp, LowId),
    /// An elementwise function of two arguments.
    Binary(BinaryOp, LowId, LowId),
    /// A comparison.
    Compare(CompareOp, LowId, LowId),
    /// Negation.
    Not(LowId),
    /// Conjunction.
    And(LowId, LowId),
    /// Selection.
    Select(LowId, LowId, LowId),
    /// A reduction over axes, all free in the body.
    Reduce(Fold, AxisSet, LowId),
    /// `Σ_over left · right`, where each side has axes that the other lacks: a matrix product.
    Contract {
        /// The axes that are summed over; both sides have them.
        over: AxisSet,
        /// Left operand.
        left: LowId,
        /// Right operand.
        right: LowId,
    },
    /// Where in the own shard a position on the sharded axis is; 0 if it is not there.
    Local(LowId),
    /// Whether a position on the sharded axis is in the own shard.
    Owned(LowId),
    /// The sum over the ranks of a value that is 0 on all of them but one.
    Join(LowId),
}

impl Op {
    /// Whether it is written out where it is used rather than bound to a variable: a constant, a setting,
    /// an extent or a position.
    pub fn is_atom(&self) -> bool {
        matches!(
            self,
            Op::Const(_)
                | Op::Pi
                | Op::NegInfinity
                | Op::Lowest
                | Op::Smallest
                | Op::Bool(_)
                | Op::Place(_)
                | Op::Scalar(_)
                | Op::Flag(_)
                | Op::Size(_)
                | Op::Position(_)
        )
    }

    /// The children in order.
    pub fn children(&self) -> Vec<LowId> {
        let mut found = vec![];
        self.clone().each_child(|child| found.push(*child));
        found
    }

    /// The operation with other children.
    pub(super) fn with_children(&self, mut child: impl FnMut(LowId) -> LowId) -> Op {
        let mut op = self.clone();
        op.each_child(|id| *id = child(*id));
        op
    }

    /// Calls `visit` for the children in order.
    fn each_child(&mut self, mut visit: impl FnMut(&mut LowId)) {
        match self {
            Op::Const(_)
            | Op::Pi
            | Op::NegInfinity
            | Op::Lowest
            | Op::Smallest
            | Op::Bool(_)
            | Op::Place(_)
            | Op::Scalar(_)
            | Op::Flag(_)
            | Op::Size(_)
            | Op::Position(_) => {}
            Op::Load(_, index) | Op::Label(_, index) | Op::Mask(_, index) => {
                for i in index {
                    if let Index::At(id) = i {
                        visit(id);
                    }
                }
            }
            Op::Number(a)
            | Op::Neg(a)
            | Op::Powi(a, _)
            | Op::Unary(_, a)
            | Op::Not(a)
            | Op::Local(a)
            | Op::Owned(a)
            | Op::Join(a)
            | Op::Reduce(_, _, a) => visit(a),
            Op::Add(a, b)
            | Op::Sub(a, b)
            | Op::Mul(a, b)
            | Op::Div(a, b)
            | Op::Binary(_, a, b)
            | Op::Compare(_, a, b)
            | Op::And(a, b)
            | Op::Contract {
                left: a, right: b, ..
            } => {
                visit(a);
                visit(b);
            }
            Op::Select(c, a, b) => {
                visit(c);
                visit(a);
                visit(b);
            }
        }
    }
}

/// The arena of lowered expressions.
#[derive(Clone, Debug, Default)]
pub struct Low {
    ops: Vec<Op>,
    free: Vec<AxisSet>,
    mentioned: Vec<AxisSet>,
    // Only looked up, never iterated.
    ids: HashMap<Op, LowId>,
}

impl Low {
    /// How many expressions there are: their ids are below.
    pub(super) fn len(&self) -> u32 {
        self.ops.len() as u32
    }

    /// The operation of an expression.
    pub fn op(&self, id: LowId) -> &Op {
        &self.ops[id.0 as usize]
    }

    /// The axes that an expression is a function of.
    pub fn free(&self, id: LowId) -> AxisSet {
        self.free[id.0 as usize]
    }

    /// The axes that an expression, or anything below it, is a function of or binds.
    pub fn mentioned(&self, id: LowId) -> AxisSet {
        self.mentioned[id.0 as usize]
    }

    /// What an expression stands for.
    pub fn kind(&self, id: LowId) -> LowKind {
        match self.op(id) {
            Op::Bool(_)
            | Op::Flag(_)
            | Op::Mask(..)
            | Op::Compare(..)
            | Op::Not(_)
            | Op::Owned(_)
            | Op::And(..) => LowKind::Bool,
            Op::Place(_) | Op::Label(..) | Op::Local(_) | Op::Position(_) => LowKind::Index,
            Op::Select(_, a, _) => self.kind(*a),
            _ => LowKind::Real,
        }
    }

    /// Adds an operation; equal operations are one.
    pub fn push(&mut self, op: Op) -> LowId {
        if let Op::Neg(a) = op
            && let Op::Neg(b) = *self.op(a)
        {
            return b;
        }
        if let Some(&id) = self.ids.get(&op) {
            return id;
        }
        let free = match &op {
            Op::Position(axis) => AxisSet::of(*axis),
            Op::Load(_, index) | Op::Label(_, index) | Op::Mask(_, index) => {
                index.iter().fold(AxisSet::EMPTY, |set, i| {
                    set.union(match i {
                        Index::Axis(axis) => AxisSet::of(*axis),
                        Index::At(id) => self.free(*id),
                    })
                })
            }
            Op::Reduce(_, axes, body) => self.free(*body).minus(*axes),
            Op::Contract { over, left, right } => {
                self.free(*left).union(self.free(*right)).minus(*over)
            }
            op => op
                .children()
                .into_iter()
                .fold(AxisSet::EMPTY, |set, child| set.union(self.free(child))),
        };
        let below = op.children().into_iter().map(|child| self.mentioned(child));
        let mentioned = below.fold(free, AxisSet::union);
        let id = LowId(self.ops.len() as u32);
        self.ops.push(op.clone());
        self.free.push(free);
        self.mentioned.push(mentioned);
        self.ids.insert(op, id);
        id
    }

    /// A constant.
    pub fn constant(&mut self, value: Rational) -> LowId {
        self.push(Op::Const(value))
    }

    /// Whether an expression is the constant 0.
    pub fn is_zero(&self, id: LowId) -> bool {
        matches!(self.op(id), Op::Const(value) if value.is_zero())
    }

    /// Whether an expression is `f − max f`, with the maximum kept finite: at most 0. (A maximum over tiles so far is one
    /// too; where f is computed twice, it may be above by a rounding.)
    pub fn is_below_maximum(&self, id: LowId) -> bool {
        let Op::Sub(f, maximum) = *self.op(id) else {
            return false;
        };
        let Op::Binary(BinaryOp::Max, largest, lowest) = *self.op(maximum) else {
            return false;
        };
        let of_f = matches!(*self.op(largest), Op::Reduce(Fold::Max, _, body) if body == f);
        of_f && *self.op(lowest) == Op::Lowest
    }

    /// `a · b`, without multiplications by 1.
    pub fn mul(&mut self, a: LowId, b: LowId) -> LowId {
        let is_one = |low: &Low, id| matches!(low.op(id), Op::Const(value) if value.is_one());
        if is_one(self, a) {
            b
        } else if is_one(self, b) {
            a
        } else {
            self.push(Op::Mul(a, b))
        }
    }

    /// The reduction over those of `axes` that are free in the body, which must be all.
    pub fn reduce(&mut self, fold: Fold, axes: AxisSet, body: LowId) -> LowId {
        assert!(
            axes.is_subset(self.free(body)),
            "a reduction over an axis that the body lacks"
        );
        if axes.is_empty() {
            body
        } else {
            self.push(Op::Reduce(fold, axes, body))
        }
    }
}

impl Index {
    /// The free axes of an index.
    pub fn free(self, low: &Low) -> AxisSet {
        match self {
            Index::Axis(axis) => AxisSet::of(axis),
            Index::At(id) => low.free(id),
        }
    }
}

/// Lowers the index of a load; `at` lowers computed positions.
pub(super) fn lower_index(
    index: &[IrIndex],
    mut at: impl FnMut(crate::ir::NodeId) -> LowId,
) -> Vec<Index> {
    index
        .iter()
        .map(|i| match i {
            IrIndex::Axis(axis) => Index::Axis(*axis),
            IrIndex::At(id) => Index::At(at(*id)),
        })
        .collect()
}
