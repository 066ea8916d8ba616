//! Writes down what was said: the expressions of a definition, what saturation made of them, and the equations between.
//!
//! A hole of a pattern may hold any member of its class. It is filled twice: with the best expression there
//! is, which is good to read, and with the one that the class was made for. The first alone would not do: that
//! something is the best may follow only from the very equation that is to be written. With the second there is a
//! proof for everything that saturation knows, by induction over its unions.

use std::collections::BTreeMap;

use egg::Id;

use super::super::analysis::Egraph;
use super::super::convert::{self, Converted};
use super::super::cost::Aim;
use super::super::language::{ENode, Op};
use super::super::rules::Rule;
use super::super::{Extraction, extract, saturate};
use super::proof::{Equation, Proofs};
use super::sight::{self, Pattern, Record};
use super::written::Written;
use super::{Account, Reason, Step, steps};
use crate::ir::{Graph, Node, NodeId};

/// What stands in a hole.
type Filling = dyn Fn(&Teller, Id) -> Option<NodeId>;

/// Writes down what was said.
pub(super) struct Teller<'a> {
    converted: &'a Converted,
    pub(super) written: Written,
    /// By class as it was made: the e-node that it was made for, over those of its children.
    births: Vec<NodeId>,
    /// The best expression of a class.
    best: BTreeMap<Id, NodeId>,
    pub(super) equations: Vec<Equation>,
    reasons: Vec<Reason>,
}

impl<'a> Teller<'a> {
    /// Nothing is written yet; `graph` has the declarations.
    pub(super) fn new(converted: &'a Converted, graph: Graph) -> Self {
        Teller {
            converted,
            written: Written::new(graph),
            births: vec![],
            best: BTreeMap::new(),
            equations: vec![],
            reasons: vec![],
        }
    }

    fn egraph(&self) -> &Egraph {
        &self.converted.egraph
    }

    /// The nodes of the definition as they are, without `detach`.
    pub(super) fn write_definition(&mut self, source: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
        let mut copies: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for id in source.reachable(roots) {
            let copy = match source.node(id) {
                Node::Detach(inside) => copies[inside],
                node => {
                    let class = self.converted.classes[id.0 as usize];
                    let class = class.expect("a node that the roots need has a class");
                    let over = |child: NodeId| Id::from(copies[&child].0 as usize);
                    let enode = convert::to_enode(node, &over);
                    let children = enode
                        .children
                        .iter()
                        .map(|&c| NodeId(usize::from(c) as u32));
                    let children: Vec<NodeId> = children.collect();
                    let class = self.converted.egraph.find(class);
                    self.written.write_enode(&enode, &children, class)
                }
            };
            copies.insert(id, copy);
        }
        roots.iter().map(|root| copies[root]).collect()
    }

    /// Every e-node that was ever made, over what its children were then.
    pub(super) fn write_births(&mut self) {
        for (i, node) in self.converted.egraph.nodes().iter().enumerate() {
            let child = |&id: &Id| self.births[usize::from(id)];
            let children: Vec<NodeId> = node.children.iter().map(child).collect();
            let class = self.converted.egraph.find(Id::from(i));
            self.births
                .push(self.written.write_enode(node, &children, class));
        }
    }

    /// The best member of every class: as extracted, elsewhere as it would be.
    pub(super) fn write_best(&mut self, aim: Aim, chosen: &[(Id, &ENode)]) {
        let egraph = &self.converted.egraph;
        let elsewhere =
            extract::extract(egraph, aim, &saturate::all_classes(egraph), Extraction::Dag);
        let elsewhere = elsewhere.map_or(vec![], |(chosen, _)| chosen);
        for (class, node) in chosen.iter().chain(&elsewhere) {
            if !self.best.contains_key(class)
                && let Some(written) = self.over_best(node, *class)
            {
                self.best.insert(*class, written);
            }
        }
    }

    /// An e-node over the best expressions of its children.
    fn over_best(&mut self, node: &ENode, class: Id) -> Option<NodeId> {
        let child = |&id: &Id| self.best.get(&self.egraph().find(id)).copied();
        let children = node
            .children
            .iter()
            .map(child)
            .collect::<Option<Vec<_>>>()?;
        Some(self.written.write_enode(node, &children, class))
    }

    /// Every e-node over the best expressions of its children, and what is constant.
    pub(super) fn write_members(&mut self) {
        let arithmetic = self.reason(Reason::ARITHMETIC);
        for (i, node) in self.converted.egraph.nodes().iter().enumerate() {
            let class = self.egraph().find(Id::from(i));
            let Some(member) = self.over_best(node, class) else {
                continue;
            };
            let constant = |id: Id| self.egraph()[id].data.constant;
            let folds = matches!(node.op, Op::Sum(..) | Op::Product(_))
                && node.children.iter().all(|&child| constant(child).is_some());
            if folds && let Some(value) = constant(class) {
                let value = self.written.write(Node::Rational(value), class);
                self.equate(member, value, arithmetic, true);
            }
        }
    }

    /// What conversion knows to be equal.
    pub(super) fn write_conversions(&mut self) {
        let placed = self.reason(Reason::PLACED);
        for &(select, at_hit) in &self.converted.placed {
            let sides = [select, at_hit].map(|id| {
                let node = &self.converted.egraph.nodes()[usize::from(id)];
                Pattern::Node(
                    node.clone(),
                    node.children.iter().map(|&c| Pattern::Hole(c)).collect(),
                    id,
                )
            });
            self.equate_patterns(&sides, placed);
        }
    }

    pub(super) fn write_applications(&mut self, rules: &[&'static Rule], record: &mut Record) {
        for (iteration, application) in &record.applications {
            let rule = rules[application.rule];
            let egraph = &self.converted.egraph;
            let preferred = |node: &ENode| {
                let class = node.children.iter().map(|&id| egraph.find(id));
                let known = class.map(|id| self.best.get(&id).copied());
                let Some(children) = known.collect::<Option<Vec<NodeId>>>() else {
                    return false;
                };
                self.is_best(node, &children)
            };
            let seen = &mut record.seen[*iteration];
            let Some(left) = sight::looked_at(seen, rule, application, &preferred) else {
                continue;
            };
            let find = |id: Id| egraph.find(id);
            let right = sight::said(application);
            let left = left.taken_apart(egraph, &find, &right);
            // What stands on both sides looks the same on both.
            let mut looks = BTreeMap::new();
            left.looks(&find, &mut looks);
            let right = right.filled(&find, &looks);
            let reason = self.reason(Reason::of(rule));
            self.equate_patterns(&[left, right], reason);
        }
    }

    /// Whether an e-node over the best expressions of its children is the best expression of some class.
    fn is_best(&self, node: &ENode, children: &[NodeId]) -> bool {
        self.written
            .find_enode(node, children)
            .is_some_and(|id| self.written.class(id).and_then(|c| self.best.get(&c)) == Some(&id))
    }

    fn reason(&mut self, reason: Reason) -> usize {
        let known = self.reasons.iter().position(|r| *r == reason);
        known.unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        })
    }

    fn equate(&mut self, left: NodeId, right: NodeId, reason: usize, simple: bool) {
        if left != right {
            self.equations.push(Equation {
                left,
                right,
                reason,
                simple,
            });
        }
    }

    /// Both sides hold whatever stands in the holes: the best there is, which is good to read, and what was there
    /// when it was said, so that there is a proof for everything that saturation knows.
    fn equate_patterns(&mut self, sides: &[Pattern; 2], reason: usize) {
        let best = |teller: &Teller, id: Id| teller.best.get(&teller.egraph().find(id)).copied();
        let born = |teller: &Teller, id: Id| teller.births.get(usize::from(id)).copied();
        let fillings: [&Filling; 2] = [&best, &born];
        for (filling, simple) in fillings.into_iter().zip([true, false]) {
            let [left, right] = [0, 1].map(|side| self.filled(&sides[side], filling));
            if let (Some(left), Some(right)) = (left, right) {
                self.equate(left, right, reason, simple);
            }
        }
    }

    fn filled(&mut self, pattern: &Pattern, filling: &Filling) -> Option<NodeId> {
        match pattern {
            Pattern::Hole(class) => filling(self, *class),
            Pattern::Node(node, children, class) => {
                let children = children.iter().map(|child| self.filled(child, filling));
                let children = children.collect::<Option<Vec<NodeId>>>()?;
                let class = self.egraph().find(*class);
                Some(self.written.write_enode(node, &children, class))
            }
        }
    }

    pub(super) fn account(
        &mut self,
        proofs: &[Proofs],
        literal: NodeId,
        root: Id,
        result: NodeId,
    ) -> Option<Account> {
        let chosen = *self.best.get(&self.egraph().find(root))?;
        let told = |proofs| steps::steps(&mut self.written, proofs, literal, chosen);
        let steps = proofs.iter().filter_map(told).min_by_key(Vec::len);
        let mut steps: Vec<Step> = match steps {
            Some(steps) => {
                let steps = steps.into_iter();
                steps.map(|step| step.because(&self.reasons)).collect()
            }
            None => vec![Step::whole(Reason::UNTOLD, literal, chosen)],
        };
        if chosen != result {
            steps.push(Step::whole(Reason::NORMAL_FORM, chosen, result));
        }
        Some(Account {
            literal,
            steps,
            result,
        })
    }
}
