//! A plan as the body of a kernel function: buffers, row kernels, matrix products, scatters.
//!
//! Steps are emitted last first, so that each knows which of its buffers a later one reads. `walk` emits loops over tiles, `join` what
//! joins the totals of ranks.

mod contraction;
mod join;
mod target;
mod walk;

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
        prefix,
        read: BTreeSet::new(),
        walk: None,
        again: false,
        nests: vec![],
        items: vec![],
    };
    let mut steps = vec![];
    // Backwards, so that a step knows whether what it fills is read later.
    for step in plan.steps.iter().rev() {
        steps.push(match step {
            Step::Walk(walk) => kernel.walk(walk),
            step => kernel.step(step),
        });
    }
    let (whole, finish) = kernel.whole_losses();
    let mut body = apart(plan);
    body.extend(whole);
    body.extend(kernel.items.iter().rev().cloned());
    body.extend(kernel.tiles());
    body.extend(steps.into_iter().rev());
    body.extend(finish);
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
    prefix: &'p str,
    /// Buffers that later steps read.
    read: BTreeSet<BufferId>,
    /// The tiled axis, while the steps of a walk are emitted.
    walk: Option<AxisId>,
    /// Whether the step is one that an earlier walk has carried out.
    again: bool,
    /// The nests that have been emitted, by what they compute: one that is repeated in a later walk is the same code.
    nests: Vec<(Vec<BufferId>, Ident)>,
    /// The code of the nests.
    items: Vec<TokenStream>,
}

impl Kernel<'_> {
    /// Whether the losses are needed as an array: unless they are rows of one nest that nothing reads again.
    fn are_losses_whole(&self, losses: BufferId) -> bool {
        let is_rows = self.plan.steps.iter().any(|step| match step {
            Step::Nest(nest) => nest
                .targets
                .iter()
                .any(|t| t.buffer == losses && t.fold.is_none()),
            _ => false,
        });
        !is_rows || self.read.contains(&losses)
    }

    /// What makes an array of the losses, if one is needed, and what comes of it in the end.
    fn whole_losses(&self) -> (TokenStream, TokenStream) {
        let mut ids = (0..self.plan.buffers.len()).map(|id| BufferId(id as u16));
        let losses = ids.find(|&id| self.plan.buffer(id).output == Some(Output::Losses));
        let Some(losses) = losses.filter(|&id| self.are_losses_whole(id)) else {
            return Default::default();
        };
        let len = self.len(&self.plan.buffer(losses).axes);
        (
            quote!(let mut losses = losses.whole(#len);),
            quote!(losses.finish();),
        )
    }

    /// A step that is no walk.
    fn step(&mut self, step: &Step) -> TokenStream {
        match step {
            Step::Nest(nest) => self.nest(nest),
            Step::Contract {
                out,
                left,
                right,
                over,
            } => self.contract(*out, left, right, over),
            Step::Scatter { out, index, source } => self.scatter(*out, *index, *source),
            Step::Walk(_) => unreachable!("walks are not nested"),
        }
    }

    /// The place of a nest among the plan's steps, from 1.
    fn number(&self, nest: &Nest) -> usize {
        let first = |step: &Step| match step {
            Step::Nest(n) => n.targets.first().map(|t| t.buffer),
            _ => None,
        };
        let own = nest.targets.first().map(|t| t.buffer);
        let mut steps = self.plan.all_steps();
        let at = steps.position(|step| first(step).is_some() && first(step) == own);
        at.map_or(0, |at| at + 1)
    }

    fn nest(&mut self, nest: &Nest) -> TokenStream {
        let name = kernel_name(self.prefix, self.number(nest));
        self.nest_called(nest, name)
    }

    fn nest_called(&mut self, nest: &Nest, name: Ident) -> TokenStream {
        let outputs: Vec<BufferId> = nest.targets.iter().map(|t| t.buffer).collect();
        let known = self.nests.iter().find(|known| known.0 == outputs);
        let (is_new, mut name) = match known {
            Some((_, name)) => (false, name.clone()),
            None => (true, name),
        };
        // A later walk may do again a part of what an earlier one did.
        while is_new && self.nests.iter().any(|known| known.1 == name) {
            name = format_ident!("{name}Part");
        }
        let emitted = nest::emit(self.graph, self.plan, nest, &name, self.walk);
        if is_new {
            self.nests.push((outputs, name.clone()));
            self.items.push(emitted.items);
        }
        let mut before = TokenStream::new();
        let mut targets = vec![];
        let mut after = self.contributions(nest);
        for target in &nest.targets {
            let (declare, tokens, finish) = self.target(nest, target);
            before.extend(declare);
            targets.push(tokens);
            after.extend(finish);
        }
        targets.extend(self.rests(nest));
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
            quote!(cotangent: call.seed(&[#(#shape),*]),)
        });
        let rows: Vec<_> = nest.rows.iter().map(|&a| self.extent(a)).collect();
        let rows = times(&rows, 1);
        let work = nest::work(self.graph, nest, self.walk);
        let part = self.walk.map(|_| quote!(tile,));
        quote! {
            #before
            ::loss_dsl::__rt::for_rows(
                &#name { call, #part #seed #fields },
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

    /// The extent of an axis; in a walk, that of the tile.
    fn extent(&self, axis: AxisId) -> TokenStream {
        if self.walk == Some(axis) {
            return quote!(tile.len);
        }
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
