//! What is emitted beside errors, so that one mistake does not cause others.
//!
//! The type exists with its fields and methods and the right signatures where the header could be
//! read; its bodies are never reached, since the errors stop compilation.

use proc_macro2::TokenStream;
use quote::quote;

use super::Header;

/// A type of the right name.
pub fn stub(header: &Header) -> TokenStream {
    let Header {
        visibility, name, ..
    } = header;
    quote! {
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default)]
        #[allow(missing_docs)]
        #visibility struct #name {
            pub options: ::loss_dsl::Options,
        }
    }
}
