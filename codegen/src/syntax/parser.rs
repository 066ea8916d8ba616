//! The cursor that all rules of the grammar share, and how they recover.
//!
//! A rule that meets a mistake reports it and returns `Err(Reported)`. The caller that knows where
//! the next independent part begins (after a `;`, after a `,`, after a closing bracket) goes on
//! there. So one mistake gives one message, and mistakes in different parts are all found.

use super::token::{Bracketed, Token, opening};
use crate::support::{Diagnostics, SourceRange};
use crate::syntax::ast::Name;
use proc_macro2::Delimiter;

/// A mistake that has been reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported;

/// What a rule returns.
pub(super) type Parsed<T> = Result<T, Reported>;

/// What outlives the single rule.
pub(super) struct Findings<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Whether a declaration was lost, so that unknown names mean nothing.
    pub(super) lost_names: bool,
}

/// A position in the tokens of one pair of brackets.
pub(super) struct Parser<'t, 'f, 'd> {
    tokens: &'t [Token],
    /// What a message names when the tokens run out, and where it points.
    pub(super) end: (String, SourceRange),
    pub(super) findings: &'f mut Findings<'d>,
    /// How many expressions enclose this one.
    pub(super) depth: usize,
}

impl<'t, 'f, 'd> Parser<'t, 'f, 'd> {
    pub(super) fn new(
        tokens: &'t [Token],
        end: (String, SourceRange),
        findings: &'f mut Findings<'d>,
    ) -> Self {
        Parser {
            tokens,
            end,
            findings,
            depth: 0,
        }
    }

    /// A parser of what is inside the brackets.
    pub(super) fn inside<'g>(&mut self, group: &'g Bracketed) -> Parser<'g, '_, 'd> {
        self.on(&group.tokens, group_end(group))
    }

    /// A parser of some tokens that are followed by `end`.
    fn on<'g>(&mut self, tokens: &'g [Token], end: (String, SourceRange)) -> Parser<'g, '_, 'd> {
        Parser {
            tokens,
            end,
            depth: self.depth,
            findings: self.findings,
        }
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    pub(super) fn peek_after(&self, count: usize) -> Option<&'t Token> {
        self.tokens.get(count)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(super) fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    pub(super) fn at_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.is_symbol(symbol))
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    pub(super) fn at_group(&self, delimiter: Delimiter) -> bool {
        matches!(self.peek(), Some(Token::Group(group)) if group.delimiter == delimiter)
    }

    /// Takes the symbol if it is next.
    pub(super) fn take_symbol(&mut self, symbol: &str) -> Option<SourceRange> {
        match self.peek() {
            Some(Token::Symbol(found, range)) if *found == symbol => {
                self.next();
                Some(*range)
            }
            _ => None,
        }
    }

    /// Takes the word if it is next.
    pub(super) fn take_word(&mut self, word: &str) -> Option<SourceRange> {
        match self.peek() {
            Some(Token::Word(name)) if name.text == word => {
                self.next();
                Some(name.range)
            }
            _ => None,
        }
    }

    /// Takes the brackets if they are next.
    pub(super) fn take_group(&mut self, delimiter: Delimiter) -> Option<&'t Bracketed> {
        match self.peek() {
            Some(Token::Group(group)) if group.delimiter == delimiter => {
                self.next();
                Some(group)
            }
            _ => None,
        }
    }

    /// Reports that something else was expected here.
    pub(super) fn expected(&mut self, what: &str) -> Reported {
        self.expected_with(what, None)
    }

    /// Reports that something else was expected here, and what to do.
    pub(super) fn expected_with(&mut self, what: &str, help: Option<String>) -> Reported {
        let (found, range) = match self.peek() {
            Some(token) => token.found(),
            None => self.end.clone(),
        };
        let message = format!("expected {what}, found {found}");
        self.findings.diagnostics.error_with(range, message, help);
        Reported
    }

    /// Reports a mistake at a place.
    pub(super) fn error(&mut self, range: SourceRange, message: impl Into<String>) -> Reported {
        self.findings.diagnostics.error(range, message);
        Reported
    }

    /// Reports a mistake at a place, and what to do.
    pub(super) fn error_with_help(
        &mut self,
        range: SourceRange,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Reported {
        self.findings
            .diagnostics
            .error_with_help(range, message, help);
        Reported
    }

    pub(super) fn name(&mut self, what: &str) -> Parsed<Name> {
        match self.peek() {
            Some(Token::Word(name)) => {
                self.next();
                Ok(name.clone())
            }
            _ => Err(self.expected(what)),
        }
    }

    pub(super) fn symbol(&mut self, symbol: &str, context: &str) -> Parsed<SourceRange> {
        self.take_symbol(symbol)
            .ok_or_else(|| self.expected(&format!("`{symbol}`{context}")))
    }

    pub(super) fn word(&mut self, word: &str, context: &str) -> Parsed<SourceRange> {
        self.take_word(word)
            .ok_or_else(|| self.expected(&format!("`{word}`{context}")))
    }

    pub(super) fn group(&mut self, delimiter: Delimiter, context: &str) -> Parsed<&'t Bracketed> {
        self.take_group(delimiter)
            .ok_or_else(|| self.expected(&format!("`{}`{context}", opening(delimiter))))
    }

    /// Refuses tokens that are left over; `what` says what could have come instead.
    pub(super) fn finished(&mut self, what: &str) -> Parsed<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    /// Reads a list whose items are separated by commas, each on its own: a mistake in one leaves
    /// the others. A comma after the last item is allowed.
    pub(super) fn list<T>(
        &mut self,
        group: &Bracketed,
        what: &str,
        item: impl FnMut(&mut Parser<'_, '_, 'd>) -> Parsed<T>,
    ) -> Vec<Parsed<T>> {
        self.list_of(&group.tokens, group_end(group), what, item)
    }

    /// As [`Parser::list`], on some tokens that are followed by `end`.
    pub(super) fn list_of<T>(
        &mut self,
        tokens: &[Token],
        end: (String, SourceRange),
        what: &str,
        mut item: impl FnMut(&mut Parser<'_, '_, 'd>) -> Parsed<T>,
    ) -> Vec<Parsed<T>> {
        let mut items = Vec::new();
        let mut rest = tokens;
        while !rest.is_empty() {
            let comma = rest.iter().position(|token| token.is_symbol(","));
            let (segment, after) = match comma {
                Some(at) => (&rest[..at], rest[at].found()),
                None => (rest, end.clone()),
            };
            let mut parser = self.on(segment, after);
            let parsed = if segment.is_empty() {
                Err(parser.expected(what))
            } else {
                item(&mut parser).and_then(|value| {
                    parser.finished("`,`")?;
                    Ok(value)
                })
            };
            items.push(parsed);
            rest = comma.map_or(&[], |at| &rest[at + 1..]);
        }
        items
    }

    /// Passes over everything up to and including the next `;`.
    pub(super) fn skip_statement(&mut self) {
        while let Some(token) = self.next() {
            if token.is_symbol(";") {
                break;
            }
        }
    }
}

/// How a message names the end of a group, and where it points.
pub(super) fn group_end(group: &Bracketed) -> (String, SourceRange) {
    let closing = match group.delimiter {
        Delimiter::Parenthesis => "`)`",
        Delimiter::Brace => "`}`",
        Delimiter::Bracket => "`]`",
        Delimiter::None => "the end",
    };
    (closing.to_owned(), group.close)
}
