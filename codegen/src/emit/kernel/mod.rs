//! A plan as the body of a kernel function: buffers, row kernels, matrix products, scatters.
//!
//! Steps are emitted last first, so that each knows which of its buffers a later one reads.

mod contraction;
mod target;

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::nest::{self, kernel_name, times};
use super::scope::{buffer_field, buffer_name, plain};
use crate::ir::{AxisId, Graph, Role};
use crate::schedule::plan::{BufferId, Nest, Output, Plan, Step};

/// The statements that carry out a plan, for a function with `call` and the outputs in scope.
pub(super) fn emit(graph: &Graph, plan: &Plan, prefix: &str) -> TokenStream {
    let mut kernel = Kernel {
        graph,
        plan,
        read: BTreeSet::new(),
    };
    let mut steps: Vec<(usize, TokenStream)> = vec![];
    // Backwards, so that a step knows whether what it fills is read later.
    for (i, step) in plan.steps.iter().enumerate().rev() {
        let tokens = match step {
            Step::Nest(nest) => kernel.nest(nest, &kernel_name(prefix, i + 1)),
            Step::Contract {
                out,
                left,
                right,
                over,
            } => kernel.contract(*out, left, right, over),
            Step::Scatter { out, index, source } => kernel.scatter(*out, *index, *source),
        };
        steps.push((i, tokens));
    }
    let mut body = apart(plan);
    body.extend(steps.into_iter().rev().map(|s| s.1));
    body
}

/// Takes the outputs apart: one nest may fill several of them, and a later step may fill one while
/// it reads another, for which each must be borrowed by itself.
fn apart(plan: &Plan) -> TokenStream {
    let outputs = || plan.buffers.iter().filter_map(|buffer| buffer.output);
    let gradients = outputs().filter_map(|output| match output {
        Output::Gradient(k) => Some(k),
        _ => None,
    });
    let auxiliary = outputs().filter_map(|output| match output {
        Output::Auxiliary(k) => Some(k),
        _ => None,
    });
    let take = |whole: &str, name: fn(usize) -> Ident, last: Option<usize>| {
        let Some(last) = last else {
            return TokenStream::new();
        };
        let whole = format_ident!("{whole}");
        let each = (0..=last).map(name);
        quote! {
            let [#(#each,)* ..] = #whole else {
                ::core::unreachable!("a kernel is given a place for every output")
            };
        }
    };
    let mut tokens = take("gradients", gradient_name, gradients.max());
    tokens.extend(take("auxiliary", auxiliary_name, auxiliary.max()));
    tokens
}

fn gradient_name(k: usize) -> Ident {
    format_ident!("gradient_{k}")
}

fn auxiliary_name(k: usize) -> Ident {
    format_ident!("auxiliary_{k}")
}

struct Kernel<'p> {
    graph: &'p Graph,
    plan: &'p Plan,
    /// Buffers that later steps read.
    read: BTreeSet<BufferId>,
}

impl Kernel<'_> {
    fn nest(&mut self, nest: &Nest, name: &Ident) -> TokenStream {
        let emitted = nest::emit(self.graph, self.plan, nest, name);
        let mut before = TokenStream::new();
        let mut targets = vec![];
        let mut after = TokenStream::new();
        for target in &nest.targets {
            let (declare, tokens, finish) = self.target(nest, target);
            before.extend(declare);
            targets.push(tokens);
            after.extend(finish);
        }
        self.read.extend(emitted.buffers.iter().copied());
        let fields: TokenStream = emitted
            .buffers
            .iter()
            .map(|&b| {
                let (field, tensor) = (buffer_field(b), tensor_name(b));
                quote!(#field: #tensor.clone(),)
            })
            .collect();
        let seed = emitted.cotangent.then(|| {
            let shape = self.cotangent_shape();
            quote!(cotangent: ::loss_dsl::__rt::Tensor::contiguous(&call.cotangent, &[#(#shape),*]),)
        });
        let rows: Vec<_> = nest.rows.iter().map(|&a| self.extent(a)).collect();
        let rows = times(&rows, 1);
        let work = nest::work(self.graph, self.plan, nest);
        let items = emitted.items;
        quote! {
            #items
            #before
            ::loss_dsl::__rt::for_rows(
                &#name { call, #seed #fields },
                #rows,
                #work,
                [#(#targets),*],
            );
            #after
        }
    }

    fn cotangent_shape(&self) -> Vec<TokenStream> {
        let cotangent = self
            .graph
            .params()
            .iter()
            .find(|p| p.role == Role::Cotangent);
        cotangent.map_or(vec![], |p| p.axes.iter().map(|&a| self.extent(a)).collect())
    }

    fn extent(&self, axis: AxisId) -> TokenStream {
        let dim = usize::from(self.graph.axis(axis).dim.0);
        quote!(call.dims[#dim])
    }

    fn len(&self, axes: &[AxisId]) -> TokenStream {
        let extents: Vec<_> = axes.iter().map(|&a| self.extent(a)).collect();
        times(&extents, 1)
    }
}

/// The tensor that later steps read a buffer through.
fn tensor_name(buffer: BufferId) -> Ident {
    format_ident!("tensor_{}", buffer.0)
}

/// The memory of a buffer.
fn data_name(graph: &Graph, plan: &Plan, buffer: BufferId) -> Ident {
    format_ident!("{}", plain(&buffer_name(graph, plan, buffer)))
}
