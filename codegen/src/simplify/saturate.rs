//! Equality saturation within a fixed budget.
//!
//! One iteration first lets every rule look at the e-graph as it stands, then adds all that they
//! found: what a rule finds does not depend on the order of rules, only on which iteration it is.
//! The budget counts nodes and iterations, never time, so the result is the same on every machine;
//! losses are expected to saturate well within it.

use std::collections::BTreeSet;

use egg::Id;

use super::analysis::Egraph;
use super::rules::{Rule, at};
use super::term::{Built, Term, add, add_noting};

/// How far saturation may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// The size, in e-nodes, at which the e-graph stops growing.
    pub nodes: usize,
    /// The most iterations.
    pub iterations: usize,
}

impl Default for Budget {
    /// More than twice what the largest loss of the library needs.
    fn default() -> Self {
        Budget {
            nodes: 1500,
            iterations: 16,
        }
    }
}

/// Why saturation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// No rule found anything new: the e-graph holds all that the rules can say.
    Saturated,
    /// The budget of iterations was used up.
    Iterations,
    /// The budget of nodes was used up.
    Nodes,
    /// Two members of a class cannot be equal: some rule is wrong.
    Contradiction,
}

/// How it went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Saturation {
    pub(crate) stop: Stop,
    pub(crate) iterations: usize,
    /// How often each rule, by its place in the list, told the e-graph something new.
    pub(crate) fired: Vec<usize>,
}

/// Something that a rule said and that was new.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// The rule, by its place in the list.
    pub(crate) rule: usize,
    /// The class that it looked at.
    pub(crate) class: Id,
    /// What the class equals.
    pub(crate) term: Term,
    /// The class of the term.
    pub(crate) equal: Id,
    /// The e-nodes of the term.
    pub(crate) built: Built,
}

/// Hears of everything that saturation does, so that it can be told later (see [`explain`](super::explain)).
pub(crate) trait Witness {
    /// Before rules look at the e-graph.
    fn iteration(&mut self, egraph: &Egraph);
    /// After two classes were joined.
    fn application(&mut self, application: Application);
}

/// Applies the rules until nothing is new or the budget is used up. A witness changes nothing.
pub(crate) fn saturate(
    egraph: &mut Egraph,
    rules: &[&Rule],
    budget: Budget,
    mut witness: Option<&mut dyn Witness>,
) -> Saturation {
    let mut fired = vec![0; rules.len()];
    let stopped = |stop, iterations, fired| Saturation {
        stop,
        iterations,
        fired,
    };
    let mut everywhere = true;
    for iteration in 0..budget.iterations {
        let visited = if everywhere {
            all_classes(egraph)
        } else {
            changed_classes(egraph)
        };
        egraph.analysis.touched.clear();
        let mut news = false;
        if let Some(witness) = &mut witness {
            witness.iteration(egraph);
        }
        for (rule, id, term) in findings(egraph, rules, &visited) {
            let mut built = vec![];
            let added = match witness {
                Some(_) => add_noting(egraph, &term, &mut built),
                None => add(egraph, &term),
            };
            let Some(equal) = added else {
                continue;
            };
            if egraph.union(id, equal) {
                fired[rule] += 1;
                news = true;
                if let Some(witness) = &mut witness {
                    witness.application(Application {
                        rule,
                        class: id,
                        term,
                        equal,
                        built,
                    });
                }
            }
            if egraph.total_size() > budget.nodes {
                egraph.rebuild();
                return stopped(Stop::Nodes, iteration + 1, fired);
            }
        }
        egraph.rebuild();
        if egraph.analysis.contradiction {
            return stopped(Stop::Contradiction, iteration + 1, fired);
        }
        if everywhere && !news {
            return stopped(Stop::Saturated, iteration + 1, fired);
        }
        // What rules find may also depend on a node that was added elsewhere: the last word is that of
        // a pass over everything.
        everywhere = !news;
    }
    stopped(Stop::Iterations, budget.iterations, fired)
}

pub(crate) fn all_classes(egraph: &Egraph) -> Vec<Id> {
    let mut ids: Vec<Id> = egraph.classes().map(|class| class.id).collect();
    ids.sort_unstable();
    ids
}

/// How far above a change rules are asked again.
const REACH: usize = 3;

/// The classes that changed, and those which have them not far below.
fn changed_classes(egraph: &Egraph) -> Vec<Id> {
    let mut found: BTreeSet<Id> = BTreeSet::new();
    let touched = egraph.analysis.touched.iter();
    let mut front: Vec<Id> = touched.map(|&id| egraph.find(id)).collect();
    for _ in 0..=REACH {
        let mut above = vec![];
        for id in front {
            if found.insert(id) {
                above.extend(egraph[id].parents().map(|parent| egraph.find(parent)));
            }
        }
        front = above;
    }
    found.into_iter().collect()
}

/// What the rules say about the e-graph as it is: (rule, class, equal term).
pub(crate) fn findings(egraph: &Egraph, rules: &[&Rule], classes: &[Id]) -> Vec<(usize, Id, Term)> {
    let mut found = vec![];
    let mut terms = vec![];
    for &id in classes {
        for node in &egraph[id].nodes {
            let Some(at) = at(&node.op) else {
                continue;
            };
            for (i, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.at == at) {
                (rule.apply)(egraph, id, node, &mut terms);
                found.extend(terms.drain(..).map(|term| (i, id, term)));
            }
        }
    }
    found
}
