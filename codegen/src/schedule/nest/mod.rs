//! The order of work within a row.
//!
//! At each point of the nest some axes have positions. An expression of just those axes is a
//! scalar there. A reduction needs a loop, and that loop can start once the scalars in its
//! body are known; so scalars have a *pass* number
//!
//! ```text
//! pass(reduction) = 1 + max pass(scalars in its body),   pass(other) = max pass(children)
//! ```
//!
//! and everything of one pass along one axis is one loop: for softmax cross-entropy the
//! maximum, then the sums of exponentials, then the gradient. Values that are dear and needed in
//! several loops along an axis (the exponentials) are kept in scratch by the first.
//!
//! `pass` finds the scalars and their passes, `axis` makes the loops, `kept` finds the dear values.

mod axis;
mod kept;
mod pass;

use std::collections::{BTreeMap, BTreeSet};

use super::low::{Fold, Low, LowId, Op};
use super::plan::{Nest, Stmt, Target};
use crate::ir::{AxisId, AxisSet, CompareOp};

/// Builds the nest that computes `values[i]` into `targets[i]` for every row. `stored` nodes
/// are read from buffers.
pub(super) fn build(
    low: &mut Low,
    rows: Vec<AxisId>,
    targets: Vec<Target>,
    values: &[LowId],
    stored: BTreeSet<LowId>,
) -> Nest {
    let mut builder = Builder {
        low,
        stored,
        bound: BTreeSet::new(),
    };
    let items = targets
        .iter()
        .enumerate()
        .zip(values)
        .map(|((target, t), &value)| match builder.as_hit(t, value) {
            Some((at, value)) => Item {
                goal: Goal::Fold {
                    target,
                    at: Some(at),
                },
                value,
                axes: vec![],
            },
            None => {
                let goal = match t.fold {
                    Some(_) => Goal::Fold { target, at: None },
                    None => Goal::Store { target },
                };
                Item {
                    goal,
                    value,
                    axes: t.axes.clone(),
                }
            }
        })
        .collect();
    let at = rows.iter().copied().collect();
    let body = builder.body(at, items, &[]);
    Nest {
        rows,
        targets,
        body,
    }
}

/// What a loop is for.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// The scalar that a reduction is.
    Reduce { result: LowId, fold: Fold },
    /// An element of a row of a target.
    Store { target: usize },
    /// An element of a folded target.
    Fold { target: usize, at: Option<LowId> },
}

/// A value to be computed at every position of `axes`.
#[derive(Clone, Debug)]
struct Item {
    goal: Goal,
    value: LowId,
    axes: Vec<AxisId>,
}

struct Builder<'l> {
    low: &'l mut Low,
    stored: BTreeSet<LowId>,
    /// Nodes that are variables where code is being built.
    bound: BTreeSet<LowId>,
}

impl Builder<'_> {
    /// `Σ_rows [c = i] f` into a vector over c: the element i alone.
    fn as_hit(&self, target: &Target, value: LowId) -> Option<(LowId, LowId)> {
        let (Some(Fold::Sum), [axis]) = (target.fold, target.axes.as_slice()) else {
            return None;
        };
        let Op::Select(condition, f, zero) = *self.low.op(value) else {
            return None;
        };
        let Op::Compare(CompareOp::Eq, a, b) = *self.low.op(condition) else {
            return None;
        };
        let (place, position) = if matches!(self.low.op(a), Op::Position(_)) {
            (b, a)
        } else {
            (a, b)
        };
        let hit = matches!(self.low.op(position), Op::Position(p) if p == axis)
            && self.low.is_zero(zero)
            && !self.low.free(f).contains(*axis)
            && !self.low.free(place).contains(*axis);
        hit.then_some((place, f))
    }

    /// The statements at a point where `at` has positions: everything that `items` and
    /// `results` need.
    fn body(&mut self, at: AxisSet, items: Vec<Item>, results: &[LowId]) -> Vec<Stmt> {
        let scope = self.bound.clone();
        let roots: Vec<_> = items
            .iter()
            .map(|item| item.value)
            .chain(results.iter().copied())
            .collect();
        let needed = self.needed(at, &roots);
        let passes = self.passes(at, &needed);
        let mut by_pass = self.reductions(&passes);
        let mut here = vec![];
        for item in items {
            if item.axes.is_empty() {
                here.push(item);
            } else {
                let pass = 1 + self.latest(at, item.value, &passes);
                by_pass.entry(pass).or_default().push(item);
            }
        }
        let mut statements = self.in_passes(at, &passes, by_pass);
        self.keep_dear_values(at, &mut statements);
        statements.extend(here.into_iter().map(scalar_statement));
        self.bound = scope;
        statements
    }

    /// The reductions among the scalars, by pass.
    fn reductions(&self, passes: &BTreeMap<LowId, usize>) -> BTreeMap<usize, Vec<Item>> {
        let mut by_pass: BTreeMap<usize, Vec<Item>> = BTreeMap::new();
        for (&node, &pass) in passes {
            if let Op::Reduce(fold, axes, value) = *self.low.op(node)
                && !self.stored.contains(&node)
            {
                by_pass.entry(pass).or_default().push(Item {
                    goal: Goal::Reduce { result: node, fold },
                    value,
                    axes: axes.iter().collect(),
                });
            }
        }
        by_pass
    }

    /// Pass by pass: the loops, then the scalars that are known after them.
    fn in_passes(
        &mut self,
        at: AxisSet,
        passes: &BTreeMap<LowId, usize>,
        mut by_pass: BTreeMap<usize, Vec<Item>>,
    ) -> Vec<Stmt> {
        let last = by_pass.keys().chain(passes.values()).max().copied();
        let mut statements = vec![];
        for pass in 0..=last.unwrap_or(0) {
            statements.extend(self.loops(at, by_pass.remove(&pass).unwrap_or_default()));
            for (&node, &p) in passes {
                let looped =
                    matches!(self.low.op(node), Op::Reduce(..)) && !self.stored.contains(&node);
                if p == pass && !self.is_atom(node) && self.bound.insert(node) && !looped {
                    statements.push(Stmt::Let(node));
                }
            }
        }
        statements
    }
}

/// What is done with a value that has no axes left.
fn scalar_statement(item: Item) -> Stmt {
    let value = item.value;
    match item.goal {
        Goal::Store { target } => Stmt::Store { target, value },
        Goal::Fold { target, at } => Stmt::Fold { target, value, at },
        Goal::Reduce { .. } => unreachable!("a reduction has axes"),
    }
}
