//! What each step of a plan does, in numbers: what it reads and writes, and how many operations it takes.
//!
//! Traffic is what must move between memory and the cores if caches hold a row and a tile, and nothing longer: an array
//! is counted once in a step that reads it, and not at all if it exists for one tile at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::low::{LowId, Op};
use super::operations::{Count, Operations, of};
use super::plan::{BufferId, Nest, Plan, Step, Stmt};
use crate::ir::{AxisId, AxisSet, Graph, Role};

/// An array that a step reads or writes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// Its axes, by name.
    pub axes: Vec<String>,
    /// Whether only a tile of it exists at a time.
    pub tile: bool,
    /// Whether its elements are real numbers, of the kernel's type; otherwise labels, or the truth values of a mask.
    pub real: bool,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Account {
    /// The walk over tiles that it stands in, by number.
    pub walk: Option<usize>,
    /// Whether an earlier walk did the same, so that it is only done if there are several tiles.
    pub again: bool,
    /// What is done, statement by statement.
    pub text: String,
    /// What it reads.
    pub reads: Vec<Array>,
    /// What it writes.
    pub writes: Vec<Array>,
    /// Loops over a row, one after the other; 0 for a matrix product or a scatter.
    pub passes: usize,
    /// Its operations.
    pub operations: Operations,
}

impl Plan {
    /// All steps in order.
    pub fn account(&self, graph: &Graph) -> Vec<Account> {
        let mut accounts = vec![];
        let mut walks = 0;
        for step in &self.steps {
            match step {
                Step::Walk(walk) => {
                    walks += 1;
                    for step in &walk.steps {
                        let account = self.account_of(graph, &step.step, Some(walks), step.again);
                        accounts.push(account);
                    }
                }
                step => accounts.push(self.account_of(graph, step, None, false)),
            }
        }
        accounts
    }

    fn account_of(&self, graph: &Graph, step: &Step, walk: Option<usize>, again: bool) -> Account {
        let mut visit = Visit {
            plan: self,
            graph,
            own: BTreeSet::new(),
            reads: BTreeSet::new(),
            counts: BTreeMap::new(),
        };
        let mut passes = 0;
        match step {
            Step::Nest(nest) => {
                let own = nest.targets.iter().map(|t| self.buffer(t.buffer).node);
                visit.own = own.collect();
                visit.below(roots(&nest.body));
                passes = nest.body.iter().filter(|stmt| is_loop(stmt)).count();
                visit.folds(nest);
            }
            Step::Contract { out, .. } => {
                let node = self.buffer(*out).node;
                visit.own.insert(node);
                visit.below(vec![node]);
            }
            Step::Scatter { index, source, .. } => {
                visit.below(vec![*index, *source]);
                let all = self.low.free(*source);
                visit.count(all, Count::arithmetic(1));
            }
            Step::Walk(_) => {}
        }
        let Visit { reads, counts, .. } = visit;
        // An element at a label comes with its row, if that is read.
        let comes_with = |part: &Array| {
            let whole = |all: &&Array| all.name == part.name && all.axes.len() > part.axes.len();
            reads
                .iter()
                .filter(whole)
                .any(|all| part.axes.iter().all(|a| all.axes.contains(a)))
        };
        Account {
            walk,
            again,
            text: self.show_step(graph, step, walk.is_some()),
            reads: reads
                .iter()
                .filter(|part| !comes_with(part))
                .cloned()
                .collect(),
            writes: step
                .outputs()
                .into_iter()
                .map(|id| self.array(graph, id))
                .collect(),
            passes,
            operations: Operations::named(graph, counts),
        }
    }

    fn array(&self, graph: &Graph, id: BufferId) -> Array {
        Array {
            name: self.buffer_name(graph, id),
            axes: names(graph, &self.buffer(id).axes),
            tile: self.is_tile(id),
            real: true,
        }
    }
}

fn names(graph: &Graph, axes: &[AxisId]) -> Vec<String> {
    axes.iter().map(|&a| graph.axis(a).name.clone()).collect()
}

fn is_loop(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Vector(_) | Stmt::Loop(_))
}

/// The values that statements compute.
pub(super) fn roots(body: &[Stmt]) -> Vec<LowId> {
    let mut found = vec![];
    for stmt in body {
        match stmt {
            Stmt::Let(node) => found.push(*node),
            Stmt::Store { value, .. } => found.push(*value),
            Stmt::Fold { value, at, .. } => found.extend(at.iter().chain([value])),
            Stmt::Vector(vector) => found.extend(vector.values()),
            Stmt::Loop(inner) => {
                found.extend(inner.accumulators.iter().map(|a| a.value));
                found.extend(roots(&inner.body));
            }
        }
    }
    found
}

struct Visit<'p> {
    plan: &'p Plan,
    graph: &'p Graph,
    /// What the step computes, though it is stored.
    own: BTreeSet<LowId>,
    reads: BTreeSet<Array>,
    counts: BTreeMap<(usize, AxisSet), Count>,
}

impl Visit<'_> {
    fn count(&mut self, axes: AxisSet, count: Count) {
        if count != Count::default() {
            let total = self.counts.entry((axes.len(), axes)).or_default();
            *total = total.plus(count);
        }
    }

    fn below(&mut self, mut stack: Vec<LowId>) {
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(read) = self.plan.read(id)
                && !self.own.contains(&id)
            {
                let array = self.plan.array(self.graph, read.buffer);
                self.reads.insert(array);
                continue;
            }
            let low = &self.plan.low;
            if let Op::Load(param, index) | Op::Label(param, index) | Op::Mask(param, index) =
                low.op(id)
            {
                let param = self.graph.param(*param);
                // What is read at a label is read where the label is.
                let mut axes: Vec<AxisId> = vec![];
                for axis in index.iter().flat_map(|i| i.free(low).iter()) {
                    if !axes.contains(&axis) {
                        axes.push(axis);
                    }
                }
                let real = matches!(param.role, Role::Tensor { .. } | Role::Cotangent);
                self.reads.insert(Array {
                    name: param.name.clone(),
                    axes: names(self.graph, &axes),
                    tile: false,
                    real,
                });
            }
            stack.extend(low.op(id).children());
            let (axes, count) = of(low, id);
            self.count(axes, count);
        }
    }

    /// Additions to folded targets.
    fn folds(&mut self, nest: &Nest) {
        let rows: AxisSet = nest.rows.iter().copied().collect();
        for target in nest.targets.iter().filter(|target| target.fold.is_some()) {
            let axes = rows.union(target.axes.iter().copied().collect());
            self.count(axes, Count::arithmetic(1));
        }
    }
}
