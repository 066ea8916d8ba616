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

use std::collections::{BTreeMap, BTreeSet};

use super::low::{Fold, Low, LowId, Op};
use super::plan::{Accumulator, Loop, Nest, Stmt, Target, Vector};
use super::store::is_costly;
use crate::ir::{AxisId, AxisSet, BinaryOp, CompareOp};

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
        let mut by_pass: BTreeMap<usize, Vec<Item>> = BTreeMap::new();
        let mut here = vec![];
        for (&node, &pass) in &passes {
            if let Op::Reduce(fold, axes, value) = *self.low.op(node)
                && !self.stored.contains(&node)
            {
                let goal = Goal::Reduce { result: node, fold };
                by_pass.entry(pass).or_default().push(Item {
                    goal,
                    value,
                    axes: axes.iter().collect(),
                });
            }
        }
        for item in items {
            if item.axes.is_empty() {
                here.push(item);
            } else {
                let pass = 1 + self.latest(at, item.value, &passes);
                by_pass.entry(pass).or_default().push(item);
            }
        }
        let last = by_pass
            .keys()
            .chain(passes.values())
            .max()
            .copied()
            .unwrap_or(0);
        let mut statements = vec![];
        for pass in 0..=last {
            for axis_loop in self.loops(at, by_pass.remove(&pass).unwrap_or_default()) {
                statements.push(axis_loop);
            }
            for (&node, &p) in &passes {
                let looped =
                    matches!(self.low.op(node), Op::Reduce(..)) && !self.stored.contains(&node);
                if p == pass && !self.is_atom(node) && self.bound.insert(node) && !looped {
                    statements.push(Stmt::Let(node));
                }
            }
        }
        self.keep_dear_values(at, &mut statements);
        for item in here {
            statements.push(match item.goal {
                Goal::Store { target } => Stmt::Store {
                    target,
                    value: item.value,
                },
                Goal::Fold { target, at } => Stmt::Fold {
                    target,
                    value: item.value,
                    at,
                },
                Goal::Reduce { .. } => unreachable!("a reduction has axes"),
            });
        }
        self.bound = scope;
        statements
    }

    /// The scalars at this point that the roots need and that are not variables yet.
    fn needed(&self, at: AxisSet, roots: &[LowId]) -> BTreeSet<LowId> {
        let mut scalars = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut stack: Vec<LowId> = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.bound.contains(&id) {
                continue;
            }
            if self.low.free(id).is_subset(at) {
                scalars.insert(id);
            }
            stack.extend(self.children(id));
        }
        scalars
    }

    /// The children that are computed here: none below a stored value.
    fn children(&self, id: LowId) -> Vec<LowId> {
        if self.stored.contains(&id) {
            vec![]
        } else {
            self.low.op(id).children()
        }
    }

    fn is_atom(&self, id: LowId) -> bool {
        !self.stored.contains(&id)
            && matches!(
                self.low.op(id),
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

    /// The pass of every needed scalar.
    fn passes(&self, at: AxisSet, needed: &BTreeSet<LowId>) -> BTreeMap<LowId, usize> {
        let mut passes = BTreeMap::new();
        // Ids ascend from children to parents.
        for &node in needed {
            let is_reduction =
                matches!(self.low.op(node), Op::Reduce(..)) && !self.stored.contains(&node);
            let below = self
                .children(node)
                .into_iter()
                .map(|child| self.latest(at, child, &passes))
                .max()
                .unwrap_or(0);
            passes.insert(node, below + usize::from(is_reduction));
        }
        passes
    }

    /// The latest pass among the scalars in an expression.
    fn latest(&self, at: AxisSet, root: LowId, passes: &BTreeMap<LowId, usize>) -> usize {
        let mut latest = 0;
        let mut seen = BTreeSet::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.bound.contains(&id) {
                continue;
            }
            if self.low.free(id).is_subset(at) {
                latest = latest.max(passes.get(&id).copied().unwrap_or(0));
            } else {
                stack.extend(self.children(id));
            }
        }
        latest
    }

    /// One loop per first axis.
    fn loops(&mut self, at: AxisSet, items: Vec<Item>) -> Vec<Stmt> {
        let mut by_axis: BTreeMap<AxisId, Vec<Item>> = BTreeMap::new();
        for mut item in items {
            let axis = item.axes.remove(0);
            by_axis.entry(axis).or_default().push(item);
        }
        by_axis
            .into_iter()
            .map(|(axis, items)| self.axis_loop(at, axis, items))
            .collect()
    }

    fn axis_loop(&mut self, at: AxisSet, axis: AxisId, items: Vec<Item>) -> Stmt {
        let inside = at.union(AxisSet::of(axis));
        let mut accumulators = vec![];
        let mut inner = vec![];
        for item in items {
            match item.goal {
                Goal::Reduce { result, fold } => {
                    let rest: AxisSet = item.axes.iter().copied().collect();
                    let value = self.low.reduce(fold, rest, item.value);
                    accumulators.push(Accumulator {
                        result,
                        fold,
                        value,
                    });
                }
                Goal::Store { .. } | Goal::Fold { .. } => inner.push(item),
            }
        }
        let flat = inner.iter().all(|item| item.axes.is_empty())
            && inner
                .iter()
                .map(|item| item.value)
                .chain(accumulators.iter().map(|a| a.value))
                .all(|value| self.is_elementwise(at, inside, value));
        if flat {
            let mut vector = Vector {
                axis,
                accumulators,
                stores: vec![],
                folds: vec![],
                saves: vec![],
                saved: vec![],
            };
            for item in inner {
                match item.goal {
                    Goal::Store { target } => vector.stores.push((target, item.value)),
                    Goal::Fold { target, .. } => vector.folds.push((target, item.value)),
                    Goal::Reduce { .. } => unreachable!("reductions are accumulators"),
                }
            }
            return Stmt::Vector(vector);
        }
        let results: Vec<_> = accumulators.iter().map(|a| a.value).collect();
        let body = self.body(inside, inner, &results);
        Stmt::Loop(Loop {
            axis,
            accumulators,
            body,
        })
    }

    /// Whether a value needs no loop inside a loop over the axes `inside`.
    fn is_elementwise(&self, at: AxisSet, inside: AxisSet, root: LowId) -> bool {
        let mut stack = vec![root];
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            let known = self.bound.contains(&id) || self.low.free(id).is_subset(at);
            if known || self.stored.contains(&id) || !seen.insert(id) {
                continue;
            }
            if matches!(self.low.op(id), Op::Reduce(..)) || !self.low.free(id).is_subset(inside) {
                return false;
            }
            stack.extend(self.low.op(id).children());
        }
        true
    }

    /// Finds values that several loops along an axis compute, and lets the first keep them.
    fn keep_dear_values(&self, at: AxisSet, statements: &mut [Stmt]) {
        let mut first: BTreeMap<(AxisId, LowId), usize> = BTreeMap::new();
        for i in 0..statements.len() {
            let Stmt::Vector(vector) = &statements[i] else {
                continue;
            };
            let axis = vector.axis;
            for node in self.dear_values(at, vector) {
                match first.get(&(axis, node)) {
                    None => {
                        first.insert((axis, node), i);
                    }
                    Some(&from) => {
                        if let Stmt::Vector(source) = &mut statements[from]
                            && !source.saves.contains(&node)
                        {
                            source.saves.push(node);
                        }
                        if let Stmt::Vector(vector) = &mut statements[i] {
                            vector.saved.push(node);
                        }
                    }
                }
            }
        }
    }

    /// The outermost dear values in a loop.
    fn dear_values(&self, at: AxisSet, vector: &Vector) -> Vec<LowId> {
        let mut found = vec![];
        let mut seen = BTreeSet::new();
        let mut stack: Vec<LowId> = vector
            .accumulators
            .iter()
            .map(|a| a.value)
            .chain(vector.stores.iter().chain(&vector.folds).map(|s| s.1))
            .collect();
        while let Some(id) = stack.pop() {
            if self.stored.contains(&id) || self.low.free(id).is_subset(at) || !seen.insert(id) {
                continue;
            }
            let dear = match self.low.op(id) {
                Op::Unary(op, _) => is_costly(*op),
                Op::Binary(BinaryOp::Pow | BinaryOp::Xlogy, _, _) => true,
                _ => false,
            };
            if dear {
                found.push(id);
            } else {
                stack.extend(self.low.op(id).children());
            }
        }
        found.sort_unstable();
        found
    }
}
