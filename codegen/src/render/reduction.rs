//! Reductions, softmaxes and unit vectors, spelled.
//!
//! A filter (0 under a sum, −∞ under max, lse and softmax) moves into the brackets: `Σ[C, C ≠ y](…)`.

use super::condition::{all_of, negated};
use super::formula::{Fence, Formula, Scope};
use super::share::{prob, whole};
use super::sum::sum;
use super::term::Term;
use super::translate::Translator;
use crate::ir::{AxisSet, Index, Node, NodeId, Reducer, Softmax, SoftmaxForm};
use crate::support::rational::Rational;

impl Translator {
    pub(super) fn scope(&self, axes: AxisSet, filter: Option<Formula>) -> Scope {
        Scope {
            axes: axes.iter().map(|axis| self.axis_symbol(axis)).collect(),
            filter: filter.map(Box::new),
        }
    }

    pub(super) fn reduction(
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

    pub(super) fn reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> Term {
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

    pub(super) fn softmax(&mut self, s: Softmax) -> Term {
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
        let base = self.term(whole).formula();
        Term::of(self.at(s.axes, hit, base))
    }

    /// A share of a softmax, where `all` are its shares at every position.
    pub(super) fn at_hit(&mut self, s: &Softmax, all: Formula) -> Formula {
        match s.hit {
            Some(hit) => self.at(s.axes, hit, all),
            None => all,
        }
    }

    fn at(&mut self, axes: AxisSet, hit: NodeId, all: Formula) -> Formula {
        match self.graph.one_hot(hit, axes) {
            Some((axis, place)) => {
                let entry = match *self.graph.node(place) {
                    Node::Position(other) => Index::Axis(other),
                    _ => Index::At(place),
                };
                let entry = self.index_entry(axis, entry);
                Formula::Indexed(Box::new(all), vec![entry])
            }
            None => Formula::Apply {
                function: "at",
                scope: None,
                arguments: vec![all, self.condition(hit)],
            },
        }
    }

    pub(super) fn unit(&mut self, axes: AxisSet, value: NodeId, body: NodeId) -> Term {
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
