//! Rust and definitions in colour.
//!
//! The lexer is that of `proc-macro2`; a class is a matter of one token and the one behind it. What lies between tokens (blanks and
//! comments) is copied.

use std::fmt::Write;

use anstyle::{AnsiColor, Effects, Style};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a stretch of the text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Plain,
    Keyword,
    /// A type of Rust; an axis, or a loss, of a definition.
    Type,
    Function,
    Number,
    Text,
    Comment,
}

impl Class {
    fn style(self) -> Style {
        match self {
            Class::Plain => Style::new(),
            Class::Keyword => AnsiColor::Magenta.on_default(),
            Class::Type => AnsiColor::Yellow.on_default(),
            Class::Function => AnsiColor::Blue.on_default(),
            Class::Number => AnsiColor::Cyan.on_default(),
            Class::Text => AnsiColor::Green.on_default(),
            Class::Comment => Style::new().effects(Effects::DIMMED),
        }
    }
}

/// Words that both languages, or one of them, keep for themselves.
const KEYWORDS: [&str; 42] = [
    "as",
    "axis",
    "break",
    "const",
    "continue",
    "crate",
    "denominator",
    "else",
    "enum",
    "false",
    "flag",
    "fn",
    "for",
    "id",
    "if",
    "impl",
    "in",
    "learn",
    "let",
    "like",
    "loop",
    "mask",
    "match",
    "mod",
    "move",
    "mut",
    "next",
    "pub",
    "ref",
    "return",
    "scalar",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "use",
    "weight",
    "where",
    "while",
];

/// The text with escape sequences for a terminal; as it is, if it is no sequence of tokens.
pub(crate) fn painted(text: &str) -> String {
    let Some(parts) = classified(text) else {
        return text.to_owned();
    };
    let mut painted = String::new();
    for (class, part) in parts {
        let style = class.style();
        // Writing into a string does not fail.
        let _ = write!(painted, "{style}{part}{style:#}");
    }
    painted
}

/// The text in pieces that make it up again, each with what it is; `None` if it is no sequence of tokens.
pub(crate) fn classified(text: &str) -> Option<Vec<(Class, &str)>> {
    let tokens: TokenStream = text.parse().ok()?;
    let mut painter = Painter {
        text,
        done: 0,
        parts: vec![],
    };
    painter.stream(tokens);
    painter.upto(text.len());
    Some(painter.parts)
}

struct Painter<'t> {
    text: &'t str,
    /// Up to where the text is classified.
    done: usize,
    parts: Vec<(Class, &'t str)>,
}

impl Painter<'_> {
    /// What lies before the next token.
    fn upto(&mut self, start: usize) {
        if start <= self.done {
            return;
        }
        let between = &self.text[self.done..start];
        let class = if between.trim().is_empty() {
            Class::Plain
        } else {
            Class::Comment
        };
        self.parts.push((class, between));
        self.done = start;
    }

    fn token(&mut self, class: Class, range: std::ops::Range<usize>) {
        // The tokens that stand for a comment of documentation all have its place.
        if range.start < self.done {
            return;
        }
        self.upto(range.start);
        let token = &self.text[range.clone()];
        let is_comment = token.starts_with("//") || token.starts_with("/*");
        let class = if is_comment { Class::Comment } else { class };
        self.parts.push((class, token));
        self.done = range.end;
    }

    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let range = token.span().byte_range();
            match token {
                TokenTree::Group(group) => {
                    self.token(Class::Plain, group.span_open().byte_range());
                    self.stream(group.stream());
                    self.token(Class::Plain, group.span_close().byte_range());
                }
                TokenTree::Ident(ident) => {
                    let calls = |next: &TokenTree| match next {
                        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
                        TokenTree::Punct(punct) => punct.as_char() == '!',
                        _ => false,
                    };
                    let class = word(&ident.to_string(), tokens.peek().is_some_and(calls));
                    self.token(class, range);
                }
                TokenTree::Literal(literal) => {
                    let is_number = literal
                        .to_string()
                        .starts_with(|c: char| c.is_ascii_digit());
                    let class = if is_number {
                        Class::Number
                    } else {
                        Class::Text
                    };
                    self.token(class, range);
                }
                TokenTree::Punct(_) => self.token(Class::Plain, range),
            }
        }
    }
}

fn word(word: &str, calls: bool) -> Class {
    if KEYWORDS.binary_search(&word).is_ok() {
        Class::Keyword
    } else if word.starts_with(char::is_uppercase) {
        Class::Type
    } else if calls {
        Class::Function
    } else {
        Class::Plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn pieces_make_up_the_text() {
        let text = "/// Doc.\npub A(z: [N, C]) { // why\n    lse[C](z) - \"s\" * 2.5 }\n";
        let parts = classified(text).expect("tokens");
        let whole: String = parts.iter().map(|part| part.1).collect();
        assert_eq!(whole, text);
        let of = |piece: &str| parts.iter().find(|part| part.1 == piece).map(|part| part.0);
        assert_eq!(of("/// Doc."), Some(Class::Comment));
        assert_eq!(of("pub"), Some(Class::Keyword));
        assert_eq!(of("N"), Some(Class::Type));
        assert_eq!(of("lse"), Some(Class::Function));
        assert_eq!(of("2.5"), Some(Class::Number));
        assert_eq!(of(" // why\n    "), Some(Class::Comment));
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is() {
        assert_eq!(painted("a ) b"), "a ) b");
    }
}
