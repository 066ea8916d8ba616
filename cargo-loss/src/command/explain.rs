//! `cargo loss explain`

use loss_codegen::explain::explain;
use loss_codegen::simplify::explain::Form;

use super::Outcome;
use crate::book::{Book, Entry};

pub(super) fn run(book: &Book, entry: Entry<'_>, kernel: bool) -> Result<Outcome, String> {
    let loss = book.analyse(entry)?;
    let form = if kernel { Form::Kernel } else { Form::Formula };
    anstream::print!("{}", explain(loss, form));
    Ok(Outcome::Good)
}
