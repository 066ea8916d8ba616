//! Auxiliary outputs: their struct and the method that computes them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::Header;
use super::super::scope::raw_ident;
use super::{Arguments, axes_text};
use crate::ir::Loss;

pub(super) fn auxiliary_method(header: &Header, loss: &Loss) -> TokenStream {
    if loss.auxiliary.is_empty() {
        return TokenStream::new();
    }
    let name = format_ident!("{}Auxiliary", header.name);
    let Arguments {
        list,
        generics,
        pass,
        ..
    } = &Arguments::of(loss);
    let outputs: Vec<_> = loss.auxiliary.iter().map(|a| raw_ident(&a.name)).collect();
    quote! {
        /// The auxiliary outputs.
        ///
        /// # Errors
        /// As [`forward`](Self::forward).
        pub fn auxiliary<F: ::loss_dsl::Float #(, #generics)*>(
            &self #(, #list)*
        ) -> ::core::result::Result<#name<F>, ::loss_dsl::Error> {
            let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
            let (_, [#(#outputs),*]) = ::loss_dsl::__rt::auxiliary(self, &inputs)?;
            ::core::result::Result::Ok(#name { #(#outputs),* })
        }
    }
}

/// The struct of auxiliary outputs, if there are any.
pub(in crate::emit) fn auxiliary(header: &Header, loss: &Loss) -> TokenStream {
    if loss.auxiliary.is_empty() {
        return TokenStream::new();
    }
    let visibility = &header.visibility;
    let name = format_ident!("{}Auxiliary", header.name);
    let doc = format!("Auxiliary outputs of [`{}`].", header.name);
    let outputs = loss.auxiliary.iter().map(|a| {
        let field = raw_ident(&a.name);
        let doc = format!("`{}`, axes {}.", a.name, axes_text(&loss.graph, &a.axes));
        quote!(#[doc = #doc] pub #field: ::loss_dsl::__rt::ArrayD<F>,)
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #name<F> { #(#outputs)* }
    }
}
