//! Random expressions, printed and read back.

use super::{accepted, print};
use crate::support::Rational;
use crate::syntax::ast::{
    BinaryOperator, Block, Expression, ExpressionKind, Index, Name, Statement, UnaryOperator,
};
use proc_macro2::Span;

/// A small reproducible source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % count
    }

    fn name(&mut self) -> Name {
        let text = ["x", "y", "weight", "axis", "next", "N", "C", "sum"][self.below(8)];
        Name {
            text: text.to_owned(),
            range: Span::call_site().into(),
        }
    }

    fn function(&mut self) -> Name {
        Name {
            text: ["exp", "sum", "Other"][self.below(3)].to_owned(),
            range: Span::call_site().into(),
        }
    }

    fn boxed(&mut self, depth: usize) -> Box<Expression> {
        Box::new(self.expression(depth))
    }

    fn block(&mut self, depth: usize) -> Box<Block> {
        let statements = (0..self.below(2))
            .map(|_| Statement::Let {
                docs: Vec::new(),
                public: false,
                name: self.name(),
                value: self.expression(depth),
            })
            .collect();
        Box::new(Block {
            statements,
            result: self.expression(depth),
        })
    }

    fn expression(&mut self, depth: usize) -> Expression {
        let kind = match self.below(if depth == 0 { 4 } else { 12 }) {
            0 => ExpressionKind::Number {
                value: Rational::HALF,
                text: "0.5".to_owned(),
            },
            1 => ExpressionKind::Pi,
            2 => ExpressionKind::Size(self.name()),
            3 => ExpressionKind::Name(self.name()),
            4 => ExpressionKind::Unary {
                operator: [UnaryOperator::Negate, UnaryOperator::Not][self.below(2)],
                operand: self.boxed(depth - 1),
            },
            5..=7 => ExpressionKind::Binary {
                operator: BinaryOperator::ALL[self.below(12)],
                left: self.boxed(depth - 1),
                right: self.boxed(depth - 1),
            },
            8 => ExpressionKind::If {
                condition: self.boxed(depth - 1),
                then: self.block(depth - 1),
                otherwise: self.block(depth - 1),
            },
            9 => ExpressionKind::Index {
                base: self.boxed(depth - 1),
                indices: vec![
                    Index::Gather {
                        axis: self.name(),
                        position: self.expression(depth - 1),
                    },
                    Index::Rename {
                        from: self.name(),
                        to: self.name(),
                    },
                ],
            },
            10 => ExpressionKind::Reduce {
                reduction: self.function(),
                axes: vec![self.name()],
                filter: Some(Box::new(Expression {
                    kind: ExpressionKind::Unary {
                        operator: UnaryOperator::Not,
                        operand: self.boxed(depth - 1),
                    },
                    range: Span::call_site().into(),
                })),
                arguments: vec![self.expression(depth - 1)],
            },
            _ => ExpressionKind::Call {
                function: self.function(),
                arguments: vec![self.expression(depth - 1), self.expression(depth - 1)],
                settings: vec![(self.name(), self.expression(depth - 1))],
            },
        };
        Expression {
            kind,
            range: Span::call_site().into(),
        }
    }
}

#[test]
fn whatever_is_printed_reads_back() {
    let mut choices = Choices(1);
    for _ in 0..2000 {
        let expression = choices.expression(4);
        let text = print::expression(&expression);
        let read = accepted(&format!("L() {{ {text} }}")).body.result;
        assert_eq!(format!("{read:?}"), format!("{expression:?}"), "{text}");
    }
}
