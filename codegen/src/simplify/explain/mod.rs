//! Explanations: from the literal derivative to the extracted formula, step by step.
//!
//! Saturation says that two forms are equal, not why. Here it is run again before a witness who keeps every
//! application of a rule; each becomes an equation between two written expressions: what the rule
//! looked at (`sight`) and what it said. From the equations the cheapest proof is found that the literal form
//! of a root equals the extracted one (`proof`), and told as a list of replacements (`steps`).
//!
//! What a round has chosen is simplified once more (see [`simplify`](super::simplify())), so there may be several rounds to tell.
//!
//! The witness changes nothing: the explained form is the one that [`simplify`](super::simplify()) gives. It costs
//! time, so expansion does without.

mod proof;
mod sight;
mod steps;
mod teller;
mod written;

use egg::Id;

use super::cost::Aim;
use super::language::ENode;
use super::rules::{self, Rule};
use super::{Options, Round, convert};
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

/// How the roots of a definition came about in one round of simplification.
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

/// Explains a form, round by round: each round begins with what the one before came to, and the last gives what
/// simplification gives. `None` if simplification gives up because rules contradict each other: then the literal form is the
/// result.
pub fn explain(gradient: &Gradient, form: Form) -> Option<Vec<Explanation>> {
    let rules = rules::all();
    let aim = match form {
        Form::Kernel => Aim::Kernel(convert::batch_axes(gradient)),
        Form::Formula => Aim::Formula,
    };
    let mut told = vec![];
    let mut current = gradient.clone();
    loop {
        let mut record = Record::default();
        let round = Round::new(&current, &rules, Options::default(), Some(&mut record));
        let chosen = round.chosen(aim)?;
        let (graph, results) = round.rebuilt(&current, &chosen)?;
        let next = convert::with_roots(&current, graph.clone(), &results);
        let roots = Roots { graph, results };
        told.push(tell(&current, aim, &round, roots, &chosen, &mut record)?);
        if round.is_last(told.len(), aim, &next) {
            return Some(told);
        }
        current = next;
    }
}

/// What a round came to.
struct Roots {
    graph: Graph,
    results: Vec<NodeId>,
}

/// Explains one round.
fn tell(
    gradient: &Gradient,
    aim: Aim,
    round: &Round,
    roots: Roots,
    chosen: &[(Id, &ENode)],
    record: &mut Record,
) -> Option<Explanation> {
    let converted = &round.converted;
    let mut teller = Teller::new(converted, roots.graph);
    let literal = teller.write_definition(&gradient.loss.graph, &convert::roots(gradient));
    teller.write_births();
    teller.write_best(aim, chosen);
    teller.write_members();
    teller.write_conversions();
    teller.write_applications(&rules::all(), record);
    let proofs = PATIENCE.map(|p| Proofs::new(&teller.written, &teller.equations, p));
    let ends = literal.into_iter().zip(&converted.roots).zip(roots.results);
    let accounts =
        ends.map(|((literal, root), result)| teller.account(&proofs, literal, *root, result));
    let accounts = accounts.collect::<Option<Vec<Account>>>()?;
    Some(Explanation {
        graph: teller.written.graph,
        accounts,
    })
}
