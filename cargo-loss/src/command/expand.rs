//! `cargo loss expand`

use super::Outcome;
use crate::book::{Book, Entry};
use crate::{colour, report};

pub(super) fn run(book: &Book, entry: Entry<'_>) -> Result<Outcome, String> {
    let definitions = book.complete(entry.block);
    let mistakes = entry.block.diagnostics.clone();
    let tokens = loss_codegen::expand_one(entry.name(), &definitions, mistakes)
        .map_err(|mistakes| report::refused(entry.name(), entry.source, &mistakes))?;
    let file = syn::parse2(tokens)
        .map_err(|error| format!("what the macro writes is no Rust: {error}"))?;
    anstream::print!("{}", colour::painted(&prettyplease::unparse(&file)));
    Ok(Outcome::Good)
}
