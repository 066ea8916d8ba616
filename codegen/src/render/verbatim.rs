//! Expressions word for word: one notation for each node, nothing tidied.
//!
//! A derivation is written as a person would write it: factors in front, signs turned, `1 − p` for a complement that is
//! computed without a difference. Whoever explains how one expression became another must not do the
//! next step while writing down the last one. Here primitives have their names, sums and products stay as they
//! are, and a part may be given a name.

use std::collections::BTreeMap;

use super::formula::{Fence, Formula, Scope, Sign};
use super::share::{Spelled, prob, whole};
use super::symbol::{Symbol, SymbolRole};
use super::term::{ordered, rank, sign_of};
use super::translate::Translator;
use crate::ir::{
    AxisSet, BinaryOp, Graph, Kind, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

/// The formula of a node, with symbols for the parts that have one.
pub fn verbatim(graph: &Graph, node: NodeId, names: &BTreeMap<NodeId, Symbol>) -> Formula {
    let mut translator = Translator::new(graph);
    translator.spelled = Spelled::hats_only(graph, &[node]);
    let mut verbatim = Verbatim { translator, names };
    verbatim.expanded(node)
}

struct Verbatim<'a> {
    /// For leaves, conditions and positions, about which there is nothing to tidy.
    translator: Translator,
    names: &'a BTreeMap<NodeId, Symbol>,
}

impl Verbatim<'_> {
    fn formula(&mut self, id: NodeId) -> Formula {
        match self.names.get(&id) {
            Some(symbol) => Formula::Symbol(symbol.clone()),
            None => self.expanded(id),
        }
    }

    fn expanded(&mut self, id: NodeId) -> Formula {
        match self.translator.graph.kind(id) {
            Kind::Real => self.real(id),
            Kind::Bool => self.translator.condition(id),
            Kind::Index(_) | Kind::Identity => self.translator.place(id),
        }
    }

    fn real(&mut self, id: NodeId) -> Formula {
        match self.translator.graph.node(id).clone() {
            Node::Rational(value) => signed(value.is_negative(), Formula::Number(value.abs())),
            Node::Sum(constant, terms) => self.sum(constant, &terms),
            Node::Product(factors) => self.product(&factors),
            Node::Unary(op, a) => self.unary(op, a),
            Node::Binary(op, a, b) => self.binary(op, a, b),
            Node::Select(condition, a, b) => self.select(condition, a, b),
            Node::Reduce(reducer, axes, body) => self.reduce(reducer, axes, body),
            Node::Softmax(s) => self.softmax(&s),
            Node::Unit { axes, value, body } if value == body => self.unit(id, axes, body),
            Node::Unit { axes, value, body } => {
                let norm = self.reduce(Reducer::Norm, axes, body);
                Formula::Fraction(Box::new(self.formula(value)), Box::new(norm))
            }
            Node::Angle { axes, a, b } => {
                let arguments = vec![self.formula(a), self.formula(b)];
                self.over("angle", axes, arguments)
            }
            Node::Detach(a) => Formula::function("detach", self.formula(a)),
            Node::Number(_)
            | Node::NegInfinity
            | Node::Pi
            | Node::Size(_)
            | Node::Scalar(_)
            | Node::Load(..) => self.translator.formula(id),
            Node::Bool(_)
            | Node::Place(..)
            | Node::Flag(_)
            | Node::Position(_)
            | Node::Compare(..)
            | Node::Not(_)
            | Node::And(..) => unreachable!("not a real node"),
        }
    }

    fn sum(&mut self, constant: Rational, terms: &[(NodeId, Rational)]) -> Formula {
        let mut parts = vec![];
        for &(id, coefficient) in terms {
            let part = self.formula(id);
            parts.push((sign_of(coefficient), scaled(coefficient.abs(), part)));
        }
        if !constant.is_zero() || parts.is_empty() {
            parts.push((sign_of(constant), Formula::Number(constant.abs())));
        }
        match parts.len() {
            1 => {
                let (sign, part) = parts.remove(0);
                signed(sign == Sign::Minus, part)
            }
            _ => Formula::Sum(ordered(parts)),
        }
    }

    fn product(&mut self, factors: &[(NodeId, i32)]) -> Formula {
        let (mut above, mut below) = (vec![], vec![]);
        for &(id, exponent) in factors {
            let factor = power(self.formula(id), exponent.unsigned_abs());
            if exponent > 0 {
                above.push(factor);
            } else {
                below.push(factor);
            }
        }
        let above = product_of(above);
        if below.is_empty() {
            return above;
        }
        Formula::Fraction(Box::new(above), Box::new(product_of(below)))
    }

    fn unary(&mut self, op: UnaryOp, a: NodeId) -> Formula {
        let inside = self.formula(a);
        match op {
            UnaryOp::RecipOrZero => Formula::Fraction(Box::new(Formula::one()), Box::new(inside)),
            UnaryOp::Sqrt => Formula::Root(Box::new(inside)),
            UnaryOp::Abs => Formula::Fenced(Fence::Bar, None, Box::new(inside)),
            UnaryOp::Floor => Formula::Fenced(Fence::Floor, None, Box::new(inside)),
            UnaryOp::Ceil => Formula::Fenced(Fence::Ceil, None, Box::new(inside)),
            // No function of the language: what it is.
            UnaryOp::SoftplusOverSigmoid => {
                let above = Formula::function("softplus", inside.clone());
                let below = Formula::function("sigmoid", inside);
                Formula::Fraction(Box::new(above), Box::new(below))
            }
            op => Formula::function(op.name(), inside),
        }
    }

    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Formula {
        let (a, b) = (self.formula(a), self.formula(b));
        match op {
            BinaryOp::Pow => Formula::Power(Box::new(a), Box::new(b)),
            BinaryOp::Min | BinaryOp::Max | BinaryOp::Xlogy => Formula::Apply {
                function: op.name(),
                scope: None,
                arguments: vec![a, b],
            },
        }
    }

    fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Formula {
        let holds = self.translator.condition(condition);
        let graph = &self.translator.graph;
        let is_one = graph.as_rational(a).is_some_and(|value| value.is_one());
        if is_one && graph.is_zero(b) {
            return Formula::Indicator(Box::new(holds));
        }
        let arm = (self.formula(a), holds);
        Formula::Cases(vec![arm], Box::new(self.formula(b)))
    }

    fn reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> Formula {
        let inside = self.formula(body);
        match reducer {
            Reducer::Sum => Formula::Total(self.scope(axes), Box::new(inside)),
            Reducer::Norm => {
                let scope = Some(self.scope(axes));
                Formula::Fenced(Fence::DoubleBar, scope, Box::new(inside))
            }
            Reducer::Max | Reducer::Lse => self.over(reducer.name(), axes, vec![inside]),
        }
    }

    /// The share at one position is an element of the whole.
    fn softmax(&mut self, s: &Softmax) -> Formula {
        let whole = whole(&mut self.translator.graph, s);
        let share = prob(&mut self.translator.graph, s);
        let log = s.form == SoftmaxForm::Log;
        let function = if log { "log_softmax" } else { "softmax" };
        let body = match self.names.get(&whole) {
            Some(symbol) if !log => Formula::Symbol(symbol.clone()),
            _ => {
                let inside = self.formula(s.body);
                self.over(function, s.axes, vec![inside])
            }
        };
        let share = match self.names.get(&share) {
            Some(symbol) if !log => Formula::Symbol(symbol.clone()),
            _ => self.translator.at_hit(s, body),
        };
        let complement =
            |share: Formula| Formula::Sum(vec![(Sign::Plus, Formula::one()), (Sign::Minus, share)]);
        match s.form {
            SoftmaxForm::Prob | SoftmaxForm::Log => share,
            SoftmaxForm::Complement => complement(share),
            SoftmaxForm::LogComplement => Formula::function("ln", complement(share)),
            SoftmaxForm::LogOverComplement => {
                let above = Formula::function("ln", share.clone());
                Formula::Fraction(Box::new(above), Box::new(complement(share)))
            }
        }
    }

    fn unit(&mut self, id: NodeId, axes: AxisSet, body: NodeId) -> Formula {
        let is_leaf = matches!(self.translator.graph.node(body), Node::Load(..));
        if is_leaf && !self.names.contains_key(&body) {
            return self.translator.formula(id);
        }
        let inside = self.formula(body);
        self.over("unit", axes, vec![inside])
    }

    fn scope(&self, axes: AxisSet) -> Scope {
        self.translator.scope(axes, None)
    }

    fn over(&self, function: &'static str, axes: AxisSet, arguments: Vec<Formula>) -> Formula {
        Formula::Apply {
            function,
            scope: Some(self.scope(axes)),
            arguments,
        }
    }
}

/// The symbol of the n-th part that is given a name.
pub fn part(n: usize) -> Symbol {
    Symbol {
        subscript: Some(n),
        ..Symbol::named("t", SymbolRole::Tensor)
    }
}

fn signed(negative: bool, size: Formula) -> Formula {
    if negative {
        Formula::Negative(Box::new(size))
    } else {
        size
    }
}

fn scaled(size: Rational, part: Formula) -> Formula {
    if size.is_one() {
        part
    } else {
        product_of(vec![Formula::Number(size), part])
    }
}

fn power(base: Formula, exponent: u32) -> Formula {
    match exponent {
        1 => base,
        _ => {
            let exponent = Formula::Number(Rational::from_int(exponent.into()));
            Formula::Power(Box::new(base), Box::new(exponent))
        }
    }
}

/// In the usual order of factors, those of factors among them.
fn product_of(factors: Vec<Formula>) -> Formula {
    let mut flat: Vec<Formula> = vec![];
    for factor in factors {
        match factor {
            Formula::Product(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    flat.sort_by_key(rank);
    match flat.len() {
        0 => Formula::one(),
        1 => flat.remove(0),
        _ => Formula::Product(flat),
    }
}
