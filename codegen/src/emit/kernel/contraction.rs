//! Matrix products and scatters: calls of the run-time library on whole buffers.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::scope::ordinal;
use super::{Kernel, data_name, tensor_name};
use crate::ir::{AxisId, ParamId, Role};
use crate::schedule::low::{Index, LowId, Op};
use crate::schedule::plan::{BufferId, Operand};

impl Kernel<'_> {
    pub(super) fn contract(
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
        let accumulate = match self.plan.buffer(out).running {
            Some(_) => quote!(tile.start > 0),
            None => quote!(false),
        };
        let parked = self.plan.parked.filter(|parked| parked.matrix == out);
        let product = |data: TokenStream, m: TokenStream, a_data: TokenStream| {
            quote! {
                ::loss_dsl::__rt::contract(
                    #data, #m, #n, #k, #a_data, #a_strides, #b_data, #b_strides, #accumulate,
                );
            }
        };
        let product = match parked {
            None => product(data, m, a_data),
            Some(parked) => {
                let gradient = data_name(self.graph, self.plan, parked.gradient);
                let memory = quote!(#gradient.memory(tile));
                if self.again {
                    // Rows that found no room are computed again.
                    let rest = product(
                        quote!(&mut matrix[parked * #n..]),
                        quote!(#m - parked),
                        quote!(&#a_data[parked * (#a_strides).0..]),
                    );
                    quote! {
                        let matrix: &mut [F] = #data;
                        let parked = ::loss_dsl::__rt::unpark(#memory, matrix, #n);
                        #rest
                    }
                } else {
                    let product = product(quote!(matrix), m, a_data);
                    quote! {
                        let matrix: &mut [F] = #data;
                        #product
                        if tiles.count() > 1 {
                            ::loss_dsl::__rt::park(#memory, matrix, #n);
                        }
                    }
                }
            }
        };
        quote! {
            #declare
            #product
            #finish
        }
    }

    /// Data and strides of an operand whose rows are `first` and whose columns are `second`.
    pub(super) fn operand(
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
        let tiled = index.iter().position(|i| match (i, self.walk) {
            (Index::Axis(axis), Some(tile)) => *axis == tile,
            _ => false,
        });
        let data = match tiled {
            Some(at) => quote!(&#tensor.data()[#tensor.at(#at, tile.start)..]),
            None => quote!(#tensor.data()),
        };
        (
            data,
            quote!((#tensor.stride(#rows), #tensor.stride(#columns))),
        )
    }

    pub(super) fn parameter(&self, param: ParamId) -> TokenStream {
        let index = ordinal(self.graph, param);
        if self.graph.param(param).role == Role::Cotangent {
            let shape = self.cotangent_shape();
            return quote!(call.seed(&[#(#shape),*]));
        }
        quote!(call.tensors[#index])
    }

    pub(super) fn scatter(&mut self, out: BufferId, index: LowId, source: LowId) -> TokenStream {
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
        let axes = &self.plan.buffer(out).axes;
        let (labels, source) = (quote!(&call.labels[#label]), quote!(#tensor.data()));
        let add = match self.walk {
            Some(tile) if axes[0] == tile => {
                quote!(scatter_add_tile(tile, #data, #inner, #labels, #source))
            }
            _ => quote!(scatter_add(#data, #inner, #labels, #source)),
        };
        quote! {
            #declare
            ::loss_dsl::__rt::#add;
            #finish
        }
    }
}
