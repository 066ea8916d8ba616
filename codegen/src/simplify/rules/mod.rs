//! The rules: identities of real functions over named axes, as tables.
//!
//! A rule looks at one e-node and returns terms that equal its class. It is *sound* if both sides
//! are equal wherever the left one is defined (Herbie's definition: the right may be defined in more
//! places, which is how a removable singularity is removed). Its conditions are proven of the classes
//! ([`proof`](super::proof)), or it does not fire.
//!
//! Laws for whoever adds one:
//! * it can fire on what the constructors of the IR leave (they have applied all that is local);
//! * a term that moves across a binder must lack the axes that are bound there;
//! * the right side is smaller, or is made of classes that exist, or happens once per node: nothing
//!   generates terms from nothing;
//! * it fires on a sample of the tests, where both sides are evaluated in arbitrary precision at random and at special
//!   points, and in a loss that ships or in a textbook form that it makes stable;
//! * each of its conditions has a sample on which the rule is wrong without it.

mod angle;
pub(crate) mod exp_log;
mod left;
pub(crate) mod norm;
pub(crate) mod part;
pub(crate) mod reduce;
pub(crate) mod ring;
pub(crate) mod select;
pub(crate) mod stable;
pub(crate) mod trig;

use std::fmt;

use egg::Id;

use super::analysis::Egraph;
use super::language::{ENode, Op};
use super::proof::Condition;
use super::term::Term;
use crate::ir::{Reducer, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

/// What a rule is about: the file that it stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// Sums and products.
    Ring,
    /// Exponentials, logarithms, powers.
    ExpLog,
    /// Reductions over axes.
    Reduce,
    /// Forms without cancellation or overflow.
    Stable,
    /// Angles.
    Trig,
    /// Conditions and selections.
    Select,
    /// Norms and unit vectors.
    Norm,
}

/// The operator of the e-nodes that a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum At {
    Sum,
    Product,
    Unary,
    Compare,
    Select,
    Reduce,
}

/// An identity.
pub struct Rule {
    /// Unique.
    pub name: &'static str,
    /// What it is about.
    pub family: Family,
    /// The left side, in formulas.
    pub lhs: &'static str,
    /// The right side.
    pub rhs: &'static str,
    /// What has to be proven.
    pub conditions: &'static [Condition],
    /// Where the right side is the limit of the left one, which is not defined there or takes the convention for a zero
    /// vector; empty: nowhere.
    pub limit: &'static str,
    /// Why it is wanted.
    pub why: &'static str,
    pub(crate) at: At,
    /// Pushes terms that are equal to the class of the node.
    pub(crate) apply: fn(&Egraph, Id, &ENode, &mut Vec<Term>),
}

impl fmt::Display for Rule {
    /// The rule, its conditions and why it is wanted, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} → {}", self.name, self.lhs, self.rhs)?;
        for condition in self.conditions {
            writeln!(f, "    if {condition}")?;
        }
        if !self.limit.is_empty() {
            writeln!(f, "    in the limit at {}", self.limit)?;
        }
        writeln!(f, "    {}", self.why)
    }
}

/// All rules, in the order in which they are applied.
pub fn all() -> Vec<&'static Rule> {
    [
        ring::RULES,
        select::RULES,
        stable::RULES,
        part::RULES,
        exp_log::RULES,
        trig::RULES,
        norm::RULES,
        reduce::RULES,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The operator of an e-node, if rules look at it.
pub(crate) fn at(op: &Op) -> Option<At> {
    match op {
        Op::Sum(..) => Some(At::Sum),
        Op::Product(_) => Some(At::Product),
        Op::Unary(_) => Some(At::Unary),
        Op::Compare(_) => Some(At::Compare),
        Op::Select => Some(At::Select),
        Op::Reduce(..) => Some(At::Reduce),
        Op::Rational(_)
        | Op::Pi
        | Op::NegInfinity
        | Op::Bool(_)
        | Op::Place(..)
        | Op::Scalar(_)
        | Op::Flag(_)
        | Op::Size(_)
        | Op::Position(_)
        | Op::Number
        | Op::Load(..)
        | Op::Binary(_)
        | Op::Not
        | Op::And
        | Op::Softmax { .. }
        | Op::Unit(_)
        | Op::Angle(_) => None,
    }
}

/// The argument of `op` for a class that is `op` of something.
pub(crate) fn argument(egraph: &Egraph, id: Id, op: UnaryOp) -> Option<Id> {
    let nodes = &egraph[id].nodes;
    let node = nodes.iter().find(|node| node.op == Op::Unary(op))?;
    Some(egraph.find(node.children[0]))
}

/// A constant and the terms beside it.
pub(crate) type Parts = (Rational, Vec<(Id, Rational)>);

/// The sums in a class.
pub(crate) fn sums(egraph: &Egraph, id: Id) -> impl Iterator<Item = Parts> + '_ {
    egraph[id].nodes.iter().filter_map(ENode::as_sum)
}

/// The reductions of one kind in a class, as (axes, body).
pub(crate) fn reductions(
    egraph: &Egraph,
    id: Id,
    reducer: Reducer,
) -> impl Iterator<Item = (crate::ir::AxisSet, Id)> + '_ {
    egraph[id]
        .nodes
        .iter()
        .filter_map(move |node| match node.op {
            Op::Reduce(found, axes) if found == reducer => {
                Some((axes, egraph.find(node.children[0])))
            }
            _ => None,
        })
}

/// A softmax of the given form in a class.
pub(crate) fn softmax(
    egraph: &Egraph,
    id: Id,
    wanted: SoftmaxForm,
    at_hit: bool,
) -> Option<&ENode> {
    egraph[id].nodes.iter().find(
        |node| matches!(node.op, Op::Softmax { form, hit, .. } if form == wanted && hit == at_hit),
    )
}

/// The vector whose unit vector over `axes` a class is, at every position of the axes.
pub(crate) fn unit_of(egraph: &Egraph, id: Id) -> Option<(crate::ir::AxisSet, Id)> {
    egraph[id].nodes.iter().find_map(|node| match node.op {
        Op::Unit(axes) if egraph.find(node.children[0]) == egraph.find(node.children[1]) => {
            Some((axes, egraph.find(node.children[0])))
        }
        _ => None,
    })
}
