//! The texts of [`grammar`](crate::grammar), in pieces.

use crate::grammar::Kind;

/// A piece of a row's text.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Piece<'t> {
    /// As it stands.
    Text(&'t str),
    /// An axis by its letter.
    Axis(char),
    /// An expression.
    Hole {
        /// Its name, if it is written again.
        name: Option<&'t str>,
        kind: Kind,
        /// The axes that it must have; of a position, the axis that it is on.
        with: Vec<char>,
    },
    /// An expression that has been written before.
    Again(&'t str),
}

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut parts = text.split('#');
    found.extend(
        parts
            .next()
            .filter(|part| !part.is_empty())
            .map(Piece::Text),
    );
    for part in parts {
        let word = part.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = part.split_at(word.unwrap_or(part.len()));
        let rest = if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            found.push(Piece::Axis(name.chars().next().unwrap_or_default()));
            rest
        } else {
            hole(name, rest, &mut found)
        };
        if !rest.is_empty() {
            found.push(Piece::Text(rest));
        }
    }
    found
}

/// Reads a hole, whose first word has been read; gives what stands behind it.
fn hole<'t>(word: &'t str, rest: &'t str, found: &mut Vec<Piece<'t>>) -> &'t str {
    let (name, kind, mut rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_lowercase());
            let (kind, rest) = rest.split_at(end.unwrap_or(rest.len()));
            (Some(word), Kind::named(kind), rest)
        }
        None => (None, Kind::named(word), rest),
    };
    let Some(kind) = kind else {
        found.push(Piece::Again(word));
        return rest;
    };
    let mut with = Vec::new();
    while let Some(letter) = rest.strip_prefix('+').and_then(|rest| rest.chars().next())
        && letter.is_ascii_uppercase()
    {
        with.push(letter);
        rest = &rest[2..];
    }
    found.push(Piece::Hole { name, kind, with });
    rest
}

#[test]
fn texts_are_taken_apart() {
    let hole = |name, kind, with: &[char]| Piece::Hole {
        name,
        kind,
        with: with.to_vec(),
    };
    assert_eq!(
        pieces("(lse[#L](#z:real+L) - #z[#L = #place+L])"),
        [
            Piece::Text("(lse["),
            Piece::Axis('L'),
            Piece::Text("]("),
            hole(Some("z"), Kind::Real, &['L']),
            Piece::Text(") - "),
            Piece::Again("z"),
            Piece::Text("["),
            Piece::Axis('L'),
            Piece::Text(" = "),
            hole(None, Kind::Place, &['L']),
            Piece::Text("])"),
        ]
    );
    assert_eq!(pieces("#real").len(), 1);
}
