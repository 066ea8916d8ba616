//! From the expression graph to formulas.
//!
//! The graph's primitives are spelled as a textbook spells them: a log-softmax at a label is
//! `z[C = y] − lse[C](z)`, its complement `1 − p`, a selection of 0 an indicator, a filtered
//! reduction `Σ[C, C ≠ y](…)`, the unit vector of a one-letter tensor x̂. Every part is a [`Term`], so that signs,
//! fractions and common factors come out of one place. Nodes in `names` are not expanded:
//! they stay [`Formula::Shared`] until a derivation has found symbols for them.

use std::collections::{BTreeMap, BTreeSet};

use super::formula::{Fence, Formula, Index as FormulaIndex};
use super::share::Spelled;
use super::sum::sum;
use super::symbol::{Symbol, SymbolRole};
use super::term::Term;
use crate::ir::{AxisId, Graph, Index, Kind, Node, NodeId, ParamId, Reducer, Role};
use crate::support::rational::Rational;

/// Translates nodes of one graph.
pub(super) struct Translator {
    /// A copy, for forms that are written but not computed.
    pub(super) graph: Graph,
    /// Nodes that are referred to instead of expanded.
    pub(super) names: BTreeSet<NodeId>,
    /// Nodes that are elements of others: `p` at `C = y`.
    pub(super) elements: BTreeMap<NodeId, (NodeId, Vec<(AxisId, Index)>)>,
    /// How nodes are spelled.
    pub(super) spelled: Spelled,
    /// While counting: how often each node is met; what is met again is not expanded.
    pub(super) counts: Option<BTreeMap<NodeId, usize>>,
    /// Whether `detach` is shown; it has no effect on a value, so gradients leave it out.
    pub(super) show_detach: bool,
    /// The node whose definition is being written.
    pub(super) defining: Option<NodeId>,
}

impl Translator {
    pub(super) fn new(graph: &Graph) -> Translator {
        Translator {
            graph: graph.clone(),
            names: BTreeSet::new(),
            elements: BTreeMap::new(),
            spelled: Spelled::default(),
            counts: None,
            show_detach: true,
            defining: None,
        }
    }

    pub(super) fn formula(&mut self, id: NodeId) -> Formula {
        match self.graph.kind(id) {
            Kind::Real => self.term(id).formula(),
            Kind::Bool => self.condition(id),
            Kind::Index(_) | Kind::Identity => self.place(id),
        }
    }

    /// The formula of a named node itself.
    pub(super) fn definition(&mut self, id: NodeId) -> Formula {
        self.defining = Some(id);
        let formula = self.formula(id);
        self.defining = None;
        formula
    }

    /// A real node as a product.
    pub(super) fn term(&mut self, id: NodeId) -> Term {
        if self.defining == Some(id) {
            self.defining = None;
            return self.expanded(id);
        }
        if let Some(met) = self.meet(id) {
            return Term::of(met);
        }
        if self.names.contains(&id) {
            return Term::of(Formula::Shared(id));
        }
        match self.element(id) {
            Some(element) => Term::of(element),
            None => self.expanded(id),
        }
    }

    /// While counting, counts a node; if it was met before, it need not be looked into again.
    fn meet(&mut self, id: NodeId) -> Option<Formula> {
        let counts = self.counts.as_mut()?;
        let count = counts.entry(id).or_insert(0);
        *count += 1;
        (*count > 1).then_some(Formula::Shared(id))
    }

    /// A node as an element of another that has a name.
    fn element(&mut self, id: NodeId) -> Option<Formula> {
        let (whole, index) = self.elements.get(&id)?.clone();
        if self.counts.is_some() {
            self.term(whole);
            return Some(Formula::Shared(id));
        }
        if !self.names.contains(&whole) {
            return None;
        }
        let index = index
            .into_iter()
            .map(|(axis, index)| self.index_entry(axis, index))
            .collect();
        Some(Formula::Indexed(Box::new(Formula::Shared(whole)), index))
    }

    fn expanded(&mut self, id: NodeId) -> Term {
        match self.graph.node(id).clone() {
            Node::Rational(value) => Term::number(value),
            Node::Sum(constant, terms) => {
                // −(1 − ε) rather than ε − 1, where that is known not to be positive.
                let turned = constant.is_negative() && self.graph.range(id).hi <= 0.0;
                let sign = if turned {
                    Rational::MINUS_ONE
                } else {
                    Rational::ONE
                };
                let terms = terms
                    .into_iter()
                    .map(|(id, coefficient)| self.term(id).scaled(coefficient).scaled(sign))
                    .collect();
                let constant = if turned { constant.negate() } else { constant };
                sum(constant, terms).scaled(sign)
            }
            Node::Product(factors) => self.product(&factors),
            Node::Unary(op, a) => self.unary(op, a),
            Node::Binary(op, a, b) => self.binary(op, a, b),
            Node::Select(condition, a, b) => self.select(condition, a, b),
            Node::Reduce(reducer, axes, body) => self.reduce(reducer, axes, body),
            Node::Softmax(s) => self.softmax(s),
            Node::Unit { axes, value, body } => self.unit(axes, value, body),
            Node::Angle { axes, a, b } => {
                let arguments = vec![self.formula(a), self.formula(b)];
                self.reduction("angle", axes, None, arguments)
            }
            Node::Detach(a) => {
                if self.show_detach {
                    Term::of(Formula::function("detach", self.formula(a)))
                } else {
                    self.term(a)
                }
            }
            Node::NegInfinity => Term::of(Formula::Infinity).scaled(Rational::MINUS_ONE),
            Node::Pi => Term::of(Formula::Symbol(Symbol::named("pi", SymbolRole::Scalar))),
            Node::Size(dim) => {
                let name = Symbol::named(self.graph.dim_name(dim), SymbolRole::Axis);
                let name = Box::new(Formula::Symbol(name));
                Term::of(Formula::Fenced(Fence::Bar, None, name))
            }
            Node::Number(place) => Term::of(self.place(place)),
            Node::Scalar(_) | Node::Load(..) => Term::of(self.leaf(id)),
            Node::Bool(_)
            | Node::Place(..)
            | Node::Flag(_)
            | Node::Position(_)
            | Node::Compare(..)
            | Node::Not(_)
            | Node::And(..) => unreachable!("not a real node"),
        }
    }

    /// A parameter, with an index where it is not read at its own axes.
    pub(super) fn leaf(&mut self, id: NodeId) -> Formula {
        match self.graph.node(id).clone() {
            Node::Scalar(param) | Node::Flag(param) => Formula::Symbol(self.param_symbol(param)),
            Node::Load(param, index) => {
                let base = Formula::Symbol(self.param_symbol(param));
                self.indexed(base, param, &index)
            }
            Node::Position(axis) => Formula::Symbol(self.axis_symbol(axis)),
            Node::Place(_, position) => Formula::Number(Rational::from_int(position.into())),
            _ => unreachable!("not a leaf"),
        }
    }

    pub(super) fn param_symbol(&self, param: ParamId) -> Symbol {
        let param = self.graph.param(param);
        match param.role {
            Role::Cotangent => Symbol::cotangent(),
            Role::Scalar { .. } | Role::Static(_) => Symbol::named(&param.name, SymbolRole::Scalar),
            Role::Tensor { .. } | Role::Label(_) | Role::Identity | Role::Mask | Role::Flag(_) => {
                Symbol::named(&param.name, SymbolRole::Tensor)
            }
        }
    }

    pub(super) fn axis_symbol(&self, axis: AxisId) -> Symbol {
        Symbol::named(&self.graph.axis(axis).name, SymbolRole::Axis)
    }

    pub(super) fn indexed(&mut self, base: Formula, param: ParamId, index: &[Index]) -> Formula {
        let axes = self.graph.param(param).axes.clone();
        let entries: Vec<_> = axes
            .into_iter()
            .zip(index)
            .filter(|&(axis, index)| *index != Index::Axis(axis))
            .map(|(axis, index)| self.index_entry(axis, *index))
            .collect();
        if entries.is_empty() {
            base
        } else {
            Formula::Indexed(Box::new(base), entries)
        }
    }

    pub(super) fn index_entry(&mut self, axis: AxisId, index: Index) -> FormulaIndex {
        let from = self.axis_symbol(axis);
        match index {
            Index::Axis(to) => FormulaIndex::Renamed(from, self.axis_symbol(to)),
            Index::At(place) => FormulaIndex::At(from, self.place(place)),
        }
    }

    fn product(&mut self, factors: &[(NodeId, i32)]) -> Term {
        let mut term = Term::number(Rational::ONE);
        let mut left = factors.to_vec();
        for &(id, exponent) in factors {
            if let Some(mean) = self.mean(id, exponent, &mut left) {
                term.multiply_term(&mean, 1);
            }
        }
        for (id, exponent) in left.into_iter().filter(|factor| factor.1 != 0) {
            let factor = self.term(id);
            term.multiply_term(&factor, exponent);
        }
        term
    }

    /// `Σ[C](f) / |C|`, taken out of the factors that are left.
    fn mean(&mut self, id: NodeId, exponent: i32, left: &mut [(NodeId, i32)]) -> Option<Term> {
        let Node::Reduce(Reducer::Sum, axes, body) = *self.graph.node(id) else {
            return None;
        };
        if exponent != 1 || self.names.contains(&id) {
            return None;
        }
        let mut sizes = Vec::new();
        for axis in axes.iter() {
            let size = self.graph.size(self.graph.axis(axis).dim);
            sizes.push(left.iter().position(|&(other, e)| other == size && e < 0)?);
        }
        let unique: BTreeSet<_> = sizes.iter().collect();
        if unique.len() < sizes.len() {
            return None;
        }
        let summed = self.term(body);
        if summed
            .factors
            .iter()
            .any(|(f, _)| matches!(f, Formula::Indicator(_)))
        {
            // The mean over a filter divides by the count, not by the extent.
            return None;
        }
        for at in sizes {
            left[at].1 += 1;
        }
        if let Some(this) = left.iter_mut().find(|factor| factor.0 == id) {
            this.1 = 0;
        }
        Some(self.reduction("mean", axes, None, vec![summed.formula()]))
    }
}
