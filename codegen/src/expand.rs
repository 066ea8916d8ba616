//! The macro as a function: tokens in, items or errors out.

use proc_macro2::TokenStream;

use crate::compile::{compile, header};
use crate::emit;
use crate::support::Diagnostics;
use crate::syntax;

/// Expands `loss! { input }`: the items of every loss, or every mistake together with types of
/// the right names, so that no further errors follow.
pub fn expand(input: TokenStream) -> TokenStream {
    match compile(input.clone()) {
        Ok(losses) => losses
            .iter()
            .map(|loss| {
                emit::emit(
                    &loss.header,
                    &loss.simplified.kernel,
                    &loss.plans,
                    &loss.derivation,
                )
            })
            .collect(),
        Err(diagnostics) => {
            let definitions = syntax::parse(input, &mut Diagnostics::new());
            let mut tokens = diagnostics.to_compile_errors();
            tokens.extend(
                definitions
                    .iter()
                    .filter(|definition| !definition.imported)
                    .map(|definition| emit::stub(&header(definition))),
            );
            tokens
        }
    }
}
