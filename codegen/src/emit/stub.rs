//! What is emitted beside errors where not even the interface of a loss is known.

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
