//! Conditions and positions: `C = y`, `p ≤ τ`, `N ≠ M ∧ y = y[N → M]`.
//!
//! The graph has `<`, `≤`, `=` and negation only; a reader expects `≠`, `≥`, `∨`, the position
//! on the left and the bound on the right.

use super::formula::{Formula, Relation};
use super::translate::Translator;
use crate::ir::{CompareOp, Kind, Node, NodeId};
use crate::support::rational::Rational;

impl Translator {
    /// A truth value.
    pub(super) fn condition(&mut self, id: NodeId) -> Formula {
        match *self.graph.node(id) {
            Node::Bool(value) => {
                let one = Rational::ONE;
                let zero = if value { one } else { Rational::ZERO };
                relation(Relation::Equal, Formula::Number(zero), Formula::Number(one))
            }
            Node::Compare(op, a, b) => self.comparison(op, a, b),
            Node::Not(a) => negated(self.condition(a)),
            Node::And(..) => {
                let parts = self.graph.conjuncts(id);
                let parts = parts.into_iter().map(|part| self.condition(part)).collect();
                all_of(parts).expect("a conjunction has parts")
            }
            Node::Select(c, a, b) => {
                let [c, a, b] = [c, a, b].map(|id| self.condition(id));
                let first = all_of(vec![c.clone(), a]).expect("two parts");
                let second = all_of(vec![negated(c), b]).expect("two parts");
                Formula::Any(vec![first, second])
            }
            Node::Detach(a) => self.condition(a),
            _ => self.leaf(id),
        }
    }

    /// A position on a dimension.
    pub(super) fn place(&mut self, id: NodeId) -> Formula {
        match *self.graph.node(id) {
            Node::Select(condition, a, b) => {
                let arm = (self.place(a), self.condition(condition));
                let otherwise = Box::new(self.place(b));
                Formula::Cases(vec![arm], otherwise)
            }
            Node::Detach(a) => self.place(a),
            _ => self.leaf(id),
        }
    }

    fn comparison(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> Formula {
        let relation_of = match op {
            CompareOp::Eq => Relation::Equal,
            CompareOp::Lt => Relation::Less,
            CompareOp::Le => Relation::AtMost,
        };
        let (left, right) = (self.formula(a), self.formula(b));
        if self.reads_last(a) > self.reads_last(b) {
            relation(relation_of.mirrored(), right, left)
        } else {
            relation(relation_of, left, right)
        }
    }

    /// Which side of a comparison a node belongs on: positions on an axis left, bounds right.
    fn reads_last(&self, id: NodeId) -> u8 {
        match self.graph.node(id) {
            Node::Position(_) => 0,
            Node::Rational(_) | Node::Place(..) => 3,
            Node::Scalar(_) => 2,
            _ if self.graph.kind(id) == Kind::Real && self.graph.free(id).is_empty() => 2,
            _ => 1,
        }
    }
}

fn relation(relation: Relation, a: Formula, b: Formula) -> Formula {
    Formula::Relation(relation, Box::new(a), Box::new(b))
}

/// The conjunction of conditions; `None` of none.
pub(super) fn all_of(mut conditions: Vec<Formula>) -> Option<Formula> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => {
            let flat = conditions
                .into_iter()
                .flat_map(|condition| match condition {
                    Formula::All(parts) => parts,
                    other => vec![other],
                });
            Some(Formula::All(flat.collect()))
        }
    }
}

/// The condition that holds exactly where this one does not.
pub(super) fn negated(condition: Formula) -> Formula {
    match condition {
        Formula::Relation(relation, a, b) => Formula::Relation(relation.negated(), a, b),
        Formula::Not(a) => *a,
        Formula::All(parts) => Formula::Any(parts.into_iter().map(negated).collect()),
        Formula::Any(parts) => Formula::All(parts.into_iter().map(negated).collect()),
        other => Formula::Not(Box::new(other)),
    }
}
