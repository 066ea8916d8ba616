//! Sums and products in normal form.
//!
//! `a + b + 2a` is one node `3a + b`, whatever the order and nesting it was written in;
//! so the e-graph needs no associativity, which is what makes e-graphs explode. Rational
//! coefficients live in sums only, integer exponents in products only.

use std::collections::BTreeMap;

use crate::ir::{Graph, Node, NodeId, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// `constant + Σ coefficient · term`.
    pub fn sum(&mut self, constant: Rational, terms: &[(NodeId, Rational)]) -> NodeId {
        let mut collected = Collected {
            constant,
            terms: BTreeMap::new(),
        };
        let mut overflow = false;
        for &(id, coefficient) in terms {
            if matches!(self.node(id), Node::NegInfinity) && !coefficient.is_zero() {
                return id;
            }
            overflow |= collected.add(self, id, coefficient).is_none();
        }
        if overflow {
            self.set_overflowed();
        }
        collected
            .terms
            .retain(|_, coefficient| !coefficient.is_zero());
        let constant = collected.constant;
        let terms: Vec<_> = collected.terms.into_iter().collect();
        match terms.as_slice() {
            [] => self.rational(constant),
            [(id, coefficient)] if constant.is_zero() && coefficient.is_one() => *id,
            _ => self
                .recognise_sum(constant, &terms)
                .unwrap_or_else(|| self.intern(Node::Sum(constant, terms))),
        }
    }

    /// `a + b`.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.sum(Rational::ZERO, &[(a, Rational::ONE), (b, Rational::ONE)])
    }

    /// `a − b`.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.sum(
            Rational::ZERO,
            &[(a, Rational::ONE), (b, Rational::from_int(-1))],
        )
    }

    /// `coefficient · a`.
    pub fn scale(&mut self, a: NodeId, coefficient: Rational) -> NodeId {
        self.sum(Rational::ZERO, &[(a, coefficient)])
    }

    /// `−a`.
    pub fn neg(&mut self, a: NodeId) -> NodeId {
        self.scale(a, Rational::from_int(-1))
    }

    /// The terms and the constant of a node read as a sum.
    pub fn as_sum(&self, id: NodeId) -> (Rational, Vec<(NodeId, Rational)>) {
        match self.node(id) {
            Node::Sum(constant, terms) => (*constant, terms.clone()),
            Node::Rational(value) => (*value, vec![]),
            _ => (Rational::ZERO, vec![(id, Rational::ONE)]),
        }
    }

    /// The coefficient and the rest of a node: `(c, x)` with `c · x` equal to the node and x not scaled.
    pub fn split_coefficient(&self, id: NodeId) -> (Rational, NodeId) {
        match self.node(id) {
            Node::Sum(constant, terms) if constant.is_zero() && terms.len() == 1 => {
                (terms[0].1, terms[0].0)
            }
            _ => (Rational::ONE, id),
        }
    }

    /// `Π factor^exponent`.
    pub fn product(&mut self, factors: &[(NodeId, i32)]) -> NodeId {
        let mut coefficient = Rational::ONE;
        let mut powers: BTreeMap<NodeId, i32> = BTreeMap::new();
        let mut overflow = false;
        for &(id, exponent) in factors {
            overflow |= collect_factor(self, id, exponent, &mut coefficient, &mut powers).is_none();
        }
        if overflow {
            self.set_overflowed();
        }
        powers.retain(|_, exponent| *exponent != 0);
        if coefficient.is_zero() {
            return self.zero();
        }
        let mut powers: Vec<_> = powers.into_iter().collect();
        self.merge_exponentials(&mut powers);
        let product = self.product_of(powers);
        self.scale(product, coefficient)
    }

    fn product_of(&mut self, powers: Vec<(NodeId, i32)>) -> NodeId {
        match powers.as_slice() {
            [] => self.one(),
            [(id, 1)] => *id,
            _ => self
                .recognise_product(&powers)
                .unwrap_or_else(|| self.intern(Node::Product(powers))),
        }
    }

    /// `a · b`.
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.product(&[(a, 1), (b, 1)])
    }

    /// `a / b`.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.product(&[(a, 1), (b, -1)])
    }

    /// `a^exponent`.
    pub fn powi(&mut self, a: NodeId, exponent: i32) -> NodeId {
        self.product(&[(a, exponent)])
    }

    /// The factors of a node read as an unscaled product.
    pub fn as_product(&self, id: NodeId) -> Vec<(NodeId, i32)> {
        match self.node(id) {
            Node::Product(factors) => factors.clone(),
            _ => vec![(id, 1)],
        }
    }

    /// `e^a · e^b → e^(a+b)`, `(e^a)^n → e^(na)`: cannot overflow where the result does not.
    fn merge_exponentials(&mut self, powers: &mut Vec<(NodeId, i32)>) {
        if self.is_literal() {
            return;
        }
        let exponentials: Vec<_> = powers
            .iter()
            .filter_map(|&(id, exponent)| match self.node(id) {
                Node::Unary(UnaryOp::Exp, a) => Some((*a, Rational::from_int(exponent.into()))),
                _ => None,
            })
            .collect();
        let trivial = exponentials.len() == 1 && exponentials[0].1.is_one();
        if exponentials.is_empty() || trivial || self.is_softmax_quotient(powers) {
            return;
        }
        powers.retain(|&(id, _)| !matches!(self.node(id), Node::Unary(UnaryOp::Exp, _)));
        let exponent = self.sum(Rational::ZERO, &exponentials);
        let merged = self.unary(UnaryOp::Exp, exponent);
        if self.as_rational(merged).is_none() {
            powers.push((merged, 1));
            powers.sort_unstable();
        }
    }
}

struct Collected {
    constant: Rational,
    terms: BTreeMap<NodeId, Rational>,
}

impl Collected {
    /// `None` if an exact constant overflowed.
    fn add(&mut self, graph: &Graph, id: NodeId, coefficient: Rational) -> Option<()> {
        match graph.node(id) {
            Node::Rational(value) => {
                self.constant = self.constant.checked_add(value.checked_mul(coefficient)?)?;
            }
            Node::Sum(constant, terms) => {
                self.constant = self
                    .constant
                    .checked_add(constant.checked_mul(coefficient)?)?;
                for &(term, inner) in terms {
                    self.add(graph, term, inner.checked_mul(coefficient)?)?;
                }
            }
            _ => {
                let sum = self.terms.entry(id).or_insert(Rational::ZERO);
                *sum = sum.checked_add(coefficient)?;
            }
        }
        Some(())
    }
}

fn collect_factor(
    graph: &Graph,
    id: NodeId,
    exponent: i32,
    coefficient: &mut Rational,
    powers: &mut BTreeMap<NodeId, i32>,
) -> Option<()> {
    let (scale, rest) = graph.split_coefficient(id);
    *coefficient = coefficient.checked_mul(scale.checked_pow(exponent)?)?;
    match graph.node(rest) {
        Node::Rational(value) if value.is_zero() && exponent < 0 => {
            // 1/0 stays as it is written: not a number that exact arithmetic has.
            *powers.entry(rest).or_insert(0) += exponent;
        }
        Node::Rational(value) => {
            *coefficient = coefficient.checked_mul(value.checked_pow(exponent)?)?;
        }
        Node::Product(factors) => {
            for &(factor, inner) in factors {
                let exponent = inner.checked_mul(exponent)?;
                collect_factor(graph, factor, exponent, coefficient, powers)?;
            }
        }
        Node::Unary(UnaryOp::Sqrt, a) if exponent % 2 == 0 => {
            collect_factor(graph, *a, exponent / 2, coefficient, powers)?;
        }
        Node::Unary(UnaryOp::Abs, a) if exponent % 2 == 0 => {
            collect_factor(graph, *a, exponent, coefficient, powers)?;
        }
        _ => *powers.entry(rest).or_insert(0) += exponent,
    }
    Some(())
}
