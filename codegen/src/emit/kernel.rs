//! A plan as the body of a kernel function: buffers, row kernels, matrix products, scatters.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::nest::{self, kernel_name, times};
use super::scope::{buffer_field, buffer_name, ordinal, plain};
use crate::ir::{AxisId, Graph, ParamId, Role};
use crate::schedule::low::{Fold, Index, LowId, Op};
use crate::schedule::plan::{BufferId, Nest, Operand, Output, Plan, Step, Target};

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
    steps.into_iter().rev().map(|s| s.1).collect()
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

    /// The buffer as a tensor for later steps, if they read it.
    fn publish(&self, buffer: BufferId, data: &TokenStream) -> TokenStream {
        if !self.read.contains(&buffer) {
            return TokenStream::new();
        }
        let tensor = tensor_name(buffer);
        let shape: Vec<_> = self
            .plan
            .buffer(buffer)
            .axes
            .iter()
            .map(|&a| self.extent(a))
            .collect();
        quote!(let #tensor = ::loss_dsl::__rt::Tensor::contiguous(#data, &[#(#shape),*]);)
    }

    /// What comes before a nest for a target, the target itself, and what comes after.
    fn target(&self, nest: &Nest, target: &Target) -> (TokenStream, TokenStream, TokenStream) {
        let id = target.buffer;
        let buffer = self.plan.buffer(id);
        let name = data_name(self.graph, self.plan, id);
        let len = self.len(&target.axes);
        if let Some(fold) = target.fold {
            let constructor = match fold {
                Fold::Sum => quote!(sum),
                Fold::Max => quote!(max),
            };
            let declare = quote!(let mut #name = ::std::vec![0.0f64; #len];);
            let tokens = quote!(::loss_dsl::__rt::Target::#constructor(&mut #name));
            let mut finish = match buffer.output {
                Some(Output::Learn(k)) => quote!(learn[#k] = #name[0];),
                Some(Output::Losses) => quote!(losses[0] = F::from_f64(#name[0]);),
                Some(Output::Weights) => quote!(weights[0] = F::from_f64(#name[0]);),
                Some(Output::Auxiliary(k)) => {
                    let output = auxiliary_name(k);
                    quote!(#output[0] = F::from_f64(#name[0]);)
                }
                Some(Output::Gradient(_)) => {
                    unreachable!("a gradient has a chunk per row")
                }
                None => TokenStream::new(),
            };
            if self.read.contains(&id) {
                finish.extend(quote! {
                    let #name: ::std::vec::Vec<F> = #name.into_iter().map(F::from_f64).collect();
                });
                finish.extend(self.publish(id, &quote!(&#name)));
            }
            return (declare, tokens, finish);
        }
        let whole = self.len(&buffer.axes);
        match buffer.output {
            None => (
                quote!(let mut #name = ::std::vec![F::ZERO; #whole];),
                quote!(::loss_dsl::__rt::Target::rows(&mut #name, #len)),
                self.publish(id, &quote!(&#name)),
            ),
            Some(Output::Losses) => (
                TokenStream::new(),
                quote!(::loss_dsl::__rt::Target::rows(losses, #len)),
                self.publish(id, &quote!(losses)),
            ),
            Some(Output::Weights) => (
                TokenStream::new(),
                quote!(::loss_dsl::__rt::Target::rows(weights, #len)),
                self.publish(id, &quote!(weights)),
            ),
            Some(Output::Auxiliary(k)) => {
                let output = auxiliary_name(k);
                (
                    TokenStream::new(),
                    quote!(::loss_dsl::__rt::Target::rows(#output, #len)),
                    self.publish(id, &quote!(#output)),
                )
            }
            Some(Output::Learn(k)) => (
                quote!(let mut #name = [F::ZERO; 1];),
                quote!(::loss_dsl::__rt::Target::rows(&mut #name, 1)),
                quote!(learn[#k] = #name[0].to_f64();),
            ),
            Some(Output::Gradient(k)) => {
                let count = nest.rows.len();
                let place = |axis: &AxisId| {
                    buffer
                        .axes
                        .iter()
                        .position(|a| a == axis)
                        .expect("an axis of the gradient")
                };
                let rows: Vec<_> = (0..count).collect();
                let columns: Vec<_> = target.axes.iter().map(place).collect();
                (
                    quote! {
                        let mut #name =
                            ::loss_dsl::__rt::Staged::rows(&mut gradients[#k], &[#(#rows),*], &[#(#columns),*]);
                    },
                    quote!(#name.target()),
                    quote!(#name.finish();),
                )
            }
        }
    }

    fn contract(
        &mut self,
        out: BufferId,
        left: &Operand,
        right: &Operand,
        over: &[AxisId],
    ) -> TokenStream {
        let (m, n, k) = (
            self.len(&left.outer),
            self.len(&right.outer),
            self.len(over),
        );
        let a = self.operand(left.node, &left.outer, over);
        let b = self.operand(right.node, over, &right.outer);
        let (declare, data, finish) = self.whole(out);
        let (a_data, a_strides) = a;
        let (b_data, b_strides) = b;
        quote! {
            #declare
            ::loss_dsl::__rt::contract(
                #data, #m, #n, #k, #a_data, #a_strides, #b_data, #b_strides, false,
            );
            #finish
        }
    }

    /// Data and strides of an operand whose rows are `first` and whose columns are `second`.
    fn operand(
        &mut self,
        node: LowId,
        first: &[AxisId],
        second: &[AxisId],
    ) -> (TokenStream, TokenStream) {
        if let Some(read) = self.plan.read(node) {
            self.read.insert(read.buffer);
            let tensor = tensor_name(read.buffer);
            let index = &read.index;
            let data = quote!(#tensor.data());
            let in_order = index.starts_with(first) && index.ends_with(second);
            let turned = index.starts_with(second) && index.ends_with(first);
            if in_order {
                let columns = self.len(second);
                return (data, quote!((#columns, 1)));
            }
            if turned {
                let columns = self.len(first);
                return (data, quote!((1, #columns)));
            }
            // Axes of the two groups are interleaved in the buffer.
            let order: Vec<_> = first.iter().chain(second).collect();
            let dims: Vec<_> = order
                .iter()
                .map(|axis| {
                    index
                        .iter()
                        .position(|a| a == *axis)
                        .expect("an axis of the operand")
                })
                .collect();
            let columns = self.len(second);
            return (
                quote!(&::loss_dsl::__rt::permuted(&#tensor, &[#(#dims),*])),
                quote!((#columns, 1)),
            );
        }
        let Op::Load(param, index) = self.plan.low.op(node) else {
            unreachable!("an operand is a buffer or a parameter")
        };
        let tensor = self.parameter(*param);
        let dim = |axes: &[AxisId]| {
            let at = index.iter().position(|i| *i == Index::Axis(axes[0]));
            at.expect("an axis of the operand")
        };
        let (rows, columns) = (dim(first), dim(second));
        (
            quote!(#tensor.data()),
            quote!((#tensor.stride(#rows), #tensor.stride(#columns))),
        )
    }

    fn parameter(&self, param: ParamId) -> TokenStream {
        let index = ordinal(self.graph, param);
        if self.graph.param(param).role == Role::Cotangent {
            let shape = self.cotangent_shape();
            return quote!(::loss_dsl::__rt::Tensor::contiguous(&call.cotangent, &[#(#shape),*]));
        }
        quote!(call.tensors[#index])
    }

    /// A buffer that one operation fills as a whole: declaration, slice, end.
    fn whole(&self, out: BufferId) -> (TokenStream, TokenStream, TokenStream) {
        let buffer = self.plan.buffer(out);
        let name = data_name(self.graph, self.plan, out);
        let len = self.len(&buffer.axes);
        match buffer.output {
            Some(Output::Gradient(k)) => (
                quote!(let mut #name = ::loss_dsl::__rt::Staged::whole(&mut gradients[#k]);),
                quote!(#name.data()),
                quote!(#name.finish();),
            ),
            Some(Output::Auxiliary(k)) => {
                let output = auxiliary_name(k);
                (
                    TokenStream::new(),
                    quote!(&mut *#output),
                    self.publish(out, &quote!(#output)),
                )
            }
            Some(Output::Losses) => (
                TokenStream::new(),
                quote!(losses),
                self.publish(out, &quote!(losses)),
            ),
            Some(Output::Weights) => (
                TokenStream::new(),
                quote!(weights),
                self.publish(out, &quote!(weights)),
            ),
            Some(Output::Learn(_)) | None => (
                quote!(let mut #name = ::std::vec![F::ZERO; #len];),
                quote!(&mut #name),
                self.publish(out, &quote!(&#name)),
            ),
        }
    }

    fn scatter(&mut self, out: BufferId, index: LowId, source: LowId) -> TokenStream {
        let Op::Label(param, _) = *self.plan.low.op(index) else {
            unreachable!("a scatter is by a label")
        };
        let label = ordinal(self.graph, param);
        let read = self
            .plan
            .read(source)
            .expect("the source of a scatter is stored")
            .clone();
        self.read.insert(read.buffer);
        let tensor = tensor_name(read.buffer);
        let inner = self.len(&self.plan.buffer(out).axes[1..]);
        let (declare, data, finish) = self.whole(out);
        quote! {
            #declare
            ::loss_dsl::__rt::scatter_add(#data, #inner, &call.labels[#label], #tensor.data());
            #finish
        }
    }
}

/// The memory of an auxiliary output.
pub(super) fn auxiliary_name(ordinal: usize) -> Ident {
    format_ident!("auxiliary_{ordinal}")
}

/// The tensor that later steps read a buffer through.
fn tensor_name(buffer: BufferId) -> Ident {
    format_ident!("tensor_{}", buffer.0)
}

/// The memory of a buffer.
fn data_name(graph: &Graph, plan: &Plan, buffer: BufferId) -> Ident {
    format_ident!("{}", plain(&buffer_name(graph, plan, buffer)))
}
