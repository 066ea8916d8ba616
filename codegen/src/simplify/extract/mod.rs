//! Extraction: one e-node per class, so that all roots together cost least, shared work counted once.
//!
//! Finding the cheapest directed acyclic graph in an e-graph is NP-hard (Stepp 2011), so it is done in
//! two steps. [`greedy`] is a published heuristic that decides per class, by the set of classes that a form needs. It does
//! not see that a form which is dearer alone may be shared between value and gradients; [`improve`] then changes single
//! choices as long as that makes all roots together cheaper, from there and from the greedy choice by trees. How far from the optimum that ends is known: a test solves
//! the same [`Problem`]s exactly as integer programmes. [`tree`] is the usual extraction, without sharing: the other start, and what to compare with.
//!
//! A member is *eligible* only if it depends on no axis that the class does not depend on: 0 and
//! 0·x[C] are one class, and only the first may be put where C is not bound.

mod bits;
mod greedy;
mod improve;
mod key;
mod tree;

use egg::{Id, Language};

use super::analysis::{Egraph, free_of};
use super::cost::{Aim, Price, Prices};
use super::language::ENode;

/// How forms are chosen from an e-graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extraction {
    /// All roots together, what they share counted once.
    #[default]
    Dag,
    /// Every class by itself and its cost that of a tree. For comparison: it misses what roots share.
    Tree,
}

/// The chosen e-nodes, children first, each class once. `None` if some class has no eligible form.
pub(crate) fn extract<'e>(
    egraph: &'e Egraph,
    aim: Aim,
    roots: &[Id],
    extraction: Extraction,
) -> Option<(Vec<(Id, &'e ENode)>, Price)> {
    let problem = Problem::new(egraph, aim, roots);
    let choice = match extraction {
        Extraction::Dag => problem.best()?,
        Extraction::Tree => problem.greedy_tree(),
    };
    let cost = problem.total(&choice)?;
    let order = problem.order(&choice)?;
    let chosen = order.into_iter().map(|class| {
        let candidate = &problem.classes[class].candidates[choice[class]?];
        Some((problem.classes[class].id, candidate.node))
    });
    Some((chosen.collect::<Option<Vec<_>>>()?, cost))
}

/// A member of a class that may be chosen.
pub(crate) struct Candidate<'e> {
    node: &'e ENode,
    pub(crate) price: Price,
    /// Classes by their place in the problem, ascending and distinct.
    pub(crate) children: Vec<usize>,
}

pub(crate) struct Class<'e> {
    id: Id,
    pub(crate) candidates: Vec<Candidate<'e>>,
}

/// What is to be chosen from: the classes that the roots can need.
pub(crate) struct Problem<'e> {
    pub(crate) classes: Vec<Class<'e>>,
    pub(crate) roots: Vec<usize>,
}

impl<'e> Problem<'e> {
    pub(crate) fn new(egraph: &'e Egraph, aim: Aim, roots: &[Id]) -> Self {
        let mut place: Vec<Option<usize>> = vec![None; egraph.nodes().len()];
        let mut ids: Vec<Id> = vec![];
        let mut stack: Vec<Id> = roots.iter().map(|&root| egraph.find(root)).collect();
        while let Some(id) = stack.pop() {
            if place[usize::from(id)].is_none() {
                place[usize::from(id)] = Some(0);
                ids.push(id);
                let children = egraph[id].nodes.iter().flat_map(|n| n.children().iter());
                stack.extend(children.map(|&child| egraph.find(child)));
            }
        }
        ids.sort_unstable();
        for (i, id) in ids.iter().enumerate() {
            place[usize::from(*id)] = Some(i);
        }
        let at = |id: Id| place[usize::from(egraph.find(id))];
        let prices = Prices::new(egraph, aim);
        let classes = ids.iter().enumerate().map(|(own, &id)| {
            let candidates = egraph[id].nodes.iter().filter_map(|node| {
                let in_scope = free_of(egraph, node).is_subset(egraph[id].data.free);
                let mut children: Vec<usize> =
                    node.children().iter().filter_map(|&c| at(c)).collect();
                children.sort_unstable();
                children.dedup();
                (in_scope && !children.contains(&own)).then(|| Candidate {
                    node,
                    price: prices.of(node),
                    children,
                })
            });
            Class {
                id,
                candidates: candidates.collect(),
            }
        });
        Problem {
            classes: classes.collect(),
            roots: roots.iter().filter_map(|&root| at(root)).collect(),
        }
    }

    /// The cheaper of the choices that the local search ends with from the two greedy ones: never dearer than either.
    pub(crate) fn best(&self) -> Option<Vec<Option<usize>>> {
        let starts = [self.greedy_dag(), self.greedy_tree()].into_iter();
        let ends = starts.filter_map(|mut choice| {
            self.improve(&mut choice)?;
            Some((self.total(&choice)?, choice))
        });
        Some(ends.min_by_key(|end| end.0)?.1)
    }

    /// The cost of all roots; `None` if the choice has a cycle or a gap.
    pub(crate) fn total(&self, choice: &[Option<usize>]) -> Option<Price> {
        let mut cost = Price::default();
        for class in self.order(choice)? {
            cost = cost.plus(self.classes[class].candidates[choice[class]?].price);
        }
        Some(cost)
    }

    /// The classes that the roots need under a choice, children first; `None` on a cycle.
    pub(crate) fn order(&self, choice: &[Option<usize>]) -> Option<Vec<usize>> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![0u8; self.classes.len()];
        let mut order = vec![];
        let mut stack: Vec<(usize, bool)> = self.roots.iter().rev().map(|&r| (r, false)).collect();
        while let Some((class, leaving)) = stack.pop() {
            if leaving {
                state[class] = DONE;
                order.push(class);
                continue;
            }
            match state[class] {
                OPEN => return None,
                DONE => continue,
                _ => state[class] = OPEN,
            }
            stack.push((class, true));
            for &child in &self.classes[class].candidates[choice[class]?].children {
                if state[child] == OPEN {
                    return None;
                }
                if state[child] != DONE {
                    stack.push((child, false));
                }
            }
        }
        Some(order)
    }
}
