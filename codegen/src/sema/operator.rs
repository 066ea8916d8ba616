//! Operators: what they may stand between, and the nodes that they make.

use super::loss::Analysis;
use super::value::Value;
use crate::ir::{CompareOp, Kind, NodeId};
use crate::support::SourceRange;
use crate::syntax::ast::{BinaryOperator, UnaryOperator};

impl<'a> Analysis<'a> {
    pub(super) fn prefix(
        &mut self,
        operator: UnaryOperator,
        value: Value,
        range: SourceRange,
    ) -> Option<Value> {
        let node = match operator {
            UnaryOperator::Negate => {
                let value = self.real(value, range)?;
                self.graph.neg(value.node)
            }
            UnaryOperator::Not => {
                let value = self.condition(value, range)?;
                self.graph.not(value.node)
            }
        };
        Some(Value {
            node,
            axes: value.axes,
        })
    }

    pub(super) fn infix(
        &mut self,
        operator: BinaryOperator,
        left: (Value, SourceRange),
        right: (Value, SourceRange),
        range: SourceRange,
    ) -> Option<Value> {
        let axes = left.0.axes.union(right.0.axes);
        let node = match operator {
            BinaryOperator::Or | BinaryOperator::And => {
                let a = self.condition(left.0, left.1);
                let b = self.condition(right.0, right.1);
                let (a, b) = (a?.node, b?.node);
                if operator == BinaryOperator::Or {
                    self.graph.or(a, b)
                } else {
                    self.graph.and(a, b)
                }
            }
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide => {
                let a = self.real(left.0, left.1);
                let b = self.real(right.0, right.1);
                self.arithmetic(operator, a?.node, b?, right.1)?
            }
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterEqual => self.comparison(operator, left.0, right.0, range)?,
        };
        Some(Value { node, axes })
    }

    fn arithmetic(
        &mut self,
        operator: BinaryOperator,
        a: NodeId,
        b: Value,
        divisor: SourceRange,
    ) -> Option<NodeId> {
        match operator {
            BinaryOperator::Add => Some(self.graph.add(a, b.node)),
            BinaryOperator::Subtract => Some(self.graph.sub(a, b.node)),
            BinaryOperator::Multiply => Some(self.graph.mul(a, b.node)),
            _ if self.graph.is_zero(b.node) => self.refuse(divisor, "division by zero"),
            _ => {
                self.site("/", b.node, divisor);
                Some(self.graph.div(a, b.node))
            }
        }
    }

    /// Numbers are compared with numbers, positions with positions on the same axis or with integer
    /// constants.
    fn comparison(
        &mut self,
        operator: BinaryOperator,
        left: Value,
        right: Value,
        range: SourceRange,
    ) -> Option<NodeId> {
        let left = self.beside(left, self.graph.kind(right.node));
        let right = self.beside(right, self.graph.kind(left.node));
        let (kind_a, kind_b) = (self.graph.kind(left.node), self.graph.kind(right.node));
        if kind_a != kind_b || kind_a == Kind::Bool {
            return self.incomparable(kind_a, kind_b, range);
        }
        let is_order = !matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual);
        if kind_a == Kind::Identity && is_order {
            let message = "identities have no order";
            let help = "they are equal or not: `==`, `!=`";
            return self.refuse_with(range, message, help);
        }
        let (a, b) = (left.node, right.node);
        Some(match operator {
            BinaryOperator::NotEqual => {
                let equal = self.graph.equal(a, b);
                self.graph.not(equal)
            }
            BinaryOperator::Less => self.graph.compare(CompareOp::Lt, a, b),
            BinaryOperator::LessEqual => self.graph.compare(CompareOp::Le, a, b),
            BinaryOperator::Greater => self.graph.compare(CompareOp::Lt, b, a),
            BinaryOperator::GreaterEqual => self.graph.compare(CompareOp::Le, b, a),
            _ => self.graph.equal(a, b),
        })
    }

    fn incomparable(&mut self, a: Kind, b: Kind, range: SourceRange) -> Option<NodeId> {
        let message = format!(
            "cannot compare {} with {}",
            self.kind_text(a),
            self.kind_text(b)
        );
        let help = match (a, b) {
            (Kind::Bool, _) | (_, Kind::Bool) => "conditions are joined by `&&`, `||` and `!`",
            (Kind::Identity, _) | (_, Kind::Identity) => {
                "identities are compared with each other, as in `y == y[N -> M]`"
            }
            (Kind::Index(_), Kind::Index(_)) => {
                "positions are compared along one axis, or an `axis … like …` of it"
            }
            _ => {
                "a position is compared with another position on its axis or with an integer constant"
            }
        };
        self.refuse_with(range, message, help)
    }
}
