//! Comparisons, truth values and selection.

use crate::ir::{CompareOp, Graph, Kind, Node, NodeId, UnaryOp};
use crate::support::rational::Rational;

impl Graph {
    /// `a op b`, of two reals or of two positions on one dimension.
    pub fn compare(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            return self.truth(op != CompareOp::Lt);
        }
        if let (Some(x), Some(y)) = (self.as_rational(a), self.as_rational(b)) {
            return self.truth(match op {
                CompareOp::Eq => x == y,
                CompareOp::Lt => x < y,
                CompareOp::Le => x <= y,
            });
        }
        if let (&Node::Place(_, x), &Node::Place(_, y)) = (self.node(a), self.node(b)) {
            return self.truth(match op {
                CompareOp::Eq => x == y,
                CompareOp::Lt => x < y,
                CompareOp::Le => x <= y,
            });
        }
        if self.kind(a) == Kind::Real {
            if let Some((a, b)) = self.without_common(a, b) {
                return self.compare(op, a, b);
            }
            let (x, y) = (self.range(a), self.range(b));
            if x.hi < y.lo {
                return self.truth(op != CompareOp::Eq);
            }
            if x.lo > y.hi {
                return self.truth(false);
            }
        }
        let (a, b) = if op == CompareOp::Eq && b < a {
            (b, a)
        } else {
            (a, b)
        };
        self.intern(Node::Compare(op, a, b))
    }

    /// What remains of two real numbers to compare without the finite terms, or the positive factors, of both. Rounding would
    /// decide whether `u + c` is `max u + c` if the two sums were put together in different ways.
    fn without_common(&mut self, a: NodeId, b: NodeId) -> Option<(NodeId, NodeId)> {
        if self.is_literal() {
            return None;
        }
        let ((c, mut left), (d, mut right)) = (self.as_sum(a), self.as_sum(b));
        let common: Vec<_> = left
            .iter()
            .filter(|term| right.contains(term) && self.range(term.0).is_finite())
            .copied()
            .collect();
        let constant = if c == d { c } else { Rational::ZERO };
        if !common.is_empty() || !constant.is_zero() {
            let kept = |term: &(NodeId, Rational)| !common.contains(term);
            left.retain(kept);
            right.retain(kept);
            let less = constant.negate();
            let (c, d) = (c.checked_add(less)?, d.checked_add(less)?);
            return Some((self.sum(c, &left), self.sum(d, &right)));
        }
        let (&[(x, k)], &[(y, l)]) = (left.as_slice(), right.as_slice()) else {
            return None;
        };
        if !c.is_zero() || !d.is_zero() || k != l {
            return None;
        }
        let (x, y) = if k.is_negative() { (y, x) } else { (x, y) };
        let (mut above, mut below) = (self.as_product(x), self.as_product(y));
        let common: Vec<_> = above
            .iter()
            .filter(|factor| {
                let range = self.range(factor.0);
                below.contains(factor) && range.is_positive() && range.is_finite()
            })
            .copied()
            .collect();
        if common.is_empty() {
            return (!k.is_one()).then_some((x, y));
        }
        above.retain(|factor| !common.contains(factor));
        below.retain(|factor| !common.contains(factor));
        Some((self.product(&above), self.product(&below)))
    }

    /// `a == b`.
    pub fn equal(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.compare(CompareOp::Eq, a, b)
    }

    /// `!a`.
    pub fn not(&mut self, a: NodeId) -> NodeId {
        match *self.node(a) {
            Node::Bool(value) => self.truth(!value),
            Node::Not(b) => b,
            _ => self.intern(Node::Not(a)),
        }
    }

    /// `a && b`.
    pub fn and(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        match (self.node(a), self.node(b)) {
            (Node::Bool(true), _) => b,
            (_, Node::Bool(true)) => a,
            (Node::Bool(false), _) | (_, Node::Bool(false)) => self.truth(false),
            (Node::Not(x), _) if *x == b => self.truth(false),
            (_, Node::Not(y)) if *y == a => self.truth(false),
            _ if a == b => a,
            _ => self.intern(Node::And(a, b)),
        }
    }

    /// `a || b`.
    pub fn or(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (a, b) = (self.not(a), self.not(b));
        let neither = self.and(a, b);
        self.not(neither)
    }

    /// `if condition { a } else { b }`.
    pub fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> NodeId {
        if a == b {
            return a;
        }
        match *self.node(condition) {
            Node::Bool(true) => return a,
            Node::Bool(false) => return b,
            Node::Not(positive) => return self.select(positive, b, a),
            _ => {}
        }
        // Inside a branch the condition is known.
        let a = match *self.node(a) {
            Node::Select(inner, yes, _) if inner == condition => yes,
            _ => a,
        };
        let b = match *self.node(b) {
            Node::Select(inner, _, no) if inner == condition => no,
            _ => b,
        };
        if a == b {
            return a;
        }
        // Nested masks are one mask.
        if let Node::Select(inner, yes, no) = *self.node(a)
            && no == b
        {
            let both = self.and(condition, inner);
            return self.select(both, yes, no);
        }
        // A common scale leaves the selection, so that masks of scaled values meet.
        let (ca, xa) = self.split_coefficient(a);
        if !ca.is_one() && self.is_zero(b) {
            let masked = self.select(condition, xa, b);
            return self.scale(masked, ca);
        }
        let (cb, xb) = self.split_coefficient(b);
        if !cb.is_one() && self.is_zero(a) {
            let masked = self.select(condition, a, xb);
            return self.scale(masked, cb);
        }
        if ca == cb && !ca.is_one() {
            let chosen = self.select(condition, xa, xb);
            return self.scale(chosen, ca);
        }
        // ±x is one choice, whichever sign comes first.
        if xa == xb && ca.is_negative() {
            let (a, b) = (self.neg(a), self.neg(b));
            let opposite = self.select(condition, a, b);
            return self.neg(opposite);
        }
        // Half the work.
        if let Some(known) = self.function_of_choice(UnaryOp::Softplus, condition, a, b) {
            return known;
        }
        self.intern(Node::Select(condition, a, b))
    }

    /// `f(if c { x } else { y })` for `if c { f(x) } else { f(y) }`.
    pub(in crate::ir::build) fn function_of_choice(
        &mut self,
        op: UnaryOp,
        condition: NodeId,
        a: NodeId,
        b: NodeId,
    ) -> Option<NodeId> {
        let (&Node::Unary(f, x), &Node::Unary(g, y)) = (self.node(a), self.node(b)) else {
            return None;
        };
        if (f, g) != (op, op) || self.is_literal() {
            return None;
        }
        let argument = self.select(condition, x, y);
        Some(self.unary(op, argument))
    }

    /// The parts of a conjunction.
    pub fn conjuncts(&self, condition: NodeId) -> Vec<NodeId> {
        match *self.node(condition) {
            Node::And(a, b) => {
                let mut parts = self.conjuncts(a);
                parts.extend(self.conjuncts(b));
                parts
            }
            _ => vec![condition],
        }
    }
}
