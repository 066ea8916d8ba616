//! The typed methods: arguments of the definition's names and kinds, passed to the trait's.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::Header;
use super::auxiliary::auxiliary_method;
use super::{Arguments, axes_text, dimension, fields, is_differentiable_tensor, is_learnt};
use crate::ir::{Loss, Role};

/// The typed methods.
pub(in crate::emit) fn methods(header: &Header, loss: &Loss) -> TokenStream {
    let name = &header.name;
    let gradients = format_ident!("{name}Gradients");
    let Arguments {
        list,
        borrowed,
        generics,
        pass,
        names,
    } = &Arguments::of(loss);
    let tensors = fields(loss, is_differentiable_tensor);
    let learnt = fields(loss, is_learnt);
    let dims: Vec<_> = tensors.iter().map(|f| dimension(&f.name)).collect();
    let inputs: Vec<_> = tensors.iter().map(|f| &f.name).collect();
    let scalars: Vec<_> = learnt.iter().map(|f| &f.name).collect();
    let ordinals: Vec<_> = (0..tensors.len()).collect();
    let shapes = shapes_doc(loss);
    let auxiliary = auxiliary_method(header, loss);
    let result = |ok: TokenStream| quote!(::core::result::Result<#ok, ::loss_dsl::Error>);
    let value = result(quote!(::loss_dsl::Value<F>));
    let both = result(quote!((::loss_dsl::Value<F>, #gradients<F #(, #dims)*>)));
    let saved =
        result(quote!((::loss_dsl::Value<F>, ::loss_dsl::Saved<'a, Self, F, (#(#dims,)*)>)));
    let slopes = result(quote!(#gradients<F #(, #dims)*>));
    quote! {
        #[allow(clippy::too_many_arguments, clippy::type_complexity)]
        impl #name {
            /// The value, reduced as the options say.
            ///
            #[doc = #shapes]
            ///
            /// # Errors
            /// If shapes, labels, scalars or options do not fit the definition.
            pub fn forward<F: ::loss_dsl::Float #(, #generics)*>(&self #(, #list)*) -> #value {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::evaluate(self, &inputs)
            }

            /// The value and its gradients.
            ///
            #[doc = #shapes]
            ///
            /// # Errors
            /// As [`forward`](Self::forward).
            pub fn value_and_grad<F: ::loss_dsl::Float #(, #generics)*>(&self #(, #list)*) -> #both {
                let mut gradients = #gradients::like(#(#inputs),*);
                let value = self.value_and_grad_into(#(#names,)* &mut gradients)?;
                ::core::result::Result::Ok((value, gradients))
            }

            /// The value and its gradients, which overwrite `gradients`.
            ///
            /// # Errors
            /// As [`forward`](Self::forward), and if `gradients` has other shapes than the inputs; then
            /// it is untouched.
            pub fn value_and_grad_into<F: ::loss_dsl::Float #(, #generics)*>(
                &self #(, #list)*,
                gradients: &mut #gradients<F #(, #dims)*>,
            ) -> #value {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::differentiate_into(self, &inputs, gradients.targets())
            }

            /// The value, and what [`backward`](Self::backward) needs.
            ///
            /// # Errors
            /// As [`forward`](Self::forward).
            pub fn forward_saved<'a, F: ::loss_dsl::Float #(, #generics)*>(&self #(, #borrowed)*) -> #saved {
                let inputs = ::loss_dsl::Inputs::new() #(#pass)*;
                ::loss_dsl::Loss::save(self, inputs)
            }

            /// The gradients of Σ upstream · value, for the call that made `saved`.
            ///
            /// # Errors
            /// If `upstream` is not shaped like the value.
            pub fn backward<F: ::loss_dsl::Float #(, #dims: ::loss_dsl::__rt::Dimension)*>(
                &self,
                saved: &::loss_dsl::Saved<'_, Self, F, (#(#dims,)*)>,
                upstream: ::loss_dsl::Upstream<'_, F>,
            ) -> #slopes {
                let mut gradients = #gradients {
                    #(#inputs: saved.gradient_like(#ordinals),)*
                    #(#scalars: F::ZERO,)*
                };
                saved.pull_back_into(upstream, gradients.targets())?;
                ::core::result::Result::Ok(gradients)
            }

            #auxiliary

            /// The formulas: the value and every gradient.
            pub fn derivation() -> &'static ::loss_dsl::Derivation {
                <Self as ::loss_dsl::Loss>::derivation()
            }
        }
    }
}

fn shapes_doc(loss: &Loss) -> String {
    let arrays: Vec<_> = fields(loss, Role::is_array)
        .iter()
        .map(|f| {
            let axes = axes_text(&loss.graph, &f.param.axes);
            match f.param.role {
                Role::Label(dim) => {
                    format!(
                        "`{}`: labels {axes} in {}",
                        f.param.name,
                        loss.graph.dim_name(dim)
                    )
                }
                Role::Identity => format!("`{}`: identities {axes}", f.param.name),
                Role::Mask => format!("`{}`: mask {axes}", f.param.name),
                _ => format!("`{}`: {axes}", f.param.name),
            }
        })
        .collect();
    format!("Shapes: {}.", arrays.join(", "))
}
