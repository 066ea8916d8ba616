//! From the expression graph to formulas.
//!
//! The graph's primitives are spelled as a textbook spells them: a log-softmax at a label is
//! `z[C = y] − lse[C](z)`, its complement `1 − p`, a selection of 0 an indicator, a filtered
//! reduction `Σ[C, C ≠ y](…)`, the unit vector of a one-letter tensor x̂. Every part is a [`Term`], so that signs,
//! fractions and common factors come out of one place. Nodes in `names` are not expanded:
//! they stay [`Formula::Shared`] until a derivation has found symbols for them.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{all_of, negated};
use super::formula::{Fence, Formula, Index as FormulaIndex, Scope};
use super::share::{Spelled, prob, whole};
use super::symbol::{Symbol, SymbolRole};
use super::term::{Term, common_to, sum};
use crate::ir::{
    AxisId, AxisSet, BinaryOp, Graph, Index, Kind, Node, NodeId, ParamId, Reducer, Role, Softmax,
    SoftmaxForm, UnaryOp,
};
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
            Kind::Index(_) => self.place(id),
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
                let terms = terms
                    .into_iter()
                    .map(|(id, coefficient)| self.term(id).scaled(coefficient))
                    .collect();
                sum(constant, terms)
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

    fn param_symbol(&self, param: ParamId) -> Symbol {
        let param = self.graph.param(param);
        match param.role {
            Role::Cotangent => Symbol::cotangent(),
            Role::Scalar { .. } | Role::Static(_) => Symbol::named(&param.name, SymbolRole::Scalar),
            Role::Tensor { .. } | Role::Label(_) | Role::Mask | Role::Flag(_) => {
                Symbol::named(&param.name, SymbolRole::Tensor)
            }
        }
    }

    pub(super) fn axis_symbol(&self, axis: AxisId) -> Symbol {
        Symbol::named(&self.graph.axis(axis).name, SymbolRole::Axis)
    }

    fn indexed(&mut self, base: Formula, param: ParamId, index: &[Index]) -> Formula {
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

    fn index_entry(&mut self, axis: AxisId, index: Index) -> FormulaIndex {
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

    fn unary(&mut self, op: UnaryOp, a: NodeId) -> Term {
        let plain =
            |translator: &mut Self, name| Term::of(Formula::function(name, translator.formula(a)));
        match op {
            UnaryOp::Log1p => {
                let one_plus = self.shifted(Rational::ONE, a, Rational::ONE);
                Term::of(Formula::function("ln", one_plus))
            }
            UnaryOp::Expm1 => {
                let exp = plain(self, "exp");
                sum(Rational::MINUS_ONE, vec![exp])
            }
            UnaryOp::Log1mExp => {
                let exp = plain(self, "exp").scaled(Rational::MINUS_ONE);
                let inside = sum(Rational::ONE, vec![exp]).formula();
                Term::of(Formula::function("ln", inside))
            }
            UnaryOp::RecipOrZero => {
                let mut term = Term::number(Rational::ONE);
                let norm = self.term(a);
                term.multiply_term(&norm, -1);
                term
            }
            UnaryOp::SoftplusOverSigmoid => {
                let (above, below) = (
                    self.graph.unary(UnaryOp::Softplus, a),
                    self.graph.unary(UnaryOp::Sigmoid, a),
                );
                let mut term = self.term(above);
                let below = self.term(below);
                term.multiply_term(&below, -1);
                term
            }
            UnaryOp::Sqrt => {
                let inside = self.formula(a);
                Term::of(Formula::Root(Box::new(inside)))
            }
            UnaryOp::Abs => self.fenced(Fence::Bar, a),
            UnaryOp::Floor => self.fenced(Fence::Floor, a),
            UnaryOp::Ceil => self.fenced(Fence::Ceil, a),
            UnaryOp::Cos => {
                // An even function: π − m rather than m − π.
                let inside = self.term(a);
                let turned = inside.clone().scaled(Rational::MINUS_ONE);
                let [inside, turned] = [inside, turned].map(Term::formula);
                let best = if begins_with_pi(&turned) {
                    turned
                } else {
                    inside
                };
                Term::of(Formula::function("cos", best))
            }
            UnaryOp::Sigmoid => self.sigmoid(a),
            UnaryOp::Softplus => self.softplus(a),
            UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Sign
            | UnaryOp::Tanh
            | UnaryOp::Sin
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Erf
            | UnaryOp::Round => plain(self, op.name()),
        }
    }

    fn shifted(&mut self, constant: Rational, a: NodeId, coefficient: Rational) -> Formula {
        let term = self.term(a).scaled(coefficient);
        sum(constant, vec![term]).formula()
    }

    fn fenced(&mut self, fence: Fence, a: NodeId) -> Term {
        let inside = self.formula(a);
        Term::of(Formula::Fenced(fence, None, Box::new(inside)))
    }

    /// `σ(a)`, or `1 − σ(−a)` where σ(−a) is what the loss speaks of.
    fn sigmoid(&mut self, a: NodeId) -> Term {
        let minus = self.graph.neg(a);
        let other = self.graph.unary(UnaryOp::Sigmoid, minus);
        let (own_sign, _) = self.graph.split_coefficient(a);
        if own_sign.is_negative() && self.spelled.shares.contains(&other) {
            let other = self.term(other).scaled(Rational::MINUS_ONE);
            return sum(Rational::ONE, vec![other]);
        }
        Term::of(Formula::function("sigmoid", self.formula(a)))
    }

    /// `softplus(a)`, or `−ln σ(−a)` where the loss speaks of that probability or its complement.
    fn softplus(&mut self, a: NodeId) -> Term {
        let minus = self.graph.neg(a);
        let share = self.graph.unary(UnaryOp::Sigmoid, minus);
        let rest = self.graph.unary(UnaryOp::Sigmoid, a);
        if self.spelled.shares.contains(&share) || self.spelled.shares.contains(&rest) {
            let share = self.formula(share);
            return Term::of(Formula::function("ln", share)).scaled(Rational::MINUS_ONE);
        }
        Term::of(Formula::function("softplus", self.formula(a)))
    }

    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Term {
        match op {
            BinaryOp::Pow => {
                let (base, exponent) = (self.formula(a), self.formula(b));
                Term::of(Formula::Power(Box::new(base), Box::new(exponent)))
            }
            BinaryOp::Min | BinaryOp::Max => {
                // A constant bound is read first.
                let (a, b) = match self.graph.node(b) {
                    Node::Rational(_) => (b, a),
                    _ => (a, b),
                };
                Term::of(Formula::Apply {
                    function: op.name(),
                    scope: None,
                    arguments: vec![self.formula(a), self.formula(b)],
                })
            }
            BinaryOp::Xlogy => {
                let mut term = self.term(a);
                let log = Formula::function("ln", self.formula(b));
                term.multiply(&log, 1);
                term
            }
        }
    }

    fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Term {
        let (is, not) = if self.graph.is_zero(b) {
            (Some(a), None)
        } else if self.graph.is_zero(a) {
            (None, Some(b))
        } else if let Some(sum) = self.shifted_where(condition, a, b) {
            return sum;
        } else {
            return self.cases(condition, a, b);
        };
        let inside = is.or(not).expect("one of them is not 0");
        let mut term = self.term(inside);
        let holds = self.condition(condition);
        let holds = if not.is_some() { negated(holds) } else { holds };
        term.multiply(&Formula::Indicator(Box::new(holds)), 1);
        term
    }

    /// `p[C = y] − 1 if C = y, otherwise p` is `p − 1[C = y]`.
    fn shifted_where(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Option<Term> {
        let free = self.graph.free(condition);
        let (axis, place) = self.graph.one_hot(condition, free)?;
        let a = self.read_as_axis(a, place, axis);
        let shift = self.graph.sub(a, b);
        let shift = self.graph.as_rational(shift)?;
        let holds = Formula::Indicator(Box::new(self.condition(condition)));
        let base = self.term(b);
        Some(sum(
            Rational::ZERO,
            vec![base, Term::of(holds).scaled(shift)],
        ))
    }

    /// A chain of selections as one list of cases, their common factors in front.
    fn cases(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Term {
        let mut arms = vec![(self.term(a), self.condition(condition))];
        let mut last = b;
        while let Node::Select(condition, a, b) = *self.graph.node(last) {
            if self.names.contains(&last) || self.elements.contains_key(&last) {
                break;
            }
            arms.push((self.term(a), self.condition(condition)));
            last = b;
        }
        let mut otherwise = self.term(last);
        let nonzero: Vec<_> = arms
            .iter()
            .map(|arm| &arm.0)
            .chain([&otherwise])
            .filter(|term| !term.coefficient.is_zero())
            .cloned()
            .collect();
        let mut common = common_to(&nonzero);
        if let [(Formula::Symbol(symbol), 1)] = common.factors.as_slice()
            && symbol.role == SymbolRole::Tensor
            && nonzero.iter().all(|term| term.factors.len() == 1)
        {
            // `x if t, otherwise −x` reads better than a factor of ±1.
            common = Term::number(Rational::ONE);
        }
        if nonzero.iter().all(|term| term.coefficient.is_negative()) {
            common = common.scaled(Rational::MINUS_ONE);
        }
        otherwise.multiply_term(&common, -1);
        let arms = arms
            .into_iter()
            .map(|(mut value, condition)| {
                value.multiply_term(&common, -1);
                (without_factors_if_zero(value).formula(), condition)
            })
            .collect();
        let otherwise = without_factors_if_zero(otherwise).formula();
        common.multiply(&Formula::Cases(arms, Box::new(otherwise)), 1);
        common
    }

    pub(super) fn scope(&self, axes: AxisSet, filter: Option<Formula>) -> Scope {
        Scope {
            axes: axes.iter().map(|axis| self.axis_symbol(axis)).collect(),
            filter: filter.map(Box::new),
        }
    }

    fn reduction(
        &self,
        function: &'static str,
        axes: AxisSet,
        filter: Option<Formula>,
        arguments: Vec<Formula>,
    ) -> Term {
        Term::of(Formula::Apply {
            function,
            scope: Some(self.scope(axes, filter)),
            arguments,
        })
    }

    fn reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> Term {
        match reducer {
            Reducer::Sum => self.total(axes, body),
            Reducer::Norm => {
                let inside = Box::new(self.formula(body));
                let scope = Some(self.scope(axes, None));
                Term::of(Formula::Fenced(Fence::DoubleBar, scope, inside))
            }
            Reducer::Max | Reducer::Lse => {
                let (filter, body) = self.filtered(body);
                let inside = self.formula(body);
                self.reduction(reducer.name(), axes, filter, vec![inside])
            }
        }
    }

    fn total(&mut self, axes: AxisSet, body: NodeId) -> Term {
        let (outside, body) = self.without_invariants(axes, body);
        let mut summand = self.term(body);
        summand.merge_ties();
        let mut filters = Vec::new();
        summand.factors.retain(|(factor, _)| match factor {
            Formula::Indicator(condition) => {
                filters.push((**condition).clone());
                false
            }
            _ => true,
        });
        let filter = all_of(filters);
        let coefficient = summand.coefficient;
        summand.coefficient = Rational::ONE;
        let mut term = if summand.factors.is_empty() && filter.is_some() {
            self.reduction("count", axes, filter, vec![])
        } else {
            let summand = Box::new(summand.formula());
            Term::of(Formula::Total(self.scope(axes, filter), summand))
        };
        for (factor, exponent) in outside {
            let factor = self.term(factor);
            term.multiply_term(&factor, exponent);
        }
        term.scaled(coefficient)
    }

    /// A body under max, lse or softmax: −∞ is what a filter leaves out.
    fn filtered(&mut self, body: NodeId) -> (Option<Formula>, NodeId) {
        match *self.graph.node(body) {
            Node::Select(condition, inside, outside) if !self.names.contains(&body) => {
                let is_outside = |id| matches!(self.graph.node(id), Node::NegInfinity);
                if is_outside(outside) {
                    (Some(self.condition(condition)), inside)
                } else if is_outside(inside) {
                    (Some(negated(self.condition(condition))), outside)
                } else {
                    (None, body)
                }
            }
            _ => (None, body),
        }
    }

    fn softmax(&mut self, s: Softmax) -> Term {
        let prob = prob(&mut self.graph, &s);
        let whole = whole(&mut self.graph, &s);
        let log = |translator: &mut Self| {
            if translator.spelled.shares.contains(&prob)
                || translator.spelled.shares.contains(&whole)
            {
                let share = translator.formula(prob);
                return Term::of(Formula::function("ln", share));
            }
            let (filter, body) = translator.filtered(s.body);
            let value = translator.term(s.value);
            let inside = translator.formula(body);
            let lse = translator.reduction("lse", s.axes, filter, vec![inside]);
            sum(Rational::ZERO, vec![value, lse.scaled(Rational::MINUS_ONE)])
        };
        let complement = |translator: &mut Self| {
            let share = translator.term(prob).scaled(Rational::MINUS_ONE);
            sum(Rational::ONE, vec![share])
        };
        match s.form {
            SoftmaxForm::Prob => self.share(&s, whole),
            SoftmaxForm::Log => log(self),
            SoftmaxForm::Complement => complement(self),
            SoftmaxForm::LogComplement => {
                let inside = complement(self).formula();
                Term::of(Formula::function("ln", inside))
            }
            SoftmaxForm::LogOverComplement => {
                let mut term = log(self);
                let below = complement(self);
                term.multiply_term(&below, -1);
                term
            }
        }
    }

    /// `softmax[C](z)`, or that at one position.
    fn share(&mut self, s: &Softmax, whole: NodeId) -> Term {
        let Some(hit) = s.hit else {
            let (filter, body) = self.filtered(s.body);
            let inside = self.formula(body);
            return self.reduction("softmax", s.axes, filter, vec![inside]);
        };
        let at = s.axes.iter().next().zip(self.graph.one_hot(hit, s.axes));
        let base = self.term(whole).formula();
        match at {
            Some((_, (axis, place))) => {
                let entry = match *self.graph.node(place) {
                    Node::Position(other) => Index::Axis(other),
                    _ => Index::At(place),
                };
                let entry = self.index_entry(axis, entry);
                Term::of(Formula::Indexed(Box::new(base), vec![entry]))
            }
            None => {
                let condition = self.condition(hit);
                Term::of(Formula::Apply {
                    function: "at",
                    scope: None,
                    arguments: vec![base, condition],
                })
            }
        }
    }

    fn unit(&mut self, axes: AxisSet, value: NodeId, body: NodeId) -> Term {
        if value != body {
            let mut term = self.term(value);
            let norm = self.reduce(Reducer::Norm, axes, body);
            term.multiply_term(&norm, -1);
            return term;
        }
        if let Node::Load(param, index) = self.graph.node(body).clone()
            && self.spelled.hats.get(&param) == Some(&axes)
        {
            let hat = Formula::Symbol(self.param_symbol(param).hat());
            return Term::of(self.indexed(hat, param, &index));
        }
        let inside = self.formula(body);
        self.reduction("unit", axes, None, vec![inside])
    }
}

fn begins_with_pi(formula: &Formula) -> bool {
    let pi = Symbol::named("pi", SymbolRole::Scalar);
    match formula {
        Formula::Sum(parts) => matches!(&parts[0].1, Formula::Symbol(s) if *s == pi),
        _ => false,
    }
}

/// 0 has no factors, whatever was divided out of it.
fn without_factors_if_zero(term: Term) -> Term {
    if term.coefficient.is_zero() {
        Term::number(Rational::ZERO)
    } else {
        term
    }
}
