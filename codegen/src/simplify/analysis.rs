//! What is known of every e-class: the proofs that rules may rest on.
//!
//! All members of a class are one function of its environment, so what is proven of any member holds
//! for the class, and merging only adds knowledge: free axes by intersection (a class that holds
//! something without C does not depend on C), intervals by intersection, the rest by "or". A
//! condition on a rule reads these facts and nothing else: "not known to be zero" is no proof.
//!
//! Two different constants in one class, or an empty interval, say that some rule was wrong. That is
//! recorded, never a panic: the caller then keeps the input (see [`simplify`](super::simplify())).

use std::cell::RefCell;
#[cfg(test)]
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::rc::Rc;

use egg::{Analysis, DidMerge, EGraph, Id};

use super::language::{ENode, Op};
use super::monomial::Monomial;
#[cfg(test)]
use super::proof::Property;
use crate::ir::{
    AxisId, AxisSet, BinaryOp, DimId, Param, Range, Reducer, Role, SoftmaxForm, UnaryOp, interval,
};
use crate::support::rational::Rational;

/// The e-graph of one definition.
pub(crate) type Egraph = EGraph<ENode, Facts>;

/// What is known of a class.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The axes that the class can depend on.
    pub(crate) free: AxisSet,
    /// The exact value, if it is a constant.
    pub(crate) constant: Option<Rational>,
    /// An interval that contains every value.
    pub(crate) range: Range,
    /// Whether every value is an integer.
    pub(crate) integer: bool,
    /// Whether the value is finite for all finite inputs.
    pub(crate) tame: bool,
}

/// A one-hot under which a pointwise softmax is known at its single hit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// The softmax, a function of the axis.
    pub(crate) softmax: Id,
    /// True at one position of the axis.
    pub(crate) condition: Id,
    /// One minus the softmax at that position.
    pub(crate) complement: Id,
}

/// A logit at one position beside the `lse` of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogHit {
    /// `lse` of the logits over one axis.
    pub(crate) lse: Id,
    /// The logit.
    pub(crate) value: Id,
    /// The logarithm of its share.
    pub(crate) log: Id,
}

/// A test whether an element is the largest (see [`ties`](crate::ir::ties)).
#[derive(Clone, Debug)]
pub(crate) struct TieClass {
    /// The element.
    pub(crate) element: Id,
    /// The maximum.
    pub(crate) largest: Id,
    /// Axes of the maximum, each with the axis that the element has for it.
    pub(crate) renamed: Vec<(AxisId, AxisId)>,
}

/// The definition's side of the e-graph, and its alarm.
#[derive(Clone, Default, Debug)]
pub(crate) struct Facts {
    pub(crate) params: Vec<Param>,
    /// Computed by the IR, which can substitute (the e-graph has no substitution).
    pub(crate) hits: Vec<Hit>,
    /// Likewise.
    pub(crate) log_hits: Vec<LogHit>,
    /// Likewise.
    pub(crate) ties: Vec<TieClass>,
    /// The dimension of every axis, by its id.
    pub(crate) dims: Vec<DimId>,
    /// Set when two members of a class cannot be equal.
    pub(crate) contradiction: bool,
    /// Classes that are new or that something has merged into, with repetitions, since it was emptied.
    pub(crate) touched: Vec<Id>,
    /// Classes as monomials (see [`monomial`](super::monomial)), while the e-graph stays as it is. Only
    /// looked up.
    pub(crate) readings: RefCell<HashMap<Id, Rc<[Monomial]>>>,
    /// The property that tests take as proven of everything.
    #[cfg(test)]
    pub(crate) lifted: Option<Property>,
    /// The properties that rules have asked for.
    #[cfg(test)]
    pub(crate) asked: RefCell<BTreeSet<Property>>,
}

impl Analysis<ENode> for Facts {
    type Data = Known;

    fn make(egraph: &mut Egraph, node: &ENode, _: Id) -> Known {
        Known {
            free: free(egraph, node),
            constant: constant(egraph, node),
            range: range(egraph, node).coarse(),
            integer: integer(egraph, node),
            tame: tame(egraph, node),
        }
    }

    fn merge(&mut self, a: &mut Known, b: Known) -> DidMerge {
        let mut changed = DidMerge(false, false);
        let free = a.free.intersection(b.free);
        changed = changed | DidMerge(free != a.free, free != b.free);
        a.free = free;
        match (a.constant, b.constant) {
            (Some(x), Some(y)) => self.contradiction |= x != y,
            (None, Some(_)) => changed = changed | DidMerge(true, false),
            (Some(_), None) => changed = changed | DidMerge(false, true),
            (None, None) => {}
        }
        a.constant = a.constant.or(b.constant);
        let range = a.range.intersection(b.range);
        changed = changed | DidMerge(range != a.range, range != b.range);
        self.contradiction |= range.is_empty();
        a.range = range;
        changed = changed | DidMerge(b.integer && !a.integer, a.integer && !b.integer);
        a.integer |= b.integer;
        changed = changed | DidMerge(b.tame && !a.tame, a.tame && !b.tame);
        a.tame |= b.tame;
        changed
    }

    fn modify(egraph: &mut Egraph, id: Id) {
        egraph.analysis.touched.push(id);
        egraph.analysis.readings.get_mut().clear();
        // A constant is its own best form: everything else in its class is dead weight.
        let Some(value) = egraph[id].data.constant else {
            return;
        };
        let leaf = Op::Rational(value);
        if !egraph[id].nodes.iter().any(|n| n.op == leaf) {
            let leaf = egraph.add(ENode::leaf(leaf.clone()));
            egraph.union(id, leaf);
        }
        egraph[id].nodes.retain(|n| n.op == leaf);
    }
}

fn free(egraph: &Egraph, node: &ENode) -> AxisSet {
    let child = |i: usize| egraph[node.children[i]].data.free;
    match &node.op {
        Op::Position(_) | Op::Load(..) => all_free(egraph, node).union(node.op.axes()),
        Op::Reduce(_, axes) | Op::Angle(axes) => all_free(egraph, node).minus(*axes),
        Op::Softmax { axes, hit, .. } => {
            let bound = if *hit {
                child(0).union(child(2))
            } else {
                child(0)
            };
            child(1).union(bound.minus(*axes))
        }
        Op::Unit(axes) => child(0).union(child(1).minus(*axes)),
        Op::Rational(_)
        | Op::Pi
        | Op::NegInfinity
        | Op::Bool(_)
        | Op::Place(..)
        | Op::Scalar(_)
        | Op::Flag(_)
        | Op::Size(_)
        | Op::Number
        | Op::Sum(..)
        | Op::Product(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Not
        | Op::And
        | Op::Select => all_free(egraph, node),
    }
}

/// The axes that an e-node depends on, by what is known of its children.
pub(crate) fn free_of(egraph: &Egraph, node: &ENode) -> AxisSet {
    free(egraph, node)
}

fn all_free(egraph: &Egraph, node: &ENode) -> AxisSet {
    node.children
        .iter()
        .fold(AxisSet::EMPTY, |set, &id| set.union(egraph[id].data.free))
}

fn constant(egraph: &Egraph, node: &ENode) -> Option<Rational> {
    let child = |id: &Id| egraph[*id].data.constant;
    match &node.op {
        Op::Rational(value) => Some(*value),
        Op::Sum(constant, coefficients) => {
            let terms = node.children.iter().zip(coefficients);
            terms.into_iter().try_fold(*constant, |sum, (id, c)| {
                sum.checked_add(child(id)?.checked_mul(*c)?)
            })
        }
        Op::Product(exponents) => {
            let factors = node.children.iter().zip(exponents);
            factors
                .into_iter()
                .try_fold(Rational::ONE, |product, (id, e)| {
                    product.checked_mul(child(id)?.checked_pow(*e)?)
                })
        }
        _ => None,
    }
}

/// An interval of an e-node from those of its children's classes; see [`interval`]. A class may hold a function of
/// itself, `x = f(x)`, and f may narrow the interval of x a little each time: the ends that are kept are
/// [coarse](Range::coarse).
fn range(egraph: &Egraph, node: &ENode) -> Range {
    let child = |i: usize| egraph[node.children[i]].data.range;
    match &node.op {
        Op::Rational(value) => Range::of(*value),
        Op::Pi => Range::pi(),
        Op::NegInfinity => Range::closed(f64::NEG_INFINITY, f64::NEG_INFINITY),
        Op::Size(_) => Range::SIZE,
        Op::Number => Range::NONNEGATIVE,
        Op::Scalar(id) | Op::Load(id, _) => {
            let param = &egraph.analysis.params[usize::from(id.0)];
            match param.role {
                Role::Tensor { .. } | Role::Scalar { .. } => param.range,
                Role::Label(_)
                | Role::Identity
                | Role::Mask
                | Role::Flag(_)
                | Role::Static(_)
                | Role::Cotangent => Range::REAL,
            }
        }
        Op::Sum(c, coefficients) => {
            let terms = coefficients.iter().enumerate();
            terms.fold(Range::of(*c), |total, (i, coefficient)| {
                total.plus(child(i).scaled(*coefficient))
            })
        }
        Op::Product(exponents) => {
            let powers = exponents.iter().enumerate();
            let powers = powers.map(|(i, &e)| child(i).to_power(e));
            powers.reduce(Range::times).unwrap_or(Range::EXTENDED)
        }
        Op::Unary(op) => interval::unary(*op, child(0)),
        Op::Binary(op) => interval::binary(*op, child(0), child(1)),
        Op::Select => child(1).hull(child(2)),
        Op::Reduce(reducer, _) => interval::reduce(*reducer, child(0)),
        Op::Softmax { form, .. } => interval::softmax(*form),
        Op::Unit(_) => Range::closed(-1.0, 1.0),
        Op::Angle(_) => Range::closed(0.0, Range::pi().hi),
        Op::Bool(_)
        | Op::Place(..)
        | Op::Flag(_)
        | Op::Position(_)
        | Op::Compare(_)
        | Op::Not
        | Op::And => Range::EXTENDED,
    }
}

fn integer(egraph: &Egraph, node: &ENode) -> bool {
    let child = |id: &Id| egraph[*id].data.integer;
    match &node.op {
        Op::Rational(value) => value.is_integer(),
        Op::Size(_) | Op::Number => true,
        Op::Sum(constant, coefficients) => {
            constant.is_integer()
                && coefficients.iter().all(|c| c.is_integer())
                && node.children.iter().all(child)
        }
        Op::Product(exponents) => {
            exponents.iter().all(|&e| e > 0) && node.children.iter().all(child)
        }
        Op::Unary(op) => match op {
            UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Sign => true,
            UnaryOp::Abs => child(&node.children[0]),
            _ => false,
        },
        Op::Select => child(&node.children[1]) && child(&node.children[2]),
        Op::Reduce(Reducer::Sum, _) => child(&node.children[0]),
        _ => false,
    }
}

fn tame(egraph: &Egraph, node: &ENode) -> bool {
    let child = |id: &Id| egraph[*id].data.tame;
    match &node.op {
        Op::NegInfinity => false,
        Op::Rational(_)
        | Op::Pi
        | Op::Bool(_)
        | Op::Place(..)
        | Op::Scalar(_)
        | Op::Flag(_)
        | Op::Size(_)
        | Op::Position(_)
        | Op::Number
        | Op::Load(..)
        | Op::Compare(_)
        | Op::Not
        | Op::And => true,
        Op::Sum(..) | Op::Select => node.children.iter().all(child),
        Op::Product(exponents) => {
            exponents.iter().all(|&e| e > 0) && node.children.iter().all(child)
        }
        Op::Unary(op) => match op {
            UnaryOp::Sigmoid | UnaryOp::Tanh | UnaryOp::Erf | UnaryOp::Sign => true,
            UnaryOp::Abs
            | UnaryOp::Softplus
            | UnaryOp::LnCosh
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Atan
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Round => child(&node.children[0]),
            // Overflow, poles, edges of domains.
            UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Log1p
            | UnaryOp::Expm1
            | UnaryOp::Sqrt
            | UnaryOp::SoftplusOverSigmoid
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Log1mExp
            | UnaryOp::RecipOrZero => false,
        },
        Op::Binary(BinaryOp::Min | BinaryOp::Max) => node.children.iter().all(child),
        Op::Binary(BinaryOp::Pow | BinaryOp::Xlogy) => false,
        Op::Reduce(Reducer::Sum | Reducer::Norm, _) => child(&node.children[0]),
        Op::Reduce(Reducer::Max | Reducer::Lse, _) => false,
        Op::Softmax { form, .. } => matches!(form, SoftmaxForm::Prob | SoftmaxForm::Complement),
        Op::Unit(_) | Op::Angle(_) => true,
    }
}
