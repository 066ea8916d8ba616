//! Diagnostics: every independent mistake of a definition, each at its own tokens.
//!
//! A stage takes `&mut Diagnostics`, reports what it finds and goes on; whoever drives the stages
//! asks at the end. Nothing stops at the first mistake, and nothing is reported twice: a part
//! that was already refused becomes a poison value in the stage concerned.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use std::fmt;

/// A stretch of the user's source, from the start of one token to the end of another.
///
/// Stable Rust cannot join two spans inside a procedural macro, so both ends are kept: rustc joins
/// them when it underlines the error. Positions carry no meaning, so `Debug` omits them and two
/// syntax trees that differ in nothing else print alike.
#[derive(Clone, Copy)]
pub struct SourceRange {
    /// The first token.
    pub start: Span,
    /// The last token.
    pub end: Span,
}

impl SourceRange {
    /// From the start of `self` to the end of `last`.
    #[must_use]
    pub fn to(self, last: SourceRange) -> SourceRange {
        SourceRange {
            start: self.start,
            end: last.end,
        }
    }
}

impl From<Span> for SourceRange {
    fn from(span: Span) -> SourceRange {
        SourceRange {
            start: span,
            end: span,
        }
    }
}

impl fmt::Debug for SourceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// One mistake: where, what was found and expected, and perhaps what to write instead.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The offending tokens.
    pub range: SourceRange,
    /// What is wrong, starting in lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// `message`, then the help on a line of its own.
    pub fn text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}\nhelp: {help}", self.message),
            None => self.message.clone(),
        }
    }

    /// `::core::compile_error! { "…" }` spanned so that rustc underlines the offending tokens.
    pub fn to_compile_error(&self) -> TokenStream {
        let SourceRange { start, end } = self.range;
        let punct = |mark, spacing| {
            let mut punct = Punct::new(mark, spacing);
            punct.set_span(start);
            TokenTree::Punct(punct)
        };
        let path_separator = || [punct(':', Spacing::Joint), punct(':', Spacing::Alone)];
        let mut text = Literal::string(&self.text());
        text.set_span(end);
        let mut body = Group::new(Delimiter::Brace, TokenTree::Literal(text).into());
        body.set_span(end);
        let mut tokens = TokenStream::new();
        tokens.extend(path_separator());
        tokens.extend([TokenTree::Ident(Ident::new("core", start))]);
        tokens.extend(path_separator());
        tokens.extend([
            TokenTree::Ident(Ident::new("compile_error", start)),
            punct('!', Spacing::Alone),
            TokenTree::Group(body),
        ]);
        tokens
    }
}

/// The mistakes found so far, in the order in which they were found.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None yet.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Records a mistake.
    pub fn error(&mut self, range: impl Into<SourceRange>, message: impl Into<String>) {
        self.found.push(Diagnostic {
            range: range.into(),
            message: message.into(),
            help: None,
        });
    }

    /// Records a mistake together with what to do about it.
    pub fn error_with_help(
        &mut self,
        range: impl Into<SourceRange>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.push(Diagnostic {
            range: range.into(),
            message: message.into(),
            help: Some(help.into()),
        });
    }

    /// Records a mistake whose help may be missing.
    pub fn error_with(
        &mut self,
        range: impl Into<SourceRange>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.found.push(Diagnostic {
            range: range.into(),
            message: message.into(),
            help,
        });
    }

    /// Adds what was found elsewhere.
    pub fn append(&mut self, other: Diagnostics) {
        self.found.extend(other.found);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many were found: compare before and after to know whether a part was clean.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.found.iter()
    }

    /// One `compile_error!` per mistake, each an item ending in its braces.
    pub fn to_compile_errors(&self) -> TokenStream {
        self.found
            .iter()
            .map(Diagnostic::to_compile_error)
            .collect()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The candidate nearest to a misspelt `name`, if one is near enough to be what was meant.
///
/// Near enough: as many edits as a third of the longer name, at least one; a difference in case
/// only always is. Among equally near candidates the first wins.
pub fn nearest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter_map(|candidate| {
            if candidate.eq_ignore_ascii_case(name) {
                return Some((0, candidate));
            }
            let length = name.chars().count().max(candidate.chars().count());
            let distance = edit_distance(name, candidate);
            // One edit turns any one-letter name into any other, which says nothing.
            (length > 1 && distance <= (length / 3).max(1)).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let names = ["softmax", "log_softmax", "sum", "mean", "max", "C", "N"];
        let cases = [
            ("sofmax", Some("softmax")),
            ("sotfmax", Some("softmax")),
            ("logsoftmax", Some("log_softmax")),
            ("summ", Some("sum")),
            ("maen", Some("mean")),
            ("c", Some("C")),
            ("D", None),
            ("lse", None),
            ("sum", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest_name(name, names), expected, "{name}");
        }
    }

    #[test]
    fn edits() {
        let cases = [("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1)];
        for (a, b, distance) in cases {
            assert_eq!(edit_distance(a, b), distance, "{a} {b}");
        }
    }

    #[test]
    fn becomes_a_compile_error_with_its_help() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.error_with_help(Span::call_site(), "no axis `K`", "did you mean `C`?");
        diagnostics.error(Span::call_site(), "second");
        assert_eq!(
            diagnostics.to_compile_errors().to_string().replace(' ', ""),
            "::core::compile_error!{\"noaxis`K`\\nhelp:didyoumean`C`?\"}::core::compile_error!{\"second\"}"
        );
        assert_eq!(diagnostics.len(), 2);
    }
}
