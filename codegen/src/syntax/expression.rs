//! Expressions, by precedence climbing.
//!
//! Brackets are token trees, so what is inside a pair is read by itself: a mistake there leaves an
//! `Error` node and the rest of the expression is still read and checked.

use super::parser::{Parsed, Parser, Reported, group_end};
use super::statement::block;
use super::token::{Bracketed, Token};
use crate::support::{Rational, SourceRange};
use crate::syntax::ast::{
    BinaryOperator, Block, Expression, ExpressionKind, Index, Name, Precedence, Statement,
    UnaryOperator,
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
    fn only_expression(&mut self, group: &Bracketed) -> Expression {
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
    fn arguments(
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

    /// Reads `[C, condition](arguments)` or `[k in a..b](term)` after a reduction.
    fn reduction(&mut self, reduction: &Name) -> Parsed<Expression> {
        let brackets = self.group(Delimiter::Bracket, "")?;
        let mut inside = self.inside(brackets);
        if inside
            .peek_after(1)
            .is_some_and(|token| token.is_word("in"))
        {
            return self.unrolled(reduction, brackets);
        }
        let closed = inside.closed_axes(brackets);
        let (arguments, last) = match self.take_group(Delimiter::Parenthesis) {
            Some(group) => (
                self.arguments(&group.tokens, group_end(group), group),
                group.close,
            ),
            None => (Vec::new(), brackets.close),
        };
        let range = reduction.range.to(last);
        let kind = match closed {
            Ok((axes, filter)) => ExpressionKind::Reduce {
                reduction: reduction.clone(),
                axes,
                filter: filter.map(Box::new),
                arguments,
            },
            Err(Reported) => ExpressionKind::Error,
        };
        Ok(Expression { kind, range })
    }

    /// Reads the axes that a reduction closes and its condition.
    fn closed_axes(&mut self, brackets: &Bracketed) -> Parsed<(Vec<Name>, Option<Expression>)> {
        if brackets.tokens.is_empty() {
            return Err(self.expected("an axis"));
        }
        let mut axes = Vec::new();
        let mut filter: Option<Expression> = None;
        for item in self.list(brackets, "an axis", |item| item.expression()) {
            let item = item?;
            if let Some(filter) = &filter {
                let help = "join several conditions with `&&`";
                let message = "the condition comes last, after the axes";
                return Err(self.error_with_help(filter.range, message, help));
            }
            match item.kind {
                ExpressionKind::Name(axis) => axes.push(axis),
                _ => filter = Some(item),
            }
        }
        match (&filter, axes.is_empty()) {
            (Some(filter), true) => {
                Err(self.error(filter.range, "expected an axis before the condition"))
            }
            _ => Ok((axes, filter)),
        }
    }

    /// Reads `[k in 0..m](term)`.
    fn unrolled(&mut self, reduction: &Name, brackets: &Bracketed) -> Parsed<Expression> {
        let range = self.inside(brackets).unrolled_range();
        let arguments = self.group(
            Delimiter::Parenthesis,
            &format!(" and the term of the unrolled `{reduction}`"),
        )?;
        let body = self.only_expression(arguments);
        let (variable, from, to, inclusive) = range?;
        Ok(Expression {
            range: reduction.range.to(arguments.close),
            kind: ExpressionKind::Unroll {
                reduction: reduction.clone(),
                variable,
                from: Box::new(from),
                to: Box::new(to),
                inclusive,
                body: Box::new(body),
            },
        })
    }

    fn unrolled_range(&mut self) -> Parsed<(Name, Expression, Expression, bool)> {
        let variable = self.name("a name")?;
        self.word("in", "")?;
        let from = self.number_expression()?;
        let inclusive = if self.take_symbol("..=").is_some() {
            true
        } else if self.take_symbol("..").is_some() {
            false
        } else {
            return Err(self.expected("`..` or `..=`"));
        };
        let to = self.number_expression()?;
        self.finished("an operator or `]`")?;
        Ok((variable, from, to, inclusive))
    }

    /// Reads `[C = y, N -> M]` after a value.
    fn index(&mut self, base: Expression, brackets: &Bracketed) -> Expression {
        let range = base.range.to(brackets.close);
        let named = match &base.kind {
            ExpressionKind::Name(name) => Some(name.text.clone()),
            _ => None,
        };
        if brackets.tokens.is_empty() {
            self.inside(brackets)
                .expected("`AXIS = position` or `AXIS -> AXIS`");
        }
        let indices: Parsed<Vec<Index>> = self
            .list(brackets, "an index", |item| {
                item.one_index(named.as_deref())
            })
            .into_iter()
            .collect();
        let kind = match indices {
            Ok(indices) if !indices.is_empty() => ExpressionKind::Index {
                base: Box::new(base),
                indices,
            },
            _ => ExpressionKind::Error,
        };
        Expression { kind, range }
    }

    fn one_index(&mut self, base: Option<&str>) -> Parsed<Index> {
        let axis = match self.peek() {
            Some(Token::Word(axis)) => {
                self.next();
                axis.clone()
            }
            _ => return Err(self.expected("`AXIS = position` or `AXIS -> AXIS`")),
        };
        if self.take_symbol("=").is_some() {
            let position = self.expression()?;
            return Ok(Index::Gather { axis, position });
        }
        if self.take_symbol("->").is_some() {
            let to = self.name("an axis")?;
            return Ok(Index::Rename { from: axis, to });
        }
        let help = base.map(|base| {
            format!("an index is `{base}[{axis} = position]`; a reduction is `{base}[{axis}](…)`")
        });
        Err(self.expected_with(&format!("`=` or `->` after the axis `{axis}`"), help))
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
