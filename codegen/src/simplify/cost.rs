//! What an e-node costs: integers, so that sums do not depend on their order.
//!
//! *Kernel*: numerical hazard first, then work per element times the elements it is done for. An
//! `exp` over `[N, C]` costs C times one over `[N]`, which is the only way in which "leave the sum"
//! and "reuse a row's statistic" can win. Extents are nominal and fixed, so that code never depends
//! on data.
//!
//! *Formula*: how much there is to read, and the notation that the field uses.

use super::analysis::{Egraph, free_of};
use super::hazard::hazard;
use super::language::{ENode, Op};
use super::monomial::readings;
use crate::ir::{AxisSet, BinaryOp, Reducer, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;
use egg::{Id, Language};

const BATCH: u64 = 64;
const OTHER: u64 = 512;

/// The cost of an e-node without its children, ordered by hazard first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(crate) struct Price {
    /// How badly the form may go wrong in floats.
    pub(crate) hazard: u32,
    /// At least 1.
    pub(crate) work: u64,
}

impl Price {
    pub(crate) fn plus(self, other: Price) -> Price {
        Price {
            hazard: self.hazard.saturating_add(other.hazard),
            work: self.work.saturating_add(other.work),
        }
    }

    /// What is left of a sum that `other` is part of.
    pub(crate) fn minus(self, other: Price) -> Price {
        Price {
            hazard: self.hazard.saturating_sub(other.hazard),
            work: self.work.saturating_sub(other.work),
        }
    }
}

/// What is to be chosen for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// Stable and fast; the axes of the batch.
    Kernel(AxisSet),
    /// Readable.
    Formula,
}

/// The prices of the e-nodes of one e-graph.
pub(crate) struct Prices<'e> {
    egraph: &'e Egraph,
    aim: Aim,
    /// How many matrix products have to be finished one after the other for a class, by id.
    levels: Vec<u8>,
}

impl<'e> Prices<'e> {
    pub(crate) fn new(egraph: &'e Egraph, aim: Aim) -> Self {
        let levels = match aim {
            Aim::Kernel(_) => levels(egraph),
            Aim::Formula => vec![],
        };
        Prices {
            egraph,
            aim,
            levels,
        }
    }

    /// The price of an e-node.
    pub(crate) fn of(&self, node: &ENode) -> Price {
        match self.aim {
            Aim::Kernel(batch) => Price {
                hazard: hazard(self.egraph, node),
                work: work(self.egraph, batch, node)
                    .saturating_add(self.waiting(batch, node))
                    .max(1),
            },
            Aim::Formula => Price {
                hazard: 0,
                work: symbols(self.egraph, node).max(1),
            },
        }
    }

    /// A row's sum over what a later matrix product gives: the product has to be stored whole and read
    /// once more. That of the logits has to be there anyway.
    fn waiting(&self, batch: AxisSet, node: &ENode) -> u64 {
        let Op::Reduce(_, axes) = node.op else {
            return 0;
        };
        let body = node.children[0];
        if !self.holds_late_product(axes, body, 3) {
            return 0;
        }
        elements(batch, self.egraph[body].data.free).saturating_mul(16)
    }

    fn holds_late_product(&self, axes: AxisSet, id: Id, depth: usize) -> bool {
        let id = self.egraph.find(id);
        let class = &self.egraph[id];
        if class.data.free.is_disjoint(axes) || self.levels[usize::from(id)] < 2 {
            return false;
        }
        class.nodes.iter().any(|node| match node.op {
            Op::Reduce(Reducer::Sum, _) => is_matrix_product(self.egraph, node),
            Op::Sum(..) | Op::Product(_) | Op::Select => {
                let mut children = node.children.iter();
                depth > 0 && children.any(|&c| self.holds_late_product(axes, c, depth - 1))
            }
            _ => false,
        })
    }
}

/// Whether an e-node sums products of things none of which has all the axes.
fn is_matrix_product(egraph: &Egraph, node: &ENode) -> bool {
    let Op::Reduce(Reducer::Sum, _) = node.op else {
        return false;
    };
    let body = node.children[0];
    let all = egraph[body].data.free;
    readings(egraph, body).iter().any(|product| {
        let factors = product.factors.iter().map(|f| f.0);
        let mut parts = factors.chain(product.mask.iter().map(|l| l.0));
        product.factors.len() > 1 && parts.all(|part| egraph[part].data.free != all)
    })
}

/// Per class the least number of matrix products on the longest way to a leaf.
fn levels(egraph: &Egraph) -> Vec<u8> {
    const UNKNOWN: u8 = u8::MAX;
    let mut levels = vec![UNKNOWN; egraph.nodes().len()];
    let mut ids: Vec<Id> = egraph.classes().map(|class| class.id).collect();
    ids.sort_unstable();
    loop {
        let mut changed = false;
        for &id in &ids {
            let of_node = |node: &ENode| {
                let below = node
                    .children
                    .iter()
                    .map(|&c| levels[usize::from(egraph.find(c))]);
                let below = below.max().unwrap_or(0);
                below.saturating_add(u8::from(is_matrix_product(egraph, node)))
            };
            let least = egraph[id].nodes.iter().map(of_node).min();
            if let Some(least) = least.filter(|&l| l < levels[usize::from(id)]) {
                levels[usize::from(id)] = least;
                changed = true;
            }
        }
        if !changed {
            return levels;
        }
    }
}

fn elements(batch: AxisSet, axes: AxisSet) -> u64 {
    axes.iter().fold(1, |product: u64, axis| {
        let extent = if batch.contains(axis) { BATCH } else { OTHER };
        product.saturating_mul(extent)
    })
}

fn work(egraph: &Egraph, batch: AxisSet, node: &ENode) -> u64 {
    let own = elements(batch, free_of(egraph, node));
    let under = |i: usize| elements(batch, egraph[node.children[i]].data.free);
    match &node.op {
        Op::Rational(_)
        | Op::Pi
        | Op::NegInfinity
        | Op::Bool(_)
        | Op::Place(..)
        | Op::Scalar(_)
        | Op::Flag(_)
        | Op::Size(_) => 1,
        Op::Load(..) | Op::Position(_) | Op::Number | Op::Not | Op::And | Op::Compare(_) => own,
        Op::Select => own.saturating_mul(2),
        Op::Sum(constant, coefficients) => {
            let adds = coefficients.len() - 1 + usize::from(!constant.is_zero());
            let scales = coefficients.iter().filter(|c| !c.abs().is_one()).count();
            own.saturating_mul((adds + scales) as u64)
        }
        Op::Product(exponents) => {
            // What has few axes is multiplied first.
            let mut factors: Vec<(u64, AxisSet, i32)> = exponents
                .iter()
                .zip(&*node.children)
                .map(|(&e, &id)| {
                    let free = egraph[id].data.free;
                    (elements(batch, free), free, if e < 0 { 3 - e } else { e })
                })
                .collect();
            factors.sort_unstable();
            let mut free = AxisSet::EMPTY;
            let mut total: u64 = 0;
            for (i, (_, axes, times)) in factors.into_iter().enumerate() {
                free = free.union(axes);
                let times = u64::from(times.unsigned_abs()) - u64::from(i == 0);
                total = total.saturating_add(elements(batch, free).saturating_mul(times));
            }
            total
        }
        Op::Unary(op) => own.saturating_mul(unary_work(*op)),
        Op::Binary(op) => own.saturating_mul(match op {
            BinaryOp::Pow => 28,
            BinaryOp::Min | BinaryOp::Max => 1,
            BinaryOp::Xlogy => 14,
        }),
        Op::Reduce(reducer, _) => {
            let each = match reducer {
                Reducer::Sum | Reducer::Max => 1,
                Reducer::Norm => 2,
                Reducer::Lse => 14,
            };
            under(0).saturating_mul(each)
        }
        Op::Softmax { form, .. } => own.saturating_mul(match form {
            SoftmaxForm::Log => 3,
            SoftmaxForm::Prob | SoftmaxForm::Complement => 14,
            SoftmaxForm::LogComplement | SoftmaxForm::LogOverComplement => 20,
        }),
        Op::Unit(_) => own.saturating_mul(2),
        Op::Angle(_) => under(0)
            .max(under(1))
            .saturating_mul(2)
            .saturating_add(30 * own),
    }
}

fn unary_work(op: UnaryOp) -> u64 {
    match op {
        UnaryOp::Abs | UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round => 1,
        UnaryOp::Sqrt | UnaryOp::RecipOrZero => 5,
        UnaryOp::Exp | UnaryOp::Ln => 12,
        UnaryOp::Log1p | UnaryOp::Expm1 | UnaryOp::Tanh | UnaryOp::Sigmoid => 14,
        UnaryOp::Sin | UnaryOp::Cos => 16,
        UnaryOp::Softplus | UnaryOp::Log1mExp | UnaryOp::Tan | UnaryOp::Erf => 22,
        UnaryOp::Sinh | UnaryOp::Cosh | UnaryOp::Atan | UnaryOp::Asin | UnaryOp::Acos => 26,
        UnaryOp::SoftplusOverSigmoid | UnaryOp::LnCosh => 34,
    }
}

/// Whether one of two classes is known as a multiple of the other, which is more than a symbol.
fn is_multiple(egraph: &Egraph, a: Id, b: Id) -> bool {
    let of = |multiple: Id, base: Id| {
        let sums = egraph[multiple].nodes.iter().filter_map(ENode::as_sum);
        sums.into_iter().any(|(constant, terms)| {
            matches!(terms.as_slice(), &[(id, _)] if egraph.find(id) == egraph.find(base))
                && constant.is_zero()
                && !egraph[base].nodes.iter().any(ENode::is_leaf)
        })
    };
    of(a, b) || of(b, a)
}

/// How much there is to read.
fn symbols(egraph: &Egraph, node: &ENode) -> u64 {
    match &node.op {
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
        | Op::Load(..) => 1,
        Op::Sum(constant, coefficients) => {
            let scales = coefficients.iter().filter(|c| !c.abs().is_one()).count();
            let signs = coefficients.iter().filter(|c| c.is_negative()).count();
            let minus = usize::from(signs == coefficients.len() && !constant.is_positive());
            let adds = coefficients.len() - 1 + usize::from(!constant.is_zero());
            (2 * adds + 2 * scales + minus) as u64
        }
        Op::Product(exponents) => {
            let powers = exponents.iter().filter(|e| **e != 1).count();
            (2 * (exponents.len() - 1) + 2 * powers) as u64
        }
        Op::Unary(op) => match op {
            UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Exp | UnaryOp::Ln | UnaryOp::Sigmoid => 3,
            UnaryOp::SoftplusOverSigmoid | UnaryOp::Log1mExp | UnaryOp::RecipOrZero => 6,
            _ => 4,
        },
        Op::Binary(_) => 4,
        Op::Compare(_) | Op::Not | Op::And => 3,
        Op::Select => {
            // An indicator is a symbol, and what is masked has it for a factor.
            let is = |i: usize, value| egraph[node.children[i]].data.constant == Some(value);
            if is(1, Rational::ONE) && is(2, Rational::ZERO) {
                3
            } else if is(1, Rational::ZERO) || is(2, Rational::ZERO) {
                6
            } else if is_multiple(egraph, node.children[1], node.children[2]) {
                // It will be written as a product with a choice of numbers.
                11
            } else {
                8
            }
        }
        Op::Reduce(..) => 4,
        Op::Softmax { form, .. } => match form {
            SoftmaxForm::Prob | SoftmaxForm::Log => 4,
            SoftmaxForm::Complement | SoftmaxForm::LogComplement => 7,
            SoftmaxForm::LogOverComplement => 10,
        },
        Op::Unit(_) | Op::Angle(_) => 4,
    }
}
