//! What a rule looked at.
//!
//! A rule sees classes, not expressions, and says nothing about the members that made it speak. They are found
//! by taking members away and asking again: what a rule still says when a class is empty does not depend on
//! the inside of that class, and of a class that matters one member is kept that suffices (the minimisation of
//! Zeller's delta debugging, a class at a time). The result is a pattern whose holes are classes: both
//! sides of the rule hold for any members in them.

use std::collections::{BTreeMap, BTreeSet};

use egg::Id;

use super::super::analysis::Egraph;
use super::super::language::{ENode, Op};
use super::super::rules::Rule;
use super::super::saturate::{Application, Witness};
use super::super::term::Term;

/// How far below a node rules look.
const DEPTH: usize = 4;

/// An expression up to the members of some classes.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Any member of the class.
    Hole(Id),
    /// An e-node of the class over patterns.
    Node(ENode, Vec<Pattern>, Id),
}

impl Pattern {
    /// How the parts of a pattern look, by their classes as `find` has them.
    pub(super) fn looks(&self, find: &dyn Fn(Id) -> Id, found: &mut BTreeMap<Id, Pattern>) {
        let Pattern::Node(_, children, _) = self else {
            return;
        };
        for child in children {
            let (class, is_node) = match child {
                Pattern::Hole(class) => (find(*class), false),
                Pattern::Node(.., class) => (find(*class), true),
            };
            let known = matches!(found.get(&class), Some(Pattern::Node(..)));
            if !known && (is_node || !found.contains_key(&class)) {
                found.insert(class, child.clone());
            }
            child.looks(find, found);
        }
    }

    /// All classes of a pattern, as `find` has them.
    fn classes(&self, find: &dyn Fn(Id) -> Id, found: &mut BTreeSet<Id>) {
        match self {
            Pattern::Hole(class) => {
                found.insert(find(*class));
            }
            Pattern::Node(_, children, class) => {
                found.insert(find(*class));
                children.iter().for_each(|c| c.classes(find, found));
            }
        }
    }

    /// A left side that shows what was taken apart on the right: terms are added in normal form, where a class that
    /// is a sum or a product is represented by its parts.
    pub(super) fn taken_apart(
        &self,
        egraph: &Egraph,
        find: &dyn Fn(Id) -> Id,
        right: &Pattern,
    ) -> Pattern {
        let mut there = BTreeSet::new();
        right.classes(find, &mut there);
        self.apart(egraph, find, &there)
    }

    fn apart(&self, egraph: &Egraph, find: &dyn Fn(Id) -> Id, there: &BTreeSet<Id>) -> Pattern {
        match self {
            Pattern::Hole(class) if !there.contains(&find(*class)) => {
                let is_there = |node: &&ENode| {
                    matches!(node.op, Op::Sum(..) | Op::Product(_))
                        && node
                            .children
                            .iter()
                            .all(|&child| there.contains(&find(child)))
                };
                match egraph[*class].nodes.iter().find(is_there) {
                    Some(node) => {
                        let children = node.children.iter().map(|&child| Pattern::Hole(child));
                        Pattern::Node(node.clone(), children.collect(), *class)
                    }
                    None => self.clone(),
                }
            }
            Pattern::Hole(_) => self.clone(),
            Pattern::Node(node, children, class) => {
                let children = children
                    .iter()
                    .map(|child| child.apart(egraph, find, there));
                Pattern::Node(node.clone(), children.collect(), *class)
            }
        }
    }

    /// With patterns in the holes of some classes.
    pub(super) fn filled(&self, find: &dyn Fn(Id) -> Id, by: &BTreeMap<Id, Pattern>) -> Pattern {
        match self {
            Pattern::Hole(class) => by.get(&find(*class)).unwrap_or(self).clone(),
            Pattern::Node(node, children, class) => {
                let children = children.iter().map(|child| child.filled(find, by));
                Pattern::Node(node.clone(), children.collect(), *class)
            }
        }
    }
}

/// Everything that saturation did.
#[derive(Default)]
pub(super) struct Record {
    /// The e-graph that rules saw, by iteration.
    pub(super) seen: Vec<Egraph>,
    /// What they said, with the iteration.
    pub(super) applications: Vec<(usize, Application)>,
}

impl Witness for Record {
    fn iteration(&mut self, egraph: &Egraph) {
        self.seen.push(egraph.clone());
    }

    fn application(&mut self, application: Application) {
        self.applications.push((self.seen.len() - 1, application));
    }
}

/// The right side of an application: the e-nodes that it made, over classes.
pub(super) fn said(application: &Application) -> Pattern {
    let built = &application.built;
    let top = built.iter().rposition(|(_, id)| *id == application.equal);
    match top {
        Some(top) => said_at(application, top),
        None => Pattern::Hole(application.equal),
    }
}

fn said_at(application: &Application, at: usize) -> Pattern {
    let (node, class) = &application.built[at];
    let before = &application.built[..at];
    let children =
        node.children.iter().map(
            |child| match before.iter().rposition(|(_, id)| id == child) {
                Some(at) => said_at(application, at),
                None => Pattern::Hole(*child),
            },
        );
    Pattern::Node(node.clone(), children.collect(), *class)
}

/// The left side of an application. `seen` is the e-graph that the rule saw; it is left as it was. Among members
/// that would do, one that is `preferred` is taken.
pub(super) fn looked_at(
    seen: &mut Egraph,
    rule: &Rule,
    application: &Application,
    preferred: &dyn Fn(&ENode) -> bool,
) -> Option<Pattern> {
    let class = application.class;
    let nodes = seen[class].nodes.clone();
    let node = nodes
        .iter()
        .find(|node| says(seen, rule, class, node, &application.term))?;
    let near = near(seen, class, node);
    let whole: Vec<_> = near
        .iter()
        .map(|&id| (id, seen[id].nodes.clone()))
        .collect();
    let mut matters = BTreeSet::new();
    for (id, members) in &whole {
        seen[*id].nodes.clear();
        if says(seen, rule, class, node, &application.term) {
            continue;
        }
        matters.insert(*id);
        let (first, rest): (Vec<_>, Vec<_>) = members.iter().partition(|m| preferred(m));
        let enough = first.into_iter().chain(rest).any(|member| {
            seen[*id].nodes = vec![member.clone()];
            says(seen, rule, class, node, &application.term)
        });
        if !enough {
            seen[*id].nodes.clone_from(members);
        }
    }
    let pattern = pattern(seen, &matters, class, node, &mut vec![class]);
    for (id, members) in whole {
        seen[id].nodes = members;
    }
    Some(pattern)
}

fn says(egraph: &mut Egraph, rule: &Rule, class: Id, node: &ENode, term: &Term) -> bool {
    egraph.analysis.readings.get_mut().clear();
    let mut terms = vec![];
    (rule.apply)(egraph, class, node, &mut terms);
    egraph.analysis.readings.get_mut().clear();
    terms.contains(term)
}

/// The classes below a node, nearest first, without its own.
fn near(egraph: &Egraph, class: Id, node: &ENode) -> Vec<Id> {
    let mut found = vec![];
    let mut front: Vec<Id> = node.children.iter().map(|&id| egraph.find(id)).collect();
    for _ in 0..DEPTH {
        let mut below = vec![];
        for id in front {
            if id != class && !found.contains(&id) {
                found.push(id);
                let members = egraph[id].nodes.iter();
                below.extend(members.flat_map(|m| m.children.iter().map(|&c| egraph.find(c))));
            }
        }
        front = below;
    }
    found
}

/// A node over the members that are left of the classes that matter.
fn pattern(
    egraph: &Egraph,
    matters: &BTreeSet<Id>,
    class: Id,
    node: &ENode,
    above: &mut Vec<Id>,
) -> Pattern {
    let children: Vec<Pattern> = node
        .children
        .iter()
        .map(|&child| {
            let child = egraph.find(child);
            match egraph[child].nodes.first() {
                Some(member) if matters.contains(&child) && !above.contains(&child) => {
                    above.push(child);
                    let inside = pattern(egraph, matters, child, member, above);
                    above.pop();
                    inside
                }
                _ => Pattern::Hole(child),
            }
        })
        .collect();
    Pattern::Node(node.clone(), children, class)
}
