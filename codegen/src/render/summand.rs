//! What of a summand leaves the sum.
//!
//! Factors that do not depend on the axes of a sum are written in front of it. The graph keeps some
//! inside: those behind a filter, which might be infinite where nothing passes it, and those that only the
//! terms of a difference have in common.
//!
//! Under `Σ[N, C = y]` with C free, `w[C = y]` is `w`: the label may be read as the axis that it equals.
//! Then what depends on C alone leaves the sum, as in a textbook.

use std::collections::BTreeMap;

use super::share::whole;
use super::translate::Translator;
use crate::ir::{AxisId, AxisSet, Graph, Node, NodeId, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

impl Translator {
    /// Factors of `body` that do not depend on `axes`, and the rest.
    pub(super) fn without_invariants(
        &mut self,
        axes: AxisSet,
        body: NodeId,
    ) -> (Vec<(NodeId, i32)>, NodeId) {
        let zero = self.graph.zero();
        let node = self.graph.node(body).clone();
        match node {
            _ if self.names.contains(&body) => (vec![], body),
            Node::Select(condition, f, other) if other == zero => {
                let f = self.where_it_holds(axes, condition, f);
                let (outside, f) = self.split_invariants(axes, f);
                (outside, self.graph.select(condition, f, zero))
            }
            Node::Select(condition, other, f) if other == zero => {
                let (outside, f) = self.split_invariants(axes, f);
                (outside, self.graph.select(condition, zero, f))
            }
            _ => self.split_invariants(axes, body),
        }
    }

    fn split_invariants(&mut self, axes: AxisSet, body: NodeId) -> (Vec<(NodeId, i32)>, NodeId) {
        if self.names.contains(&body) {
            return (vec![], body);
        }
        let (constant, terms) = self.graph.as_sum(body);
        if !constant.is_zero() || terms.is_empty() {
            return (vec![], body);
        }
        let mut common = self.graph.as_product(terms[0].0);
        common.retain(|factor| self.graph.free(factor.0).is_disjoint(axes));
        for (term, _) in &terms[1..] {
            let factors = self.graph.as_product(*term);
            common.retain(|factor| factors.contains(factor));
        }
        let inverse = common.iter().map(|&(factor, exponent)| (factor, -exponent));
        let inverse: Vec<_> = inverse.collect();
        let terms: Vec<_> = terms
            .into_iter()
            .map(|(term, coefficient)| {
                let factors: Vec<_> = [(term, 1)].iter().chain(&inverse).copied().collect();
                (self.graph.product(&factors), coefficient)
            })
            .collect();
        (common, self.graph.sum(Rational::ZERO, &terms))
    }

    /// The summand where its condition holds: of `[C = y] · f`, f with y read as C, for axes C that are
    /// not summed over.
    pub(super) fn where_it_holds(&mut self, axes: AxisSet, condition: NodeId, f: NodeId) -> NodeId {
        let outside = self.graph.free(condition).minus(axes);
        let mut f = f;
        for part in self.graph.conjuncts(condition) {
            if let Some((axis, place)) = self.graph.one_hot(part, outside)
                && !matches!(self.graph.node(place), Node::Position(_))
            {
                f = self.read_as_axis(f, place, axis);
            }
        }
        f
    }

    /// An expression with `place` read as the axis that it equals.
    pub(super) fn read_as_axis(&mut self, id: NodeId, place: NodeId, axis: AxisId) -> NodeId {
        self.read_in(id, place, axis, &mut BTreeMap::new())
    }

    fn read_in(
        &mut self,
        id: NodeId,
        place: NodeId,
        axis: AxisId,
        known: &mut BTreeMap<NodeId, NodeId>,
    ) -> NodeId {
        if id == place {
            return self.graph.position(axis);
        }
        if let Some(&done) = known.get(&id) {
            return done;
        }
        let node = self.graph.node(id).clone();
        if let Node::Softmax(s) = &node
            && let Some(hit) = s.hit
            && self.graph.one_hot(hit, s.axes) == Some((axis, place))
        {
            return self.at_its_axis(s);
        }
        let bound = match &node {
            Node::Reduce(_, axes, _) | Node::Unit { axes, .. } | Node::Angle { axes, .. } => *axes,
            Node::Softmax(s) => s.axes,
            _ => AxisSet::EMPTY,
        };
        // Inside, the name would mean the bound axis, and the place is another one.
        let hidden = bound.contains(axis) || !bound.is_disjoint(self.graph.free(place));
        let result = if hidden {
            id
        } else {
            let children: BTreeMap<_, _> = node
                .children()
                .into_iter()
                .map(|child| (child, self.read_in(child, place, axis, known)))
                .collect();
            if children.iter().all(|(child, new)| child == new) {
                id
            } else {
                self.graph.rebuild(&node, &mut |_, child| children[&child])
            }
        };
        known.insert(id, result);
        result
    }

    /// The share at y, where y is C: the share at C, its complement now a difference.
    fn at_its_axis(&mut self, s: &Softmax) -> NodeId {
        let whole = whole(&mut self.graph, s);
        let complement = |graph: &mut Graph| {
            let one = graph.one();
            graph.sub(one, whole)
        };
        let log = |graph: &mut Graph| graph.unary(UnaryOp::Ln, whole);
        match s.form {
            SoftmaxForm::Prob => whole,
            SoftmaxForm::Complement => complement(&mut self.graph),
            SoftmaxForm::Log => log(&mut self.graph),
            SoftmaxForm::LogComplement => {
                let rest = complement(&mut self.graph);
                self.graph.unary(UnaryOp::Ln, rest)
            }
            SoftmaxForm::LogOverComplement => {
                let (log, rest) = (log(&mut self.graph), complement(&mut self.graph));
                self.graph.div(log, rest)
            }
        }
    }
}
