//! The macro `loss!`: a thin shim around `loss-codegen`, which is an ordinary library.

use proc_macro::TokenStream;

/// Declares losses as mathematics; see `loss_dsl::loss`.
#[proc_macro]
pub fn loss(input: TokenStream) -> TokenStream {
    let kernels = loss_codegen::Kernels {
        sharded: cfg!(feature = "sharding"),
    };
    loss_codegen::expand_with(input.into(), kernels).into()
}
