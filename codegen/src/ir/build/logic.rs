//! Comparisons, truth values and selection.

use crate::ir::{CompareOp, Graph, Kind, Node, NodeId};

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
        self.intern(Node::Select(condition, a, b))
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
