//! Expressions, by precedence climbing.
//!
//! Brackets are token trees, so what is inside a pair is read by itself: a mistake there leaves an
//! `Error` node and the rest of the expression is still read and checked.

use super::parser::{Parsed, Parser, group_end};
use super::statement::block;
use super::token::{Bracketed, Token};
use crate::support::{Rational, SourceRange};
use crate::syntax::ast::{
    BinaryOperator, Block, Expression, ExpressionKind, Name, Precedence, Statement, UnaryOperator,
};
use proc_macro2::Delimiter;

/// What Rust writes after numbers of a type.
const SUFFIXES: [&str; 6] = ["f32", "f64", "i32", "i64", "u32", "usize"];

/// Deeper nesting would be a mistake, and later stages walk the tree recursively.
const MAX_DEPTH: usize = 100;

impl<'t, 'd> Parser<'t, '_, 'd> {
    /// Reads an expression.
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.operators(Precedence::Or)
    }

    /// Reads an expression of numbers, as in a default: no comparisons.
    pub(super) fn number_expression(&mut self) -> Parsed<Expression> {
        self.operators(Precedence::Sum)
    }

    /// Reads an expression; a mistake in it leaves an `Error` node.
    pub(super) fn expression_or_error(&mut self) -> Expression {
        let range = self.here();
        self.expression().unwrap_or(Expression {
            kind: ExpressionKind::Error,
            range,
        })
    }

    fn here(&self) -> SourceRange {
        self.peek().map_or(self.end.1, Token::range)
    }

    /// Reads the whole of a pair of brackets as one expression.
    pub(super) fn only_expression(&mut self, group: &Bracketed) -> Expression {
        let mut inside = self.inside(group);
        let parsed = inside.expression().and_then(|expression| {
            inside.finished("an operator or `)`")?;
            Ok(expression)
        });
        parsed.unwrap_or(Expression {
            kind: ExpressionKind::Error,
            range: group.open.to(group.close),
        })
    }

    /// Reads operands joined by operators that bind at least as tightly as `least`.
    fn operators(&mut self, least: Precedence) -> Parsed<Expression> {
        if self.depth >= MAX_DEPTH {
            let message = format!("expressions nest deeper than {MAX_DEPTH} levels");
            return Err(self.error_with_help(self.here(), message, "name a part with `let`"));
        }
        self.depth += 1;
        let parsed = self.operators_within(least);
        self.depth -= 1;
        parsed
    }

    fn operators_within(&mut self, least: Precedence) -> Parsed<Expression> {
        let mut left = self.operand()?;
        let mut compared = false;
        while let Some((operator, range)) = self.peek_operator() {
            let precedence = operator.precedence();
            if precedence < least {
                break;
            }
            if precedence == Precedence::Comparison {
                if compared {
                    let help = "write `a < b && b < c`";
                    return Err(self.error_with_help(range, "comparisons do not chain", help));
                }
                compared = true;
            } else if precedence < Precedence::Comparison {
                compared = false;
            }
            self.next();
            let right = self.operators(precedence.tighter())?;
            left = Expression {
                range: left.range.to(right.range),
                kind: ExpressionKind::Binary {
                    operator,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
        }
        Ok(left)
    }

    fn peek_operator(&self) -> Option<(BinaryOperator, SourceRange)> {
        let Some(Token::Symbol(symbol, range)) = self.peek() else {
            return None;
        };
        let operator = BinaryOperator::ALL
            .into_iter()
            .find(|operator| operator.symbol() == *symbol)?;
        Some((operator, *range))
    }

    fn operand(&mut self) -> Parsed<Expression> {
        for operator in [UnaryOperator::Negate, UnaryOperator::Not] {
            if let Some(range) = self.take_symbol(operator.symbol()) {
                let operand = match operator {
                    UnaryOperator::Negate => self.operators(Precedence::Negation)?,
                    UnaryOperator::Not => self.operators(Precedence::Comparison)?,
                };
                return Ok(Expression {
                    range: range.to(operand.range),
                    kind: ExpressionKind::Unary {
                        operator,
                        operand: Box::new(operand),
                    },
                });
            }
        }
        let mut value = self.primary()?;
        while let Some(group) = self.take_group(Delimiter::Bracket) {
            value = self.index(value, group);
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        match self.peek() {
            Some(Token::Number { text, range }) => {
                self.next();
                self.number(text, *range)
            }
            Some(Token::Word(word)) => self.named(word),
            Some(Token::Group(group)) if group.delimiter == Delimiter::Parenthesis => {
                self.next();
                let mut inner = self.only_expression(group);
                inner.range = group.open.to(group.close);
                Ok(inner)
            }
            _ => Err(self.expected("an expression")),
        }
    }

    fn number(&mut self, text: &str, range: SourceRange) -> Parsed<Expression> {
        match Rational::from_decimal(text) {
            Some(value) => Ok(Expression {
                kind: ExpressionKind::Number {
                    value,
                    text: text.to_owned(),
                },
                range,
            }),
            None if SUFFIXES.iter().any(|suffix| text.ends_with(suffix)) => {
                let message = format!("`{text}` has a type suffix; numbers have none");
                Err(self.error(range, message))
            }
            None => {
                let message = format!("`{text}` is not a decimal number of at most 38 digits");
                Err(self.error(range, message))
            }
        }
    }

    /// Reads what begins with a word.
    fn named(&mut self, word: &Name) -> Parsed<Expression> {
        if word.text == "if" {
            return self.conditional();
        }
        if matches!(word.text.as_str(), "let" | "else" | "fn" | "pub") {
            return Err(self.expected("an expression"));
        }
        self.next();
        let constant = match word.text.as_str() {
            "true" => Some(ExpressionKind::Boolean(true)),
            "false" => Some(ExpressionKind::Boolean(false)),
            "pi" => Some(ExpressionKind::Pi),
            _ => None,
        };
        if let Some(kind) = constant {
            return Ok(Expression {
                kind,
                range: word.range,
            });
        }
        if let Some(group) = self.take_group(Delimiter::Parenthesis) {
            return Ok(self.call(word, group));
        }
        if self.at_group(Delimiter::Bracket) {
            let called = matches!(self.peek_after(1), Some(Token::Group(group)) if group.delimiter == Delimiter::Parenthesis);
            let unrolled = matches!(self.peek(), Some(Token::Group(group)) if group.tokens.get(1).is_some_and(|token| token.is_word("in")));
            match word.text.as_str() {
                "size" => return self.size(word),
                "count" => return self.reduction(word),
                _ if called || unrolled => return self.reduction(word),
                _ => {}
            }
        }
        Ok(Expression {
            kind: ExpressionKind::Name(word.clone()),
            range: word.range,
        })
    }

    fn size(&mut self, word: &Name) -> Parsed<Expression> {
        let group = self.group(Delimiter::Bracket, "")?;
        let mut inside = self.inside(group);
        let axis = inside.name("an axis")?;
        inside.finished("`]`")?;
        Ok(Expression {
            kind: ExpressionKind::Size(axis),
            range: word.range.to(group.close),
        })
    }

    /// Reads `(a, b; name = c)` after a function.
    fn call(&mut self, function: &Name, group: &Bracketed) -> Expression {
        let semicolon = group.tokens.iter().position(|token| token.is_symbol(";"));
        let (positional, named) = match semicolon {
            Some(at) => (&group.tokens[..at], &group.tokens[at + 1..]),
            None => (&group.tokens[..], &[][..]),
        };
        let end = semicolon.map_or_else(|| group_end(group), |at| group.tokens[at].found());
        let arguments = self.arguments(positional, end, group);
        let settings = self
            .list_of(named, group_end(group), "`name = value`", |item| {
                let name = item.name("the name of a scalar, flag or static integer")?;
                item.symbol("=", &format!(" and the value of `{name}`"))?;
                Ok((name, item.expression()?))
            })
            .into_iter()
            .flatten()
            .collect();
        Expression {
            range: function.range.to(group.close),
            kind: ExpressionKind::Call {
                function: function.clone(),
                arguments,
                settings,
            },
        }
    }

    /// Reads arguments; one that makes no sense still counts.
    pub(super) fn arguments(
        &mut self,
        tokens: &[Token],
        end: (String, SourceRange),
        group: &Bracketed,
    ) -> Vec<Expression> {
        self.list_of(tokens, end, "an argument", |item| {
            let value = item.expression()?;
            item.finished("an operator or `,`")?;
            Ok(value)
        })
        .into_iter()
        .map(|parsed| {
            parsed.unwrap_or(Expression {
                kind: ExpressionKind::Error,
                range: group.open.to(group.close),
            })
        })
        .collect()
    }

    /// Reads `if c { a } else { b }`.
    fn conditional(&mut self) -> Parsed<Expression> {
        let keyword = self.word("if", "")?;
        let condition = self.expression()?;
        let then = self.group(Delimiter::Brace, " and the value where the condition holds")?;
        let then_block = self.branch(then);
        if self.take_word("else").is_none() {
            let help = "write `else { … }`: every position needs a value";
            return Err(self.error_with_help(keyword, "this `if` has no `else`", help));
        }
        let (otherwise, last) = if self.at_word("if") {
            let chained = self.conditional()?;
            let last = chained.range;
            let block = Block {
                statements: Vec::new(),
                result: chained,
            };
            (block, last)
        } else {
            let group = self.group(Delimiter::Brace, " or `if` after `else`")?;
            (self.branch(group), group.close)
        };
        Ok(Expression {
            range: keyword.to(last),
            kind: ExpressionKind::If {
                condition: Box::new(condition),
                then: Box::new(then_block),
                otherwise: Box::new(otherwise),
            },
        })
    }

    /// Reads a branch: `let`s and a value.
    fn branch(&mut self, group: &Bracketed) -> Block {
        let mut body = block(
            &mut self.inside(group),
            group.close,
            "the value of the branch",
        );
        body.statements.retain(|statement| {
            let place = match statement {
                Statement::Let { public: false, .. } => return true,
                Statement::Let { name, .. }
                | Statement::Axis { name, .. }
                | Statement::Next { name, .. }
                | Statement::Function { name, .. } => name.range,
                Statement::Weight { keyword, .. } => *keyword,
            };
            self.findings.lost_names = true;
            self.error(place, "a branch of an `if` declares nothing but `let`");
            false
        });
        body
    }
}
