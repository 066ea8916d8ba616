//! The macro `loss!`: a thin shim around `loss-codegen`, which is an ordinary library.

use proc_macro::TokenStream;

/// Declares losses as mathematics; see `loss_dsl::loss`.
#[proc_macro]
pub fn loss(input: TokenStream) -> TokenStream {
    loss_codegen::expand(input.into()).into()
}
