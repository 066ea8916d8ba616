//! Auxiliary outputs: their struct, the method that computes them, and the one that stores those that are state.

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
    let stateful = loss.auxiliary.iter().filter_map(|a| a.next);
    let stateful: Vec<_> = stateful
        .map(|param| format!("`{}`", loss.graph.param(param).name))
        .collect();
    let advance = (!stateful.is_empty()).then(|| {
        let doc = format!(
            "Stores what follows this step in {}. Nothing else changes: call it once after the value \
             and the gradients of a step have been computed. A batch without samples changes nothing.",
            stateful.join(", ")
        );
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            /// As [`forward`](Self::forward), and if what follows is not finite or outside the declared range;
            /// then nothing is stored.
            pub fn advance<F: ::loss_dsl::Float #(, #generics)*>(
                &mut self #(, #list)*
            ) -> ::core::result::Result<(), ::loss_dsl::Error> {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::step(self, &inputs)
            }
        }
    });
    quote! {
        #advance


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
        let axes = axes_text(&loss.graph, &a.axes);
        let doc = match a.next {
            Some(param) => format!("`{}` after this step.", loss.graph.param(param).name),
            None => format!("`{}`, axes {axes}.", a.name),
        };
        quote!(#[doc = #doc] pub #field: ::loss_dsl::__rt::ArrayD<F>,)
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #name<F> { #(#outputs)* }
    }
}
