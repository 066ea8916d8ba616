//! Reductions: invariants leave, one-hots become gathers, bound axes get canonical names.
//!
//! With `Σ_a [a = i] f = f[a := i]` applied as the sum is built, no one-hot matrix ever
//! exists inside a sum: the adjoint of a gather and the gather of an adjoint cancel here.

use crate::ir::{
    AxisId, AxisSet, CompareOp, Graph, Index, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::rational::Rational;

impl Graph {
    /// The reduction of `body` over `axes`.
    pub fn reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> NodeId {
        let absent = axes.minus(self.free(body));
        let axes = axes.minus(absent);
        let reduced = if axes.is_empty() {
            match reducer {
                Reducer::Norm => self.unary(UnaryOp::Abs, body),
                Reducer::Sum | Reducer::Max | Reducer::Lse => body,
            }
        } else {
            match reducer {
                Reducer::Sum => self.reduce_sum(axes, body),
                Reducer::Max | Reducer::Lse => self.reduce_shiftable(reducer, axes, body),
                Reducer::Norm => self.reduce_norm(axes, body),
            }
        };
        self.repeat(reducer, absent, reduced)
    }

    /// The effect of reducing over axes that the value does not depend on.
    fn repeat(&mut self, reducer: Reducer, absent: AxisSet, value: NodeId) -> NodeId {
        let mut value = value;
        for axis in absent.iter() {
            let size = self.size(self.axis(axis).dim);
            value = match reducer {
                Reducer::Sum => self.mul(size, value),
                Reducer::Max => value,
                Reducer::Lse => {
                    let log = self.unary(UnaryOp::Ln, size);
                    self.add(value, log)
                }
                Reducer::Norm => {
                    let root = self.unary(UnaryOp::Sqrt, size);
                    self.mul(root, value)
                }
            };
        }
        value
    }

    fn reduce_sum(&mut self, axes: AxisSet, body: NodeId) -> NodeId {
        if let Some(rest) = self.without_deviations(axes, body) {
            return self.reduce(Reducer::Sum, axes, rest);
        }
        let (coefficient, body) = self.split_coefficient(body);
        if !coefficient.is_one() {
            let sum = self.reduce(Reducer::Sum, axes, body);
            return self.scale(sum, coefficient);
        }
        match self.node(body).clone() {
            // The shares of a softmax add up to 1, unless a filter may have left nothing.
            Node::Softmax(s)
                if s.form == SoftmaxForm::Prob
                    && s.hit.is_none()
                    && s.axes == axes
                    && !self.may_be_left_out(s.body) =>
            {
                return self.one();
            }
            Node::Reduce(Reducer::Sum, inner, f) => {
                return self.intern_reduce(Reducer::Sum, axes.union(inner), f);
            }
            Node::Product(factors) => {
                let (inside, outside): (Vec<_>, Vec<_>) = factors
                    .into_iter()
                    .partition(|f| !self.free(f.0).is_disjoint(axes));
                if !outside.is_empty() {
                    let inside = self.product(&inside);
                    let sum = self.reduce(Reducer::Sum, axes, inside);
                    let outside = self.product(&outside);
                    return self.mul(outside, sum);
                }
            }
            Node::Select(condition, f, g) => {
                if self.is_zero(g)
                    && let Some(gathered) = self.gather_one_hot(Reducer::Sum, axes, condition, f)
                {
                    return gathered;
                }
                if self.free(condition).is_disjoint(axes) && (self.is_zero(f) || self.is_zero(g)) {
                    let f = self.reduce(Reducer::Sum, axes, f);
                    let g = self.reduce(Reducer::Sum, axes, g);
                    return self.select(condition, f, g);
                }
            }
            _ => {}
        }
        self.intern_reduce(Reducer::Sum, axes, body)
    }

    /// `Σ_a [a = i && rest] f → [rest] f` at `a := i`; the same of a maximum or `lse`, which are −∞ over
    /// nothing.
    fn gather_one_hot(
        &mut self,
        reducer: Reducer,
        axes: AxisSet,
        condition: NodeId,
        f: NodeId,
    ) -> Option<NodeId> {
        let outside = match reducer {
            Reducer::Sum => self.zero(),
            Reducer::Max | Reducer::Lse => self.neg_infinity(),
            Reducer::Norm => return None,
        };
        let parts = self.conjuncts(condition);
        for (i, &part) in parts.iter().enumerate() {
            let Some((axis, place)) = self.one_hot(part, axes) else {
                continue;
            };
            let mut rest = self.truth(true);
            for (j, &other) in parts.iter().enumerate() {
                if i != j {
                    rest = self.and(rest, other);
                }
            }
            let masked = self.select(rest, f, outside);
            let gathered = self.substitute(masked, &[(axis, Index::At(place))]);
            return Some(self.reduce(reducer, axes.minus(AxisSet::of(axis)), gathered));
        }
        None
    }

    /// Reads a condition as `axis == place`, for one of `axes` that the place does not depend on.
    pub fn one_hot(&self, condition: NodeId, axes: AxisSet) -> Option<(AxisId, NodeId)> {
        let Node::Compare(CompareOp::Eq, a, b) = *self.node(condition) else {
            return None;
        };
        for (position, place) in [(a, b), (b, a)] {
            if let Node::Position(axis) = *self.node(position)
                && axes.contains(axis)
                && !self.free(place).contains(axis)
            {
                return Some((axis, place));
            }
        }
        None
    }

    /// `max` and `lse` let addends out that do not depend on the axes, from behind a filter too.
    fn reduce_shiftable(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> NodeId {
        let (filter, kept) = self.behind_filter(body);
        let (constant, terms) = self.as_sum(kept);
        let (inside, outside): (Vec<_>, Vec<_>) = terms
            .into_iter()
            .partition(|t| !self.free(t.0).is_disjoint(axes));
        // A sum without terms would leave the filter nothing to hide.
        if !inside.is_empty() && (!outside.is_empty() || !constant.is_zero()) {
            let inside = self.sum(Rational::ZERO, &inside);
            let inside = self.filtered(filter, inside);
            let reduced = self.reduce(reducer, axes, inside);
            let shift = self.sum(constant, &outside);
            return self.add(shift, reduced);
        }
        if let Node::Reduce(inner, more, f) = *self.node(body)
            && inner == reducer
        {
            return self.intern_reduce(reducer, axes.union(more), f);
        }
        if let Some((condition, true)) = filter
            && let Some(gathered) = self.gather_one_hot(reducer, axes, condition, kept)
        {
            return gathered;
        }
        self.intern_reduce(reducer, axes, body)
    }

    /// The condition of a filter, −∞ where it fails (`false`: where it holds), and what it lets through.
    fn behind_filter(&self, body: NodeId) -> (Option<(NodeId, bool)>, NodeId) {
        match *self.node(body) {
            Node::Select(c, f, g) if matches!(self.node(g), Node::NegInfinity) => {
                (Some((c, true)), f)
            }
            Node::Select(c, f, g) if matches!(self.node(f), Node::NegInfinity) => {
                (Some((c, false)), g)
            }
            _ => (None, body),
        }
    }

    fn filtered(&mut self, filter: Option<(NodeId, bool)>, body: NodeId) -> NodeId {
        let outside = self.neg_infinity();
        match filter {
            Some((condition, true)) => self.select(condition, body, outside),
            Some((condition, false)) => self.select(condition, outside, body),
            None => body,
        }
    }

    fn reduce_norm(&mut self, axes: AxisSet, body: NodeId) -> NodeId {
        let (coefficient, body) = self.split_coefficient(body);
        if !coefficient.is_one() {
            let norm = self.reduce(Reducer::Norm, axes, body);
            let size = if coefficient.is_negative() {
                coefficient.negate()
            } else {
                coefficient
            };
            return self.scale(norm, size);
        }
        if let Node::Reduce(Reducer::Norm, inner, f) = *self.node(body) {
            return self.intern_reduce(Reducer::Norm, axes.union(inner), f);
        }
        self.intern_reduce(Reducer::Norm, axes, body)
    }

    fn intern_reduce(&mut self, reducer: Reducer, axes: AxisSet, body: NodeId) -> NodeId {
        let (axes, bodies) = self.canonical_bound(axes, &[body]);
        self.intern(Node::Reduce(reducer, axes, bodies[0]))
    }

    /// Renames bound axes to the first axis of the same dimension that is not in use, so that
    /// reductions which differ only in the names of what they bind are one node.
    pub(super) fn canonical_bound(
        &mut self,
        axes: AxisSet,
        bodies: &[NodeId],
    ) -> (AxisSet, Vec<NodeId>) {
        let mut axes = axes;
        let mut bodies = bodies.to_vec();
        for axis in axes.iter() {
            let used = bodies.iter().fold(axes, |set, &b| set.union(self.free(b)));
            let dim = self.axis(axis).dim;
            let lower = (0..axis.0)
                .map(AxisId)
                .find(|&a| self.axis(a).dim == dim && !used.contains(a));
            if let Some(lower) = lower {
                axes = axes.minus(AxisSet::of(axis)).union(AxisSet::of(lower));
                for body in &mut bodies {
                    *body = self.substitute(*body, &[(axis, Index::Axis(lower))]);
                }
            }
        }
        (axes, bodies)
    }

    /// A share of a softmax; see [`Softmax`].
    pub fn softmax(&mut self, s: Softmax) -> NodeId {
        let Softmax {
            form,
            axes,
            body,
            value,
            hit,
        } = s;
        if hit.is_none() && value != body {
            // Not one of the logits: written out.
            let lse = self.reduce(Reducer::Lse, axes, body);
            let log = self.sub(value, lse);
            return self.softmax_form_of_log(form, log);
        }
        if hit.is_none()
            && matches!(
                form,
                SoftmaxForm::Complement
                    | SoftmaxForm::LogComplement
                    | SoftmaxForm::LogOverComplement
            )
        {
            let log = self.softmax(Softmax {
                form: SoftmaxForm::Log,
                axes,
                body,
                value,
                hit,
            });
            return self.softmax_form_of_log(form, log);
        }
        // A softmax does not change when all logits are shifted alike.
        let (constant, terms) = self.as_sum(body);
        let shift: Vec<_> = terms
            .iter()
            .filter(|t| self.free(t.0).is_disjoint(axes))
            .copied()
            .collect();
        if !constant.is_zero() || (!shift.is_empty() && shift.len() < terms.len()) {
            let shift = self.sum(constant, &shift);
            let (body, value) = (self.sub(body, shift), self.sub(value, shift));
            return self.softmax(Softmax {
                form,
                axes,
                body,
                value,
                hit,
            });
        }
        if value == body {
            // The value is the body under the same names: a renaming would have to follow it.
            return self.intern(Node::Softmax(Softmax {
                form,
                axes,
                body,
                value,
                hit,
            }));
        }
        let bound: Vec<_> = [body].into_iter().chain(hit).collect();
        let (axes, bound) = self.canonical_bound(axes, &bound);
        let hit = bound.get(1).copied();
        self.intern(Node::Softmax(Softmax {
            form,
            axes,
            body: bound[0],
            value,
            hit,
        }))
    }

    fn softmax_form_of_log(&mut self, form: SoftmaxForm, log: NodeId) -> NodeId {
        match form {
            SoftmaxForm::Log => log,
            SoftmaxForm::Prob => self.unary(UnaryOp::Exp, log),
            SoftmaxForm::Complement => {
                let less = self.unary(UnaryOp::Expm1, log);
                self.neg(less)
            }
            SoftmaxForm::LogComplement => self.unary(UnaryOp::Log1mExp, log),
            SoftmaxForm::LogOverComplement => {
                let less = self.unary(UnaryOp::Expm1, log);
                let less = self.neg(less);
                self.div(log, less)
            }
        }
    }

    /// `value / ‖body‖`, 0 where the norm is 0; `value` is an element of `body`.
    pub fn unit_element(&mut self, axes: AxisSet, value: NodeId, body: NodeId) -> NodeId {
        let (cb, xb) = self.split_coefficient(body);
        let (cv, xv) = self.split_coefficient(value);
        if cb == cv && !cb.is_one() {
            let unit = self.unit_element(axes, xv, xb);
            return if cb.is_negative() {
                self.neg(unit)
            } else {
                unit
            };
        }
        if self.is_zero(value) {
            return value;
        }
        if value == body {
            return self.intern(Node::Unit { axes, value, body });
        }
        let (axes, bound) = self.canonical_bound(axes, &[body]);
        self.intern(Node::Unit {
            axes,
            value,
            body: bound[0],
        })
    }

    /// `a / ‖a‖` over `axes`, 0 where the norm is 0.
    pub fn unit(&mut self, axes: AxisSet, a: NodeId) -> NodeId {
        self.unit_element(axes, a, a)
    }

    /// The angle between `a` and `b` over `axes`.
    pub fn angle(&mut self, axes: AxisSet, a: NodeId, b: NodeId) -> NodeId {
        let (axes, bound) = self.canonical_bound(axes, &[a, b]);
        let (a, b) = (bound[0].min(bound[1]), bound[0].max(bound[1]));
        self.intern(Node::Angle { axes, a, b })
    }

    /// `Σ_axes a · b`.
    pub fn dot(&mut self, axes: AxisSet, a: NodeId, b: NodeId) -> NodeId {
        let product = self.mul(a, b);
        self.reduce(Reducer::Sum, axes, product)
    }
}
