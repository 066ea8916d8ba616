//! The plans of the kernels as data, for `derivation().plan()`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ir::Graph;
use crate::schedule::Plans;
use crate::schedule::account::{Account, Array};
use crate::schedule::plan::Plan;

/// All kernels.
pub(in crate::emit) fn plan(graph: &Graph, plans: &Plans) -> TokenStream {
    let kernels = [
        ("forward", Some(&plans.forward)),
        ("gradient", Some(&plans.backward)),
        ("auxiliary", plans.auxiliary.as_ref()),
        ("weights", plans.weights.as_ref()),
    ];
    let kernels = kernels
        .into_iter()
        .filter_map(|(name, plan)| Some(kernel(graph, name, plan?)));
    quote!(::loss_dsl::Plan { kernels: &[#(#kernels),*] })
}

fn kernel(graph: &Graph, name: &str, plan: &Plan) -> TokenStream {
    let tiled = match plan.tile {
        Some(axis) => {
            let axis = &graph.axis(axis).name;
            quote!(::core::option::Option::Some(#axis))
        }
        None => quote!(::core::option::Option::None),
    };
    let steps = plan.account(graph);
    let steps = steps.iter().map(step);
    quote!(::loss_dsl::KernelPlan { name: #name, tiled: #tiled, steps: &[#(#steps),*] })
}

fn step(step: &Account) -> TokenStream {
    let Account {
        walk,
        again,
        text,
        reads,
        writes,
        passes,
        operations,
    } = step;
    let walk = match walk {
        Some(walk) => quote!(::core::option::Option::Some(#walk)),
        None => quote!(::core::option::Option::None),
    };
    let text = text.trim_end();
    let (reads, writes) = (reads.iter().map(array), writes.iter().map(array));
    let operations = operations.by_axes.iter().map(|(axes, count)| {
        let (arithmetic, transcendental) = (count.arithmetic, count.transcendental);
        quote! {
            ::loss_dsl::OperationCount {
                axes: &[#(#axes),*], arithmetic: #arithmetic, transcendental: #transcendental,
            }
        }
    });
    quote! {
        ::loss_dsl::PlanStep {
            walk: #walk,
            again: #again,
            text: #text,
            reads: &[#(#reads),*],
            writes: &[#(#writes),*],
            passes: #passes,
            operations: &[#(#operations),*],
        }
    }
}

fn array(array: &Array) -> TokenStream {
    let Array {
        name,
        axes,
        tile,
        real,
    } = array;
    quote!(::loss_dsl::PlanArray { name: #name, axes: &[#(#axes),*], tile: #tile, real: #real })
}
