//! What a rule builds: a term over e-classes, added to the e-graph in the normal form.
//!
//! Rules only read the e-graph and return [`Term`]s, so that what a rule finds cannot depend on
//! what another has just added. [`add`] is the e-graph's counterpart of the constructors of the IR:
//! it flattens, collects like terms and folds constants exactly.

use std::collections::BTreeMap;

use egg::Id;

use super::analysis::Egraph;
use super::language::{ENode, Op};
use crate::ir::{AxisSet, Reducer, UnaryOp};
use crate::support::rational::Rational;

/// A term whose leaves may be e-classes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Term {
    /// Whatever the class holds.
    Class(Id),
    /// An operator that is neither a sum nor a product.
    Node(Op, Vec<Term>),
    /// `constant + Σ coefficient · term`.
    Sum(Rational, Vec<(Term, Rational)>),
    /// `Π factor^exponent`.
    Product(Vec<(Term, i32)>),
}

impl Term {
    pub(crate) fn constant(value: Rational) -> Term {
        Term::Sum(value, vec![])
    }

    pub(crate) fn zero() -> Term {
        Term::constant(Rational::ZERO)
    }

    /// `constant + Σ coefficient · class`.
    pub(crate) fn linear(
        (constant, terms): (Rational, impl IntoIterator<Item = (Id, Rational)>),
    ) -> Term {
        let terms = terms.into_iter().map(|(id, c)| (Term::Class(id), c));
        Term::Sum(constant, terms.collect())
    }

    pub(crate) fn scaled(self, by: Rational) -> Term {
        Term::Sum(Rational::ZERO, vec![(self, by)])
    }

    pub(crate) fn times(self, other: Term) -> Term {
        Term::Product(vec![(self, 1), (other, 1)])
    }

    pub(crate) fn plus(self, other: Term) -> Term {
        Term::Sum(
            Rational::ZERO,
            vec![(self, Rational::ONE), (other, Rational::ONE)],
        )
    }

    pub(crate) fn minus(self, other: Term) -> Term {
        Term::Sum(
            Rational::ZERO,
            vec![(self, Rational::ONE), (other, Rational::MINUS_ONE)],
        )
    }

    pub(crate) fn unary(op: UnaryOp, a: Term) -> Term {
        Term::Node(Op::Unary(op), vec![a])
    }

    pub(crate) fn select(condition: Term, yes: Term, no: Term) -> Term {
        Term::Node(Op::Select, vec![condition, yes, no])
    }

    pub(crate) fn sum_over(axes: AxisSet, body: Term) -> Term {
        Term::Node(Op::Reduce(Reducer::Sum, axes), vec![body])
    }
}

impl From<Id> for Term {
    fn from(id: Id) -> Term {
        Term::Class(id)
    }
}

/// The e-nodes that make up a term, each with the class that it was found in or made.
pub(crate) type Built = Vec<(ENode, Id)>;

/// Adds a term. `None` if exact arithmetic overflowed; nothing is then claimed.
pub(crate) fn add(egraph: &mut Egraph, term: &Term) -> Option<Id> {
    let mut site = Site {
        egraph,
        built: None,
    };
    site.add(term)
}

/// [`add`], with the e-nodes that it came to.
pub(crate) fn add_noting(egraph: &mut Egraph, term: &Term, built: &mut Built) -> Option<Id> {
    let mut site = Site {
        egraph,
        built: Some(built),
    };
    site.add(term)
}

/// Where terms are added.
struct Site<'a> {
    egraph: &'a mut Egraph,
    built: Option<&'a mut Built>,
}

impl Site<'_> {
    fn add(&mut self, term: &Term) -> Option<Id> {
        match term {
            Term::Class(id) => Some(self.egraph.find(*id)),
            Term::Node(op, children) => {
                let children: Option<Vec<Id>> = children.iter().map(|t| self.add(t)).collect();
                Some(self.node(ENode::new(op.clone(), children?)))
            }
            Term::Sum(..) | Term::Product(_) => {
                let mut sum = Collected::default();
                self.add_terms(term, Rational::ONE, &mut sum)?;
                Some(self.shape(sum.shape()))
            }
        }
    }

    fn node(&mut self, node: ENode) -> Id {
        let Some(built) = &mut self.built else {
            return self.egraph.add(node);
        };
        let id = self.egraph.add(node.clone());
        built.push((node, id));
        id
    }

    fn shape(&mut self, shape: Shape) -> Id {
        match shape {
            Shape::Class(id) => id,
            Shape::Node(node) => self.node(node),
        }
    }

    fn add_terms(&mut self, term: &Term, coefficient: Rational, sum: &mut Collected) -> Option<()> {
        match term {
            Term::Sum(constant, terms) => {
                let constant = constant.checked_mul(coefficient)?;
                sum.constant = sum.constant.checked_add(constant)?;
                for (term, inner) in terms {
                    self.add_terms(term, inner.checked_mul(coefficient)?, sum)?;
                }
                Some(())
            }
            Term::Product(_) => {
                let mut product = Factors {
                    coefficient,
                    powers: BTreeMap::new(),
                };
                self.add_factors(term, 1, &mut product)?;
                let coefficient = product.coefficient;
                let id = self.shape(product.shape());
                sum.add(self.egraph, id, coefficient)
            }
            Term::Class(_) | Term::Node(..) => {
                let id = self.add(term)?;
                sum.add(self.egraph, id, coefficient)
            }
        }
    }

    fn add_factors(&mut self, term: &Term, exponent: i32, product: &mut Factors) -> Option<()> {
        match term {
            Term::Product(factors) => {
                for (factor, inner) in factors {
                    self.add_factors(factor, inner.checked_mul(exponent)?, product)?;
                }
                Some(())
            }
            Term::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
                let scale = terms[0].1.checked_pow(exponent)?;
                product.coefficient = product.coefficient.checked_mul(scale)?;
                self.add_factors(&terms[0].0, exponent, product)
            }
            _ => {
                let id = self.add(term)?;
                product.multiply(self.egraph, id, exponent)
            }
        }
    }
}

/// The class of `constant + Σ coefficient · term` if the e-graph has it.
pub(crate) fn find_sum(
    egraph: &Egraph,
    constant: Rational,
    terms: &[(Id, Rational)],
) -> Option<Id> {
    let mut sum = Collected {
        constant,
        ..Collected::default()
    };
    for &(id, coefficient) in terms {
        sum.add(egraph, id, coefficient)?;
    }
    sum.shape().find(egraph)
}

/// The class of `Π factor^exponent` if the e-graph has it.
pub(crate) fn find_product(egraph: &Egraph, factors: &[(Id, i32)]) -> Option<Id> {
    let mut product = Factors::default();
    for &(id, exponent) in factors {
        product.multiply(egraph, id, exponent)?;
    }
    let coefficient = product.coefficient;
    let id = product.shape().find(egraph)?;
    find_sum(egraph, Rational::ZERO, &[(id, coefficient)])
}

enum Shape {
    Class(Id),
    Node(ENode),
}

impl Shape {
    fn find(self, egraph: &Egraph) -> Option<Id> {
        match self {
            Shape::Class(id) => Some(id),
            Shape::Node(node) => egraph.lookup(node),
        }
    }
}

/// A sum in the making: like terms collected, sorted by class.
struct Collected {
    constant: Rational,
    parts: BTreeMap<Id, Rational>,
}

impl Default for Collected {
    fn default() -> Self {
        Collected {
            constant: Rational::ZERO,
            parts: BTreeMap::new(),
        }
    }
}

impl Collected {
    fn add(&mut self, egraph: &Egraph, id: Id, coefficient: Rational) -> Option<()> {
        let id = egraph.find(id);
        if let Some(value) = egraph[id].data.constant {
            self.constant = self.constant.checked_add(value.checked_mul(coefficient)?)?;
            return Some(());
        }
        // A class that is nothing but a sum is taken apart: the constructors of the IR will do so.
        if let [node] = &*egraph[id].nodes
            && let Some((constant, terms)) = node.as_sum()
        {
            let constant = constant.checked_mul(coefficient)?;
            self.constant = self.constant.checked_add(constant)?;
            for (term, scale) in terms {
                self.collect(egraph.find(term), scale.checked_mul(coefficient)?)?;
            }
            return Some(());
        }
        let (scale, term) = unscaled(egraph, id);
        self.collect(term, coefficient.checked_mul(scale)?)
    }

    fn collect(&mut self, term: Id, coefficient: Rational) -> Option<()> {
        let sum = self.parts.entry(term).or_insert(Rational::ZERO);
        *sum = sum.checked_add(coefficient)?;
        Some(())
    }

    fn shape(mut self) -> Shape {
        self.parts.retain(|_, coefficient| !coefficient.is_zero());
        if self.parts.is_empty() {
            return Shape::Node(ENode::leaf(Op::Rational(self.constant)));
        }
        if let Some((&id, coefficient)) = self.parts.first_key_value()
            && self.parts.len() == 1
            && self.constant.is_zero()
            && coefficient.is_one()
        {
            return Shape::Class(id);
        }
        let coefficients: Box<[Rational]> = self.parts.values().copied().collect();
        let children: Box<[Id]> = self.parts.into_keys().collect();
        Shape::Node(ENode::new(Op::Sum(self.constant, coefficients), children))
    }
}

/// A product in the making: powers collected, sorted by class, its scale apart.
struct Factors {
    coefficient: Rational,
    powers: BTreeMap<Id, i32>,
}

impl Default for Factors {
    fn default() -> Self {
        Factors {
            coefficient: Rational::ONE,
            powers: BTreeMap::new(),
        }
    }
}

impl Factors {
    fn multiply(&mut self, egraph: &Egraph, id: Id, exponent: i32) -> Option<()> {
        let id = egraph.find(id);
        if let Some(value) = egraph[id].data.constant
            && !(value.is_zero() && exponent < 0)
        {
            let power = value.checked_pow(exponent)?;
            self.coefficient = self.coefficient.checked_mul(power)?;
            return Some(());
        }
        let (scale, factor) = unscaled(egraph, id);
        let power = scale.checked_pow(exponent)?;
        self.coefficient = self.coefficient.checked_mul(power)?;
        if let [node] = &*egraph[factor].nodes
            && let Some(factors) = node.as_product()
        {
            for (inner, power) in factors {
                self.collect(egraph.find(inner), power.checked_mul(exponent)?)?;
            }
            return Some(());
        }
        self.collect(factor, exponent)
    }

    fn collect(&mut self, factor: Id, exponent: i32) -> Option<()> {
        let total = self.powers.entry(factor).or_insert(0);
        *total = total.checked_add(exponent)?;
        Some(())
    }

    fn shape(mut self) -> Shape {
        self.powers.retain(|_, exponent| *exponent != 0);
        if self.coefficient.is_zero() || self.powers.is_empty() {
            return Shape::Node(ENode::leaf(Op::Rational(Rational::ONE)));
        }
        if let Some((&id, 1)) = self.powers.first_key_value()
            && self.powers.len() == 1
        {
            return Shape::Class(id);
        }
        let exponents: Box<[i32]> = self.powers.values().copied().collect();
        let children: Box<[Id]> = self.powers.into_keys().collect();
        Shape::Node(ENode::new(Op::Product(exponents), children))
    }
}

/// A class as a scaled one: `(c, x)` with `c · x` equal to it.
fn unscaled(egraph: &Egraph, id: Id) -> (Rational, Id) {
    for (constant, terms) in egraph[id].nodes.iter().filter_map(ENode::as_sum) {
        if let &[(term, scale)] = terms.as_slice()
            && constant.is_zero()
            && egraph.find(term) != id
        {
            return (scale, egraph.find(term));
        }
    }
    (Rational::ONE, id)
}
