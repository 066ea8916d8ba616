//! Explanations: from the literal derivative to the extracted formula, step by step.
//!
//! Saturation says that two forms are equal, not why. Here it is run again before a witness who keeps every
//! application of a rule; each becomes an equation between two written expressions: what the rule
//! looked at ([`sight`]) and what it said. From the equations the cheapest proof is found that the literal form
//! of a root equals the extracted one ([`proof`]), and told as a list of replacements ([`steps`]).
//!
//! The witness changes nothing: the explained form is the one that [`simplify`](super::simplify()) gives. It costs
//! time, so expansion does without.

mod proof;
mod sight;
mod steps;
mod written;

use std::collections::BTreeMap;

use egg::Id;

use super::analysis::Egraph;
use super::convert::{self, Converted};
use super::cost::Aim;
use super::language::{ENode, Op};
use super::rules::{self, Rule};
use super::saturate::saturate_before;
use super::{extract, saturate};
use crate::ir::{Gradient, Graph, Node, NodeId};
use proof::{Equation, Proofs};
use sight::{Pattern, Record};
use written::Written;

/// Which of the extracted forms is explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// What the kernels compute.
    Kernel,
    /// What is shown.
    Formula,
}

/// Why a step is right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reason {
    /// The name of the rule.
    pub name: &'static str,
    /// Its left side, in formulas.
    pub lhs: &'static str,
    /// Its right side.
    pub rhs: &'static str,
}

impl Reason {
    const PLACED: Reason = Reason {
        name: "one-hot-at-its-hit",
        lhs: "if C == y { f } else { g }",
        rhs: "if C == y { f[C = y] } else { g }",
    };
    const ARITHMETIC: Reason = Reason {
        name: "arithmetic",
        lhs: "an expression of constants",
        rhs: "its value",
    };
    const NORMAL_FORM: Reason = Reason {
        name: "normal-form",
        lhs: "as rules left it",
        rhs: "flat, like terms collected, what a sum does not depend on in front of it",
    };

    fn of(rule: &Rule) -> Reason {
        Reason {
            name: rule.name,
            lhs: rule.lhs,
            rhs: rule.rhs,
        }
    }
}

/// A replacement of one expression by an equal one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Why they are equal.
    pub reason: Reason,
    /// Whether the reason is read from right to left.
    pub backwards: bool,
    /// What is replaced.
    pub before: NodeId,
    /// What stands there afterwards.
    pub after: NodeId,
    /// The whole root before the step …
    pub from: NodeId,
    /// … and after it.
    pub to: NodeId,
}

/// How one root came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// As it was defined or differentiated.
    pub literal: NodeId,
    /// What happened to it.
    pub steps: Vec<Step>,
    /// As it was chosen.
    pub result: NodeId,
}

/// How the roots of a definition came about.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// All expressions. Those of steps are not in normal form: they are to be shown and evaluated, not
    /// built upon.
    pub graph: Graph,
    /// The value, the weight if there is one, the auxiliaries and the gradients, in this order.
    pub accounts: Vec<Account>,
}

impl Explanation {
    /// Everything is as it was.
    pub fn without_steps(gradient: &Gradient) -> Explanation {
        let accounts = convert::roots(gradient).into_iter().map(|root| Account {
            literal: root,
            steps: vec![],
            result: root,
        });
        Explanation {
            graph: gradient.loss.graph.clone(),
            accounts: accounts.collect(),
        }
    }
}

/// What it may cost to simplify the parts first. A proof counts the same step once for each place and a reader only
/// once, so the shorter of two proofs is told.
const PATIENCE: [u32; 2] = [10, 150];

/// Explains a form. `None` if the e-graph contradicts itself or cannot be read: then the literal form is
/// the result.
pub fn explain(gradient: &Gradient, form: Form) -> Option<Explanation> {
    let rules = rules::all();
    let roots = convert::roots(gradient);
    let mut converted = convert::to_egraph(&gradient.loss.graph, &roots);
    let mut record = Record::default();
    saturate_before(&mut converted.egraph, &rules, Some(&mut record));
    if converted.egraph.analysis.contradiction {
        return None;
    }
    let aim = match form {
        Form::Kernel => Aim::Kernel(convert::batch_axes(gradient)),
        Form::Formula => Aim::Formula,
    };
    let (chosen, _) = extract::extract(&converted.egraph, aim, &converted.roots)?;
    let source = &gradient.loss.graph;
    let (graph, results) = convert::to_graph(source, &converted.egraph, &chosen, &converted.roots)?;
    let mut teller = Teller {
        converted: &converted,
        written: Written::new(graph),
        births: vec![],
        best: BTreeMap::new(),
        equations: vec![],
        reasons: vec![],
    };
    let literal = teller.write_definition(source, &roots);
    teller.write_births();
    teller.write_best(aim, &chosen);
    teller.write_members();
    teller.write_conversions();
    teller.write_applications(&rules, &mut record);
    let proofs = PATIENCE.map(|p| Proofs::new(&teller.written, &teller.equations, p));
    let accounts = literal.into_iter().zip(&converted.roots).zip(results);
    let accounts = accounts.map(|((literal, root), result)| {
        teller.account(&proofs, literal, *root, result)
    });
    let accounts = accounts.collect::<Option<Vec<Account>>>()?;
    Some(Explanation {
        graph: teller.written.graph,
        accounts,
    })
}

/// Writes down what was said.
struct Teller<'a> {
    converted: &'a Converted,
    written: Written,
    /// By class as it was made: the e-node that it was made for, over those of its children.
    births: Vec<NodeId>,
    /// The best expression of a class.
    best: BTreeMap<Id, NodeId>,
    equations: Vec<Equation>,
    reasons: Vec<Reason>,
}

impl Teller<'_> {
    fn egraph(&self) -> &Egraph {
        &self.converted.egraph
    }

    /// The nodes of the definition as they are, without `detach`.
    fn write_definition(&mut self, source: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
        let mut copies: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for id in source.reachable(roots) {
            let copy = match source.node(id) {
                Node::Detach(inside) => copies[inside],
                node => {
                    let class = self.converted.classes[id.0 as usize];
                    let class = class.expect("a node that the roots need has a class");
                    let over = |child: NodeId| Id::from(copies[&child].0 as usize);
                    let enode = convert::to_enode(node, &over);
                    let children = enode.children.iter().map(|&c| NodeId(usize::from(c) as u32));
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
    fn write_births(&mut self) {
        for (i, node) in self.converted.egraph.nodes().iter().enumerate() {
            let child = |&id: &Id| self.births[usize::from(id)];
            let children: Vec<NodeId> = node.children.iter().map(child).collect();
            let class = self.converted.egraph.find(Id::from(i));
            self.births
                .push(self.written.write_enode(node, &children, class));
        }
    }

    /// The best member of every class: as extracted, elsewhere as it would be.
    fn write_best(&mut self, aim: Aim, chosen: &[(Id, &ENode)]) {
        let egraph = &self.converted.egraph;
        let elsewhere = extract::extract(egraph, aim, &saturate::all_classes(egraph));
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
        let children = node.children.iter().map(child).collect::<Option<Vec<_>>>()?;
        Some(self.written.write_enode(node, &children, class))
    }

    /// Every e-node over the best expressions of its children, and what is constant.
    fn write_members(&mut self) {
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
    fn write_conversions(&mut self) {
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

    fn write_applications(&mut self, rules: &[&'static Rule], record: &mut Record) {
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
        let best = |teller: &Self, id: Id| teller.best.get(&teller.egraph().find(id)).copied();
        let born = |teller: &Self, id: Id| teller.births.get(usize::from(id)).copied();
        let fillings: [&dyn Fn(&Self, Id) -> Option<NodeId>; 2] = [&best, &born];
        for (filling, simple) in fillings.into_iter().zip([true, false]) {
            let [left, right] = [0, 1].map(|side| self.filled(&sides[side], filling));
            if let (Some(left), Some(right)) = (left, right) {
                self.equate(left, right, reason, simple);
            }
        }
    }

    fn filled(
        &mut self,
        pattern: &Pattern,
        filling: &dyn Fn(&Self, Id) -> Option<NodeId>,
    ) -> Option<NodeId> {
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

    fn account(
        &mut self,
        proofs: &[Proofs],
        literal: NodeId,
        root: Id,
        result: NodeId,
    ) -> Option<Account> {
        let chosen = *self.best.get(&self.egraph().find(root))?;
        let told = |proofs| steps::steps(&mut self.written, proofs, literal, chosen);
        let steps = proofs.iter().filter_map(told).min_by_key(Vec::len)?;
        let mut steps: Vec<Step> = steps
            .into_iter()
            .map(|step| Step {
                reason: self.reasons[step.reason],
                backwards: step.backwards,
                before: step.before,
                after: step.after,
                from: step.from,
                to: step.to,
            })
            .collect();
        if chosen != result {
            steps.push(Step {
                reason: Reason::NORMAL_FORM,
                backwards: false,
                before: chosen,
                after: result,
                from: chosen,
                to: result,
            });
        }
        Some(Account {
            literal,
            steps,
            result,
        })
    }
}
