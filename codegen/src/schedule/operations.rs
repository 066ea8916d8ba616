//! Operation counts: what a kernel does per element, by the axes for which it does it.
//!
//! Counted on the lowered expressions of a value and all its gradients, each once however many of them use it, where its own
//! axes are: what depends on the sample alone is done once per [N], whatever loop its user is in. A reduction costs an
//! operation per element that it reads, a matrix product two per element of all its axes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::low::{Low, LowId, Op};
use super::lower::Lowering;
use crate::ir::{AxisSet, BinaryOp, Gradient, Graph, NodeId, UnaryOp};

/// How many operations per element.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Count {
    /// Additions, multiplications, divisions, square roots, extrema, roundings, comparisons and selections.
    pub arithmetic: u32,
    /// Exponentials, logarithms, powers, and functions of angles.
    pub transcendental: u32,
}

impl Count {
    pub(super) fn arithmetic(arithmetic: u32) -> Self {
        Count {
            arithmetic,
            transcendental: 0,
        }
    }

    fn transcendental(transcendental: u32) -> Self {
        Count {
            arithmetic: 0,
            transcendental,
        }
    }

    pub(super) fn plus(self, other: Count) -> Count {
        Count {
            arithmetic: self.arithmetic + other.arithmetic,
            transcendental: self.transcendental + other.transcendental,
        }
    }
}

/// The operations of a loss and its gradients.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operations {
    /// Per element of the product of some axes, by their names; the most axes first, what is done once a call last.
    pub by_axes: Vec<(Vec<String>, Count)>,
}

impl Operations {
    /// Counts by number of axes and axes.
    pub(super) fn named(graph: &Graph, found: BTreeMap<(usize, AxisSet), Count>) -> Self {
        let named = found.into_iter().rev().map(|((_, axes), count)| {
            let names = axes.iter().map(|axis| graph.axis(axis).name.clone());
            (names.collect(), count)
        });
        Operations {
            by_axes: named.collect(),
        }
    }

    /// All operations of one call, for axes of these extents: arithmetic and transcendental ones.
    pub fn total(&self, extent: impl Fn(&str) -> u64) -> (u64, u64) {
        let mut total = (0, 0);
        for (axes, count) in &self.by_axes {
            let elements: u64 = axes.iter().map(|axis| extent(axis)).product();
            total.0 += elements * u64::from(count.arithmetic);
            total.1 += elements * u64::from(count.transcendental);
        }
        total
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (axes, count)) in self.by_axes.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}", count.arithmetic)?;
            if count.transcendental > 0 {
                write!(f, " + {}t", count.transcendental)?;
            }
            write!(f, " per [{}]", axes.join(", "))?;
        }
        Ok(())
    }
}

/// What computing the value and all gradients takes.
pub fn operations(gradient: &Gradient) -> Operations {
    let graph = &gradient.loss.graph;
    let gradients = gradient.gradients.iter().map(|g| g.1);
    let roots: Vec<NodeId> = [gradient.loss.value].into_iter().chain(gradients).collect();
    let mut lowering = Lowering::new(graph, &roots);
    let mut stack: Vec<LowId> = roots.iter().map(|&root| lowering.lower(root)).collect();
    let low = &lowering.low;
    let mut seen = BTreeSet::new();
    let mut found: BTreeMap<(usize, AxisSet), Count> = BTreeMap::new();
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        stack.extend(low.op(id).children());
        let (axes, count) = of(low, id);
        if count != Count::default() {
            let total = found.entry((axes.len(), axes)).or_default();
            *total = total.plus(count);
        }
    }
    Operations::named(graph, found)
}

/// What one expression adds to its children, and for which axes.
pub(super) fn of(low: &Low, id: LowId) -> (AxisSet, Count) {
    let own = low.free(id);
    match low.op(id) {
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
        | Op::Load(..)
        | Op::Label(..)
        | Op::Mask(..)
        | Op::Position(_)
        | Op::Number(_)
        | Op::Not(_)
        | Op::Local(_)
        | Op::Owned(_)
        | Op::Join(_)
        | Op::And(..) => (own, Count::default()),
        Op::Add(..)
        | Op::Sub(..)
        | Op::Mul(..)
        | Op::Div(..)
        | Op::Neg(_)
        | Op::Compare(..)
        | Op::Select(..) => (own, Count::arithmetic(1)),
        // By repeated squaring.
        Op::Powi(_, n) => {
            let n = n.unsigned_abs();
            (own, Count::arithmetic(n.ilog2() + n.count_ones() - 1))
        }
        Op::Unary(op, _) => (own, of_unary(*op)),
        Op::Binary(op, ..) => match op {
            BinaryOp::Min | BinaryOp::Max => (own, Count::arithmetic(1)),
            BinaryOp::Pow => (own, Count::transcendental(1)),
            BinaryOp::Xlogy => (own, Count::transcendental(1).plus(Count::arithmetic(1))),
        },
        Op::Reduce(_, _, body) => (low.free(*body), Count::arithmetic(1)),
        Op::Contract { left, right, .. } => {
            let all = low.free(*left).union(low.free(*right));
            (all, Count::arithmetic(2))
        }
    }
}

fn of_unary(op: UnaryOp) -> Count {
    match op {
        UnaryOp::Sqrt
        | UnaryOp::Abs
        | UnaryOp::Sign
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Round
        | UnaryOp::RecipOrZero => Count::arithmetic(1),
        UnaryOp::Exp
        | UnaryOp::Ln
        | UnaryOp::Log1p
        | UnaryOp::Expm1
        | UnaryOp::Tanh
        | UnaryOp::Sigmoid
        | UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Erf => Count::transcendental(1),
        // Compositions of two.
        UnaryOp::Softplus | UnaryOp::SoftplusOverSigmoid | UnaryOp::Log1mExp | UnaryOp::LnCosh => {
            Count::transcendental(2)
        }
    }
}
