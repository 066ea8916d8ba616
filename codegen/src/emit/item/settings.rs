//! The struct: run-time scalars and flags with their defaults, and how the trait reaches them.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::super::Header;
use super::{Field, fields, is_setting};
use crate::ir::{Loss, Param, Range, Role};

/// The struct with its defaults.
pub(in crate::emit) fn settings(header: &Header, loss: &Loss, docs: &TokenStream) -> TokenStream {
    let Header {
        visibility,
        name,
        attributes,
        ..
    } = header;
    let settings = fields(loss, is_setting);
    let declare = settings.iter().map(|Field { param, name }| {
        let doc = setting_doc(param);
        let ty = if matches!(param.role, Role::Flag(_)) {
            quote!(bool)
        } else {
            quote!(f64)
        };
        quote!(#[doc = #doc] pub #name: #ty,)
    });
    let defaults = settings
        .iter()
        .map(|Field { param, name }| match param.role {
            Role::Flag(default) => quote!(#name: #default,),
            Role::Scalar { default, .. } => {
                let value = Literal::f64_suffixed(default);
                if default < 0.0 {
                    let size = Literal::f64_suffixed(-default);
                    quote!(#name: -#size,)
                } else {
                    quote!(#name: #value,)
                }
            }
            _ => TokenStream::new(),
        });
    let statics = loss.graph.params().iter().filter_map(|p| {
        let Role::Static(value) = p.role else {
            return None;
        };
        let name = format_ident!("{}", p.name.to_uppercase());
        let doc = format!("The compile-time constant `{}` of the definition.", p.name);
        Some(quote!(#[doc = #doc] pub const #name: i64 = #value;))
    });
    let statics: TokenStream = statics.collect();
    let statics = (!statics.is_empty()).then(|| quote!(impl #name { #statics }));
    quote! {
        #docs
        #(#attributes)*
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #name {
            #(#declare)*
            /// Reduction, normaliser, ignored label and sample weights.
            pub options: ::loss_dsl::Options,
        }

        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self { #(#defaults)* options: ::core::default::Default::default() }
            }
        }

        #statics
    }
}

fn setting_doc(param: &Param) -> String {
    let mut doc = if param.doc.is_empty() {
        String::new()
    } else {
        format!("{}\n\n", param.doc)
    };
    match param.role {
        Role::Flag(default) => doc.push_str(&format!("Run-time switch, default `{default}`.")),
        Role::Scalar { learn, default, .. } => {
            let kind = if learn {
                "Learnt scalar"
            } else {
                "Run-time scalar"
            };
            doc.push_str(&format!("{kind}, default {default}"));
            if param.range != Range::REAL {
                doc.push_str(&format!(", in {}", interval(param.range)));
            }
            doc.push('.');
        }
        _ => {}
    }
    doc
}

fn interval(range: Range) -> String {
    let low = if range.lo_open { '(' } else { '[' };
    let high = if range.hi_open { ')' } else { ']' };
    format!("{low}{}, {}{high}", range.lo, range.hi)
}

/// The accessors of the trait for scalars, flags and options.
pub(in crate::emit) fn accessors(loss: &Loss) -> TokenStream {
    let scalars = fields(loss, |role| matches!(role, Role::Scalar { .. }));
    let flags = fields(loss, |role| matches!(role, Role::Flag(_)));
    let scalar_names = scalars.iter().map(|f| &f.name);
    let flag_names = flags.iter().map(|f| &f.name);
    let set_scalar = setter(&scalars);
    let set_flag = setter(&flags);
    quote! {
        fn scalar_values(&self) -> ::std::vec::Vec<f64> {
            ::std::vec![#(self.#scalar_names),*]
        }

        fn flag_values(&self) -> ::std::vec::Vec<bool> {
            ::std::vec![#(self.#flag_names),*]
        }

        fn set_scalar(&mut self, name: &str, value: f64) -> bool {
            #set_scalar
        }

        fn set_flag(&mut self, name: &str, value: bool) -> bool {
            #set_flag
        }

        fn options(&self) -> &::loss_dsl::Options {
            &self.options
        }

        fn options_mut(&mut self) -> &mut ::loss_dsl::Options {
            &mut self.options
        }
    }
}

/// The body of a setter by name: the parameters are called `name` and `value`.
fn setter(fields: &[Field<'_>]) -> TokenStream {
    if fields.is_empty() {
        return quote! {
            let _ = (name, value);
            false
        };
    }
    let keys = fields.iter().map(|f| &f.param.name);
    let names = fields.iter().map(|f| &f.name);
    quote! {
        match name {
            #(#keys => self.#names = value,)*
            _ => return false,
        }
        true
    }
}
