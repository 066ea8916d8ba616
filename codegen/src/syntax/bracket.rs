//! What square brackets mean: reductions, unrolled loops and indices.

use super::parser::{Parsed, Parser, Reported, group_end};
use super::token::{Bracketed, Token};
use crate::syntax::ast::{Expression, ExpressionKind, Index, Name};
use proc_macro2::Delimiter;

impl<'d> Parser<'_, '_, 'd> {
    /// Reads `[C, condition](arguments)` or `[k in a..b](term)` after a reduction.
    pub(super) fn reduction(&mut self, reduction: &Name) -> Parsed<Expression> {
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
    pub(super) fn index(&mut self, base: Expression, brackets: &Bracketed) -> Expression {
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
            // Axes begin with a capital letter, labels hardly ever do.
            if axis.text.starts_with(char::is_lowercase) {
                format!(
                    "`{base}[AXIS = {axis}]` is the element at the position `{axis}` on an axis"
                )
            } else {
                format!(
                    "an index is `{base}[{axis} = position]`; a reduction is `{base}[{axis}](…)`"
                )
            }
        });
        Err(self.expected_with(&format!("`=` or `->` after the axis `{axis}`"), help))
    }
}
