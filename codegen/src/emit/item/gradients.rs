//! The struct of gradients: one array per differentiable parameter, one number per learnt scalar.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::Header;
use super::{dimension, fields, is_differentiable_tensor, is_learnt};
use crate::ir::Loss;

/// The struct of gradients.
pub(in crate::emit) fn gradients(header: &Header, loss: &Loss) -> TokenStream {
    let Header {
        visibility, name, ..
    } = header;
    let gradients = format_ident!("{name}Gradients");
    let tensors = fields(loss, is_differentiable_tensor);
    let learnt = fields(loss, is_learnt);
    let dims: Vec<_> = tensors.iter().map(|f| dimension(&f.name)).collect();
    let ranks: Vec<_> = tensors
        .iter()
        .map(|f| {
            if f.param.axes.len() <= 6 {
                format_ident!("Ix{}", f.param.axes.len())
            } else {
                format_ident!("IxDyn")
            }
        })
        .collect();
    let names: Vec<_> = tensors.iter().map(|f| &f.name).collect();
    let scalars: Vec<_> = learnt.iter().map(|f| &f.name).collect();
    let doc = format!("Gradients of [`{name}`].");
    let field_docs = tensors
        .iter()
        .map(|f| format!("By `{}`, in its shape.", f.param.name));
    let scalar_docs = learnt.iter().map(|f| format!("By `{}`.", f.param.name));
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #gradients<F #(, #dims: ::loss_dsl::__rt::Dimension = ::loss_dsl::__rt::#ranks)*> {
            #(#[doc = #field_docs] pub #names: ::loss_dsl::__rt::Array<F, #dims>,)*
            #(#[doc = #scalar_docs] pub #scalars: F,)*
        }

        impl<F: ::loss_dsl::Float #(, #dims: ::loss_dsl::__rt::Dimension)*> #gradients<F #(, #dims)*> {
            /// Zeros in the shapes and memory orders of the inputs.
            pub fn like(#(#names: &::loss_dsl::__rt::ArrayRef<F, #dims>),*) -> Self {
                Self {
                    #(#names: ::loss_dsl::__rt::gradient_like(#names),)*
                    #(#scalars: F::ZERO,)*
                }
            }

            fn targets(&mut self) -> ::loss_dsl::GradientTargets<'_, F> {
                ::loss_dsl::GradientTargets::new()
                    #(.tensor(&mut self.#names))*
                    #(.scalar(&mut self.#scalars))*
            }
        }
    }
}
