//! The kernels of a loss one of whose axes is spread over ranks.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Header, kernels};
use crate::ir::Graph;
use crate::schedule::ShardedPlans;

/// The implementation of the trait of losses that may be sharded; of one that cannot, it says so.
pub fn sharded(header: &Header, graph: &Graph, plans: Option<&ShardedPlans>) -> TokenStream {
    let name = &header.name;
    let axis = match plans {
        Some(plans) => {
            let dim = usize::from(graph.axis(plans.axis).dim.0);
            quote!(::core::option::Option::Some(#dim))
        }
        None => quote!(::core::option::Option::None),
    };
    let kernels = plans.map(|plans| kernels(graph, &plans.plans, "sharded_"));
    quote! {
        impl ::loss_dsl::sharding::ShardedLoss for #name {
            const SHARDED: ::core::option::Option<usize> = #axis;

            #kernels
        }
    }
}
