//! Statements in order: which of them share a loop over the lanes, and which of their values later ones need.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};

use super::Lanes;
use super::segment::Segment;
use crate::schedule::low::LowId;
use crate::schedule::plan::{Loop, Stmt, Vector};

/// What is done at a point.
pub(super) enum Act<'b> {
    /// Binds a node to a variable.
    Let(LowId),
    /// Writes an element of the rows of a target.
    Store { target: usize, value: LowId },
    /// Writes lanes of memory.
    Keep { memory: Ident, value: LowId },
    /// Folds the rows into an element of a target.
    Fold {
        target: usize,
        value: LowId,
        at: Option<LowId>,
    },
    /// Adds to lanes of sums, in `f64`.
    Sum { sum: Ident, value: LowId },
    /// Takes the maximum with lanes.
    Max { largest: Ident, value: LowId },
    /// A loop of elementwise work.
    Vector(&'b Vector),
    /// A loop with statements of its own.
    Loop(&'b Loop),
}

impl<'b> Act<'b> {
    pub(super) fn of(stmt: &'b Stmt) -> Self {
        match stmt {
            Stmt::Let(node) => Act::Let(*node),
            &Stmt::Store { target, value } => Act::Store { target, value },
            &Stmt::Fold { target, value, at } => Act::Fold { target, value, at },
            Stmt::Vector(vector) => Act::Vector(vector),
            Stmt::Loop(inner) => Act::Loop(inner),
        }
    }
}

impl Lanes<'_, '_> {
    /// The work of a group of rows.
    pub(super) fn statements(&mut self, body: &[Stmt]) -> TokenStream {
        self.acts(&body.iter().map(Act::of).collect::<Vec<_>>())
    }

    /// The acts in order.
    pub(super) fn acts(&mut self, acts: &[Act<'_>]) -> TokenStream {
        let mut named: BTreeSet<LowId> = BTreeSet::new();
        for act in acts {
            match act {
                Act::Let(node) => {
                    named.insert(*node);
                }
                Act::Vector(v) => named.extend(v.accumulators.iter().map(|a| a.result)),
                Act::Loop(l) => named.extend(l.accumulators.iter().map(|a| a.result)),
                _ => {}
            }
        }
        // What each act and those after it use.
        let mut needs = vec![BTreeSet::new()];
        for act in acts.iter().rev() {
            let mut used = needs.last().cloned().unwrap_or_default();
            self.uses(act, &named, &mut used);
            needs.push(used);
        }
        needs.reverse();
        let mut segment = Segment::default();
        let mut tokens = TokenStream::new();
        for (i, act) in acts.iter().enumerate() {
            match act {
                Act::Vector(vector) => {
                    tokens.extend(self.flush(&mut segment, &needs[i]));
                    tokens.extend(self.vector(vector));
                }
                Act::Loop(inner) => {
                    tokens.extend(self.flush(&mut segment, &needs[i]));
                    tokens.extend(self.looped(inner));
                }
                act => tokens.extend(self.add(&mut segment, act, &needs[i], &needs[i + 1])),
            }
        }
        tokens.extend(self.flush(&mut segment, &BTreeSet::new()));
        tokens
    }

    /// Adds the nodes that an act needs; `named` ones stand for themselves.
    fn uses(&self, act: &Act<'_>, named: &BTreeSet<LowId>, into: &mut BTreeSet<LowId>) {
        match act {
            Act::Let(node) => self.reach(self.children(*node), named, into),
            Act::Store { value, .. }
            | Act::Keep { value, .. }
            | Act::Sum { value, .. }
            | Act::Max { value, .. } => self.reach(vec![*value], named, into),
            Act::Fold { value, at, .. } => {
                self.reach(at.iter().copied().chain([*value]).collect(), named, into);
            }
            Act::Vector(vector) => {
                let mut named = named.clone();
                named.extend(&vector.saved);
                self.reach(vector_roots(vector), &named, into);
            }
            Act::Loop(inner) => {
                let values = inner.accumulators.iter().map(|a| a.value).collect();
                self.reach(values, named, into);
                for stmt in &inner.body {
                    if let Stmt::Let(node) = stmt {
                        self.reach(vec![*node], named, into);
                    }
                    self.uses(&Act::of(stmt), named, into);
                }
            }
        }
    }

    fn reach(&self, mut stack: Vec<LowId>, named: &BTreeSet<LowId>, into: &mut BTreeSet<LowId>) {
        let mut seen = BTreeSet::new();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            into.insert(id);
            if !named.contains(&id) && !self.is_known(id) {
                stack.extend(self.children(id));
            }
        }
    }
}

/// Everything that a vector loop computes.
pub(super) fn vector_roots(vector: &Vector) -> Vec<LowId> {
    let saves = vector.saves.iter().copied();
    vector.values().chain(saves).collect()
}
