//! The items of a loss: struct, gradients, typed methods, the trait's data.
//!
//! One module an item. Here is what they share: which parameters are arrays, settings or learnt, and how
//! they appear as arguments. Every item takes its parameters from [`fields`], so that all
//! agree on names and order.

mod auxiliary;
mod derivation;
mod gradients;
mod methods;
mod plan;
mod settings;
mod spec;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::scope::raw_ident;
use crate::ir::{AxisId, Graph, Loss, Param, Role};

pub(super) use auxiliary::auxiliary;
pub(super) use derivation::derivation;
pub(super) use gradients::gradients;
pub(super) use methods::methods;
pub(super) use plan::plan;
pub(super) use settings::{accessors, settings};
pub(super) use spec::{is_coupled, spec};

/// Parameters as arguments, in order: what a method takes and how it passes it on.
struct Arguments {
    /// `x: &ArrayRef<F, Dx>, …`
    list: Vec<TokenStream>,
    /// The same with lifetime `'a`.
    borrowed: Vec<TokenStream>,
    /// `Dx: Dimension, …`, `Ly: Label, …`
    generics: Vec<TokenStream>,
    /// `.real(x)…`
    pass: Vec<TokenStream>,
    names: Vec<Ident>,
}

/// A parameter with its id and the identifier of its field or argument.
struct Field<'l> {
    param: &'l Param,
    name: Ident,
}

fn fields<'l>(loss: &'l Loss, keep: impl Fn(&Role) -> bool) -> Vec<Field<'l>> {
    loss.graph
        .params()
        .iter()
        .filter(|p| keep(&p.role))
        .map(|param| Field {
            param,
            name: raw_ident(&param.name),
        })
        .collect()
}

fn is_differentiable_tensor(role: &Role) -> bool {
    matches!(
        role,
        Role::Tensor {
            differentiable: true
        }
    )
}

fn is_setting(role: &Role) -> bool {
    matches!(role, Role::Scalar { .. } | Role::Flag(_))
}

fn is_learnt(role: &Role) -> bool {
    matches!(role, Role::Scalar { learn: true, .. })
}

fn dimension(name: &Ident) -> Ident {
    format_ident!("D{}", name.to_string().trim_start_matches("r#"))
}

impl Arguments {
    fn of(loss: &Loss) -> Self {
        let mut arguments = Arguments {
            list: vec![],
            borrowed: vec![],
            generics: vec![],
            pass: vec![],
            names: vec![],
        };
        for Field { param, name } in fields(loss, Role::is_array) {
            let dim = dimension(&name);
            let plain = name.to_string().trim_start_matches("r#").to_owned();
            let (element, method) = match param.role {
                Role::Label(_) | Role::Identity => {
                    let label = format_ident!("L{plain}");
                    arguments.generics.push(quote!(#label: ::loss_dsl::Label));
                    (quote!(#label), quote!(labels))
                }
                Role::Mask => {
                    let mask = format_ident!("M{plain}");
                    arguments
                        .generics
                        .push(quote!(#mask: ::loss_dsl::MaskElement));
                    (quote!(#mask), quote!(mask))
                }
                _ => (quote!(F), quote!(real)),
            };
            arguments
                .generics
                .push(quote!(#dim: ::loss_dsl::__rt::Dimension));
            let array = quote!(::loss_dsl::__rt::ArrayRef<#element, #dim>);
            arguments.list.push(quote!(#name: &#array));
            arguments.borrowed.push(quote!(#name: &'a #array));
            arguments.pass.push(quote!(.#method(#name)));
            arguments.names.push(name);
        }
        arguments
    }
}

fn axes_text(graph: &Graph, axes: &[AxisId]) -> String {
    let names: Vec<_> = axes.iter().map(|&a| graph.axis(a).name.as_str()).collect();
    // The brackets must not look like a link.
    format!("\\[{}\\]", names.join(", "))
}
