//! The signature as data: dimensions, parameters with their kinds and domains, outputs.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::ir::{AxisId, AxisSet, DimId, Loss, Node, Param, Range, Role};

/// The signature as data.
pub(in crate::emit) fn spec(loss: &Loss, splittable: bool, coupled: bool) -> TokenStream {
    let graph = &loss.graph;
    let name = &loss.name;
    let dim_of = |axis: &AxisId| usize::from(graph.axis(*axis).dim.0);
    let batch: Vec<usize> = loss.batch.iter().map(dim_of).collect();
    let dims = (0..graph.dim_count()).map(|i| {
        let name = graph.dim_name(DimId(i as u8));
        let is_batch = batch.contains(&i);
        quote!(::loss_dsl::DimSpec { name: #name, batch: #is_batch })
    });
    let parameters = graph.params().iter().filter_map(|p| {
        let kind = parameter_kind(p)?;
        let (name, axes) = (&p.name, p.axes.iter().map(dim_of));
        Some(quote!(::loss_dsl::ParameterSpec { name: #name, kind: #kind, axes: &[#(#axes),*] }))
    });
    let outputs = loss.auxiliary.iter().map(|a| {
        let (name, axes) = (&a.name, a.axes.iter().map(dim_of));
        let next = match a.next {
            Some(param) => {
                let scalar = &graph.param(param).name;
                quote!(::core::option::Option::Some(#scalar))
            }
            None => quote!(::core::option::Option::None),
        };
        quote!(::loss_dsl::AuxiliarySpec { name: #name, axes: &[#(#axes),*], next: #next })
    });
    quote! {
        fn spec() -> &'static ::loss_dsl::Spec {
            static SPEC: ::loss_dsl::Spec = ::loss_dsl::Spec {
                name: #name,
                dims: &[#(#dims),*],
                parameters: &[#(#parameters),*],
                value_axes: &[#(#batch),*],
                auxiliary: &[#(#outputs),*],
                splittable: #splittable,
                coupled: #coupled,
            };
            &SPEC
        }
    }
}

fn parameter_kind(param: &Param) -> Option<TokenStream> {
    Some(match param.role {
        Role::Tensor { differentiable } => {
            quote!(::loss_dsl::ParameterKind::Tensor { differentiable: #differentiable })
        }
        Role::Label(dim) => {
            let range = usize::from(dim.0);
            quote!(::loss_dsl::ParameterKind::Label { range: #range })
        }
        Role::Identity => quote!(::loss_dsl::ParameterKind::Identity),
        Role::Mask => quote!(::loss_dsl::ParameterKind::Mask),
        Role::Scalar { learn, default } => {
            let default = float(default);
            let domain = domain(param.range);
            quote!(::loss_dsl::ParameterKind::Scalar { default: #default, learn: #learn, domain: #domain })
        }
        Role::Flag(default) => quote!(::loss_dsl::ParameterKind::Flag { default: #default }),
        Role::Static(_) | Role::Cotangent => return None,
    })
}

fn domain(range: Range) -> TokenStream {
    if range == Range::REAL {
        return quote!(::core::option::Option::None);
    }
    let (low, high) = (float(range.lo), float(range.hi));
    let (low_open, high_open) = (range.lo_open, range.hi_open);
    quote! {
        ::core::option::Option::Some(::loss_dsl::Domain {
            low: #low, high: #high, low_open: #low_open, high_open: #high_open,
        })
    }
}

fn float(value: f64) -> TokenStream {
    if value == f64::INFINITY {
        quote!(f64::INFINITY)
    } else if value == f64::NEG_INFINITY {
        quote!(f64::NEG_INFINITY)
    } else if value < 0.0 {
        let size = Literal::f64_suffixed(-value);
        quote!(-#size)
    } else {
        let value = Literal::f64_suffixed(value);
        quote!(#value)
    }
}

/// Whether two samples of the batch meet in the loss.
pub(in crate::emit) fn is_coupled(loss: &Loss) -> bool {
    let graph = &loss.graph;
    let batch: Vec<_> = loss.batch.iter().map(|&a| graph.axis(a).dim).collect();
    let bound = |id| match graph.node(id) {
        Node::Reduce(_, axes, _) | Node::Unit { axes, .. } | Node::Angle { axes, .. } => *axes,
        Node::Softmax(s) => s.axes,
        _ => AxisSet::EMPTY,
    };
    let roots: Vec<_> = [Some(loss.value), loss.weight]
        .into_iter()
        .flatten()
        .collect();
    graph.reachable(&roots).into_iter().any(|id| {
        bound(id)
            .iter()
            .any(|axis| batch.contains(&graph.axis(axis).dim))
    })
}
