//! The rules: identities of real functions over named axes, as tables.
//!
//! A rule looks at one e-node and returns terms that equal its class. It is *sound* if both sides
//! are equal wherever the left one is defined (Herbie's definition: the right may be defined in more
//! places, which is how a removable singularity is removed). Conditions are proofs from what is
//! known of the classes (`analysis::Known`).
//!
//! Laws for whoever adds one:
//! * it can fire on what the constructors of the IR leave (they have applied all that is local);
//! * a term that moves across a binder must lack the axes that are bound there;
//! * the right side is smaller, or is made of classes that exist, or happens once per node: nothing
//!   generates terms from nothing;
//! * `tests.rs` has a sample on which it fires: both sides are evaluated at random and at special points.

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

use egg::Id;

use super::analysis::Egraph;
use super::language::{ENode, Op};
use super::term::Term;
use crate::ir::{Reducer, SoftmaxForm, UnaryOp};

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
    /// What must be proven, and where the two sides are equal; empty: everywhere.
    pub condition: &'static str,
    /// Why it is wanted.
    pub why: &'static str,
    pub(crate) at: At,
    /// Pushes terms that are equal to the class of the node.
    pub(crate) apply: fn(&Egraph, Id, &ENode, &mut Vec<Term>),
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
