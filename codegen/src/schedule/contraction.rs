//! Finding matrix products in sums.
//!
//! `Σ_A f₁ f₂ …` is a matrix product if its output axes fall into two groups that no factor
//! joins: the factors of the one group are the left operand, those of the other the right. A mask
//! (`if c { … } else { 0 }`) around the product goes with the side that has its axes, so that
//! a one-hot or a margin never keeps a sum from being a product of matrices.

use crate::ir::{AxisSet, Graph, Node, NodeId};
use crate::support::rational::Rational;

/// A term of a sum under a reduction.
#[derive(Debug)]
pub(super) struct Term {
    /// Its scale.
    pub coefficient: Rational,
    /// Whether it is a matrix product.
    pub sides: Sides,
}

/// See [`Term`].
#[derive(Debug)]
pub(super) enum Sides {
    /// Left and right operand.
    Matrix(Side, Side),
    /// Something else: the body to be summed by loops.
    Other(NodeId),
}

/// One operand: a product, behind masks.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Factors with exponents.
    pub factors: Vec<(NodeId, i32)>,
    /// Masks around the product.
    pub masks: Vec<Mask>,
}

/// A condition under which an operand counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    /// The condition.
    pub condition: NodeId,
    /// Whether the operand counts where it holds, or where it does not.
    pub keep: bool,
}

/// The terms of `Σ_axes body`, if one of them is a matrix product.
pub(super) fn split(graph: &Graph, axes: AxisSet, body: NodeId) -> Option<Vec<Term>> {
    let (constant, parts) = graph.as_sum(body);
    if !constant.is_zero() || parts.iter().any(|part| !axes.is_subset(graph.free(part.0))) {
        return None;
    }
    let terms: Vec<_> = parts
        .into_iter()
        .map(|(id, coefficient)| {
            let sides = match matrix_sides(graph, axes, id) {
                Some((left, right)) => Sides::Matrix(left, right),
                None => Sides::Other(id),
            };
            Term { coefficient, sides }
        })
        .collect();
    terms
        .iter()
        .any(|term| matches!(term.sides, Sides::Matrix(..)))
        .then_some(terms)
}

fn matrix_sides(graph: &Graph, axes: AxisSet, body: NodeId) -> Option<(Side, Side)> {
    let mut masks = vec![];
    let mut inner = body;
    while let Node::Select(condition, a, b) = *graph.node(inner) {
        if graph.is_zero(b) {
            masks.push(Mask {
                condition,
                keep: true,
            });
            inner = a;
        } else if graph.is_zero(a) {
            masks.push(Mask {
                condition,
                keep: false,
            });
            inner = b;
        } else {
            break;
        }
    }
    let factors = graph.as_product(inner);
    let outputs = graph.free(body).minus(axes);
    let first = outputs.iter().next()?;
    let groups: Vec<AxisSet> = factors
        .iter()
        .map(|f| graph.free(f.0))
        .chain(masks.iter().map(|m| graph.free(m.condition)))
        .map(|free| free.intersection(outputs))
        .collect();
    let left_axes = connected(AxisSet::of(first), &groups);
    let right_axes = outputs.minus(left_axes);
    if right_axes.is_empty() {
        return None;
    }
    let (mut left, mut right, mut either) = (Side::default(), Side::default(), vec![]);
    for &(id, exponent) in &factors {
        let free = graph.free(id).intersection(outputs);
        if free.is_empty() {
            either.push((id, exponent));
        } else if free.is_subset(left_axes) {
            left.factors.push((id, exponent));
        } else {
            right.factors.push((id, exponent));
        }
    }
    if left.factors.is_empty() || right.factors.is_empty() {
        return None;
    }
    // A factor of summed axes alone goes where a buffer has to be written anyway.
    let is_input = |side: &Side| matches!(graph.node(side.factors[0].0), Node::Load(..));
    if is_input(&left) && !is_input(&right) {
        right.factors.extend(either);
    } else {
        left.factors.extend(either);
    }
    for mask in masks {
        let free = graph.free(mask.condition).intersection(outputs);
        if free.is_subset(left_axes) && !free.is_empty() || is_input(&right) {
            left.masks.push(mask);
        } else {
            right.masks.push(mask);
        }
    }
    let side_axes = |side: &Side| {
        let factors = side.factors.iter().map(|f| f.0);
        let masks = side.masks.iter().map(|m| m.condition);
        factors
            .chain(masks)
            .fold(AxisSet::EMPTY, |set, id| set.union(graph.free(id)))
    };
    let whole = axes.is_subset(side_axes(&left)) && axes.is_subset(side_axes(&right));
    let apart = side_axes(&left)
        .intersection(side_axes(&right))
        .is_subset(axes);
    (whole && apart).then_some((left, right))
}

/// The axes that factors connect to `start`.
fn connected(start: AxisSet, groups: &[AxisSet]) -> AxisSet {
    let mut reached = start;
    loop {
        let more = groups
            .iter()
            .filter(|group| !group.is_disjoint(reached))
            .fold(reached, |set, group| set.union(*group));
        if more == reached {
            return reached;
        }
        reached = more;
    }
}
