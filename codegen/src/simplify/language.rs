//! The language of the e-graph: the operators of the IR over e-class ids.
//!
//! Sums and products stay **n-ary**, their coefficients and exponents in the operator. Folding them
//! into binary nodes would need associativity and commutativity to find anything that is not
//! adjacent by luck, and those two rules are what makes e-graphs explode (egg issues 334 and 76); a
//! rule here sees all terms of a sum at once. The price is that `collect` (see
//! [`rules::ring`](super::rules)) has to restore the normal form where classes have merged.
//!
//! Leaves carry the ids of the definition's graph. `egg::Symbol` appears nowhere: its order is the
//! order of interning in the process, so one loss's code would depend on which came before it.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};

use egg::{Id, Language};

use crate::ir::{
    AxisId, AxisSet, BinaryOp, CompareOp, DimId, ParamId, Reducer, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

/// How one array axis of a load is indexed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Slot {
    /// By an axis.
    Axis(AxisId),
    /// At a position: the next child.
    At,
}

/// An operator with all that is not a child. See [`ir::Node`](crate::ir::Node) for the meanings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Op {
    Rational(Rational),
    Pi,
    NegInfinity,
    Bool(bool),
    Place(DimId, u32),
    Scalar(ParamId),
    Flag(ParamId),
    Size(DimId),
    Position(AxisId),
    Number,
    Load(ParamId, Box<[Slot]>),
    /// The constant and a coefficient per child.
    Sum(Rational, Box<[Rational]>),
    /// An exponent per child.
    Product(Box<[i32]>),
    Unary(UnaryOp),
    Binary(BinaryOp),
    Compare(CompareOp),
    Not,
    And,
    Select,
    Reduce(Reducer, AxisSet),
    /// Children: body, value and, if `hit`, the condition.
    Softmax {
        form: SoftmaxForm,
        axes: AxisSet,
        hit: bool,
    },
    /// Children: value, body.
    Unit(AxisSet),
    Angle(AxisSet),
}

impl Op {
    /// The axes that the operator itself names.
    pub(crate) fn axes(&self) -> AxisSet {
        match self {
            Op::Position(axis) => AxisSet::of(*axis),
            Op::Load(_, slots) => {
                let axes = slots.iter().filter_map(|slot| match slot {
                    Slot::Axis(axis) => Some(*axis),
                    Slot::At => None,
                });
                axes.collect()
            }
            Op::Reduce(_, axes) | Op::Softmax { axes, .. } | Op::Unit(axes) | Op::Angle(axes) => {
                *axes
            }
            Op::Rational(_)
            | Op::Pi
            | Op::NegInfinity
            | Op::Bool(_)
            | Op::Place(..)
            | Op::Scalar(_)
            | Op::Flag(_)
            | Op::Size(_)
            | Op::Number
            | Op::Sum(..)
            | Op::Product(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Compare(_)
            | Op::Not
            | Op::And
            | Op::Select => AxisSet::EMPTY,
        }
    }
}

/// An e-node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ENode {
    pub(crate) op: Op,
    pub(crate) children: Box<[Id]>,
}

impl ENode {
    pub(crate) fn new(op: Op, children: impl Into<Box<[Id]>>) -> Self {
        ENode {
            op,
            children: children.into(),
        }
    }

    pub(crate) fn leaf(op: Op) -> Self {
        ENode::new(op, [])
    }

    /// The constant and the terms of a sum, sorted and each once: what merged classes made alike is
    /// one term already, before the node itself is in its normal form again.
    pub(crate) fn as_sum(&self) -> Option<(Rational, Vec<(Id, Rational)>)> {
        let Op::Sum(constant, coefficients) = &self.op else {
            return None;
        };
        let mut terms: BTreeMap<Id, Rational> = BTreeMap::new();
        for (&id, &coefficient) in self.children.iter().zip(coefficients) {
            let sum = terms.entry(id).or_insert(Rational::ZERO);
            *sum = sum.checked_add(coefficient)?;
        }
        terms.retain(|_, coefficient| !coefficient.is_zero());
        Some((*constant, terms.into_iter().collect()))
    }

    /// The factors of a product, likewise.
    pub(crate) fn as_product(&self) -> Option<Vec<(Id, i32)>> {
        let Op::Product(exponents) = &self.op else {
            return None;
        };
        let mut factors: BTreeMap<Id, i32> = BTreeMap::new();
        for (&id, &exponent) in self.children.iter().zip(exponents) {
            let total = factors.entry(id).or_insert(0);
            *total = total.checked_add(exponent)?;
        }
        factors.retain(|_, exponent| *exponent != 0);
        Some(factors.into_iter().collect())
    }

    /// Whether the children are sorted and each there once, as the normal form has them.
    pub(crate) fn is_distinct(&self) -> bool {
        self.children.windows(2).all(|pair| pair[0] < pair[1])
    }
}

impl Language for ENode {
    type Discriminant = Discriminant<Op>;

    fn discriminant(&self) -> Self::Discriminant {
        discriminant(&self.op)
    }

    fn matches(&self, other: &Self) -> bool {
        self.op == other.op && self.children.len() == other.children.len()
    }

    fn children(&self) -> &[Id] {
        &self.children
    }

    fn children_mut(&mut self) -> &mut [Id] {
        &mut self.children
    }
}
