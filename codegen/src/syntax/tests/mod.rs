//! What the grammar accepts comes back from the printer; what it refuses is refused once, there.

mod accepted;
mod refused;
mod round_trip;

use super::ast::Definition;
use super::{parse as parse_tokens, print};
use crate::support::Diagnostics;
use proc_macro2::TokenStream;

fn parse(source: &str) -> (Vec<Definition>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let tokens: TokenStream = source.parse().expect("Rust tokens");
    let definitions = parse_tokens(tokens, &mut diagnostics);
    (definitions, diagnostics)
}

fn messages(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.iter().map(|found| found.text()).collect()
}

fn accepted(source: &str) -> Definition {
    let (mut definitions, diagnostics) = parse(source);
    assert!(diagnostics.is_empty(), "{:?}", messages(&diagnostics));
    assert_eq!(definitions.len(), 1);
    definitions.remove(0)
}
