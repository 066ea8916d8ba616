//! Which words a body uses, read off the notation alone.
//!
//! Whether a declaration is of use must not depend on how far the analysis of a faulty body got, so
//! it is decided here: a name is used if an expression mentions it.

use crate::syntax::ast::{Block, Expression, ExpressionKind, Index, Statement};
use std::collections::BTreeSet;

/// The words in the expressions of a body.
#[derive(Default)]
pub(super) struct Mentions<'a> {
    /// Names of values and axes.
    pub(super) names: BTreeSet<&'a str>,
    /// Names that are called.
    pub(super) called: BTreeSet<&'a str>,
}

impl<'a> Mentions<'a> {
    /// All words of the body.
    pub(super) fn of(block: &'a Block) -> Mentions<'a> {
        let mut mentions = Mentions::default();
        mentions.block(block);
        mentions
    }

    fn block(&mut self, block: &'a Block) {
        for statement in &block.statements {
            match statement {
                Statement::Axis { like, .. } => {
                    self.names.insert(&like.text);
                }
                Statement::Let { value, .. }
                | Statement::Next { value, .. }
                | Statement::Weight { value, .. } => {
                    self.expression(value);
                }
                Statement::Function { body, .. } => self.block(body),
            }
        }
        self.expression(&block.result);
    }

    fn expression(&mut self, expression: &'a Expression) {
        match &expression.kind {
            ExpressionKind::Name(name) | ExpressionKind::Size(name) => {
                self.names.insert(&name.text);
            }
            ExpressionKind::Unary { operand, .. } => self.expression(operand),
            ExpressionKind::Binary { left, right, .. } => {
                self.expression(left);
                self.expression(right);
            }
            ExpressionKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expression(condition);
                self.block(then);
                self.block(otherwise);
            }
            ExpressionKind::Index { base, indices } => {
                self.expression(base);
                for index in indices {
                    self.index(index);
                }
            }
            ExpressionKind::Call {
                function,
                arguments,
                settings,
            } => {
                self.called.insert(&function.text);
                arguments
                    .iter()
                    .chain(settings.iter().map(|(_, value)| value))
                    .for_each(|argument| self.expression(argument));
            }
            ExpressionKind::Reduce {
                axes,
                filter,
                arguments,
                ..
            } => {
                self.names
                    .extend(axes.iter().map(|axis| axis.text.as_str()));
                arguments
                    .iter()
                    .chain(filter.as_deref())
                    .for_each(|argument| self.expression(argument));
            }
            ExpressionKind::Unroll { from, to, body, .. } => {
                self.expression(from);
                self.expression(to);
                self.expression(body);
            }
            ExpressionKind::Number { .. }
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Pi
            | ExpressionKind::Error => {}
        }
    }

    fn index(&mut self, index: &'a Index) {
        match index {
            Index::Gather { axis, position } => {
                self.names.insert(&axis.text);
                self.expression(position);
            }
            Index::Rename { from, to } => {
                self.names.insert(&from.text);
                self.names.insert(&to.text);
            }
        }
    }
}
