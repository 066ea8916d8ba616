//! Explanations: from the literal derivative to the extracted formula, step by step.
//!
//! Saturation says that two forms are equal, not why. Here it is run again before a witness who keeps every
//! application of a rule; each becomes an equation between two written expressions: what the rule
//! looked at (`sight`) and what it said. From the equations the cheapest proof is found that the literal form
//! of a root equals the extracted one (`proof`), and told as a list of replacements (`steps`).
//!
//! The witness changes nothing: the explained form is the one that [`simplify`](super::simplify()) gives. It costs
//! time, so expansion does without.

mod proof;
mod sight;
mod steps;
mod teller;
mod written;

use super::convert;
use super::cost::Aim;
use super::extract;
use super::rules::{self, Rule};
use super::saturate::saturate_before;
use crate::ir::{Gradient, Graph, NodeId};
use proof::Proofs;
use sight::Record;
use teller::Teller;

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

    /// Not seen in any loss: saturation knows what cannot be told.
    const UNTOLD: Reason = Reason {
        name: "untold",
        lhs: "an expression",
        rhs: "one that saturation has found to be equal",
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

impl Step {
    /// The whole of a root is replaced.
    fn whole(reason: Reason, before: NodeId, after: NodeId) -> Step {
        Step {
            reason,
            backwards: false,
            before,
            after,
            from: before,
            to: after,
        }
    }
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

/// Explains a form. `None` if simplification gives up because rules contradict each other: then the literal form
/// is the result.
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
    if !super::is_scoped(gradient, &graph, &results) {
        return None;
    }
    let mut teller = Teller::new(&converted, graph);
    let literal = teller.write_definition(source, &roots);
    teller.write_births();
    teller.write_best(aim, &chosen);
    teller.write_members();
    teller.write_conversions();
    teller.write_applications(&rules, &mut record);
    let proofs = PATIENCE.map(|p| Proofs::new(&teller.written, &teller.equations, p));
    let accounts = literal.into_iter().zip(&converted.roots).zip(results);
    let accounts =
        accounts.map(|((literal, root), result)| teller.account(&proofs, literal, *root, result));
    let accounts = accounts.collect::<Option<Vec<Account>>>()?;
    Some(Explanation {
        graph: teller.written.graph,
        accounts,
    })
}
