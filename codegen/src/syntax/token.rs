//! Tokens of the notation, from tokens of Rust.
//!
//! Rust's tokens come with single-character punctuation and with invisible groups around what a
//! `macro_rules!` macro captured. Here operators are whole, and an invisible group is either
//! transparent (one token, or a visibility) or stands as if parenthesised, which is what its
//! author meant by it.

use crate::support::SourceRange;
use crate::syntax::ast::Name;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// Symbols of more than one character, the longer before their prefixes.
const LONG_SYMBOLS: [&str; 10] = ["..=", "..", "->", "==", "!=", "<=", ">=", "&&", "||", "=>"];
/// Symbols of one character.
const SHORT_SYMBOLS: [&str; 14] = [
    "+", "-", "*", "/", "<", ">", "=", "!", ":", ";", ",", "#", "@", ".",
];

/// A token.
pub(super) enum Token {
    /// An identifier or keyword.
    Word(Name),
    /// A number as written.
    Number { text: String, range: SourceRange },
    /// An operator or separator.
    Symbol(&'static str, SourceRange),
    /// What stands in brackets.
    Group(Bracketed),
    /// A token that the notation does not use.
    Other { text: String, range: SourceRange },
}

/// A pair of brackets and what is between them.
pub(super) struct Bracketed {
    pub(super) delimiter: Delimiter,
    pub(super) open: SourceRange,
    pub(super) close: SourceRange,
    pub(super) tokens: Vec<Token>,
    /// The same as tokens of Rust, for attributes and visibilities.
    pub(super) source: Group,
}

impl Token {
    /// Its place.
    pub(super) fn range(&self) -> SourceRange {
        match self {
            Token::Word(name) => name.range,
            Token::Number { range, .. } | Token::Other { range, .. } | Token::Symbol(_, range) => {
                *range
            }
            Token::Group(group) => group.open.to(group.close),
        }
    }

    /// How a message names it, and the smallest place to point at.
    pub(super) fn found(&self) -> (String, SourceRange) {
        match self {
            Token::Word(name) => (format!("`{name}`"), name.range),
            Token::Number { text, range } | Token::Other { text, range } => {
                (format!("`{text}`"), *range)
            }
            Token::Symbol(symbol, range) => (format!("`{symbol}`"), *range),
            Token::Group(group) => (format!("`{}`", opening(group.delimiter)), group.open),
        }
    }

    /// Whether it is the symbol.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self, Token::Symbol(found, _) if *found == symbol)
    }

    /// Whether it is the word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(name) if name.text == word)
    }
}

/// The opening bracket.
pub(super) fn opening(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Parenthesis => "(",
        Delimiter::Brace => "{",
        Delimiter::Bracket => "[",
        Delimiter::None => "",
    }
}

/// Reads all tokens of a stream.
pub(super) fn tokenize(stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut trees = stream.into_iter().peekable();
    let mut marks: Vec<(char, SourceRange)> = Vec::new();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) => {
                marks.push((punct.as_char(), punct.span().into()));
                let joined = punct.spacing() == Spacing::Joint
                    && matches!(trees.peek(), Some(TokenTree::Punct(_)));
                if !joined {
                    split_symbols(&marks, &mut tokens);
                    marks.clear();
                }
            }
            TokenTree::Ident(ident) => tokens.push(Token::Word(Name {
                text: ident.to_string(),
                range: ident.span().into(),
            })),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let range = literal.span().into();
                tokens.push(if text.starts_with(|c: char| c.is_ascii_digit()) {
                    Token::Number { text, range }
                } else {
                    Token::Other { text, range }
                });
            }
            TokenTree::Group(group) => push_group(group, &mut tokens),
        }
    }
    tokens
}

fn push_group(group: Group, tokens: &mut Vec<Token>) {
    let mut inner = tokenize(group.stream());
    let invisible = group.delimiter() == Delimiter::None;
    if invisible && (inner.len() <= 1 || inner[0].is_word("pub")) {
        tokens.append(&mut inner);
        return;
    }
    tokens.push(Token::Group(Bracketed {
        delimiter: if invisible {
            Delimiter::Parenthesis
        } else {
            group.delimiter()
        },
        open: group.span_open().into(),
        close: group.span_close().into(),
        tokens: inner,
        source: group,
    }));
}

/// Cuts a run of adjacent punctuation into symbols, the longest first.
fn split_symbols(mut marks: &[(char, SourceRange)], tokens: &mut Vec<Token>) {
    while let Some((first, range)) = marks.first() {
        let known = LONG_SYMBOLS.iter().chain(&SHORT_SYMBOLS).find(|symbol| {
            symbol.len() <= marks.len() && symbol.chars().zip(marks).all(|(c, mark)| c == mark.0)
        });
        let taken = match known {
            Some(symbol) => {
                let last = marks[symbol.len() - 1].1;
                tokens.push(Token::Symbol(symbol, range.to(last)));
                symbol.len()
            }
            None => {
                tokens.push(Token::Other {
                    text: first.to_string(),
                    range: *range,
                });
                1
            }
        };
        marks = &marks[taken..];
    }
}
