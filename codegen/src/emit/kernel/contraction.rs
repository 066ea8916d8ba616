//! Matrix products and scatters: calls of the run-time library on whole buffers.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::super::scope::ordinal;
use super::{Kernel, data_name, tensor_name};
use crate::ir::{AxisId, ParamId, Role};
use crate::schedule::low::{Index, LowId, Op};
use crate::schedule::plan::{BufferId, Operand};

/// A matrix that a product reads.
struct Matrix {
    /// What has to be done before.
    declare: TokenStream,
    data: TokenStream,
    strides: TokenStream,
}

impl Matrix {
    fn of_buffer(data: TokenStream, strides: TokenStream) -> Self {
        let declare = TokenStream::new();
        Self {
            declare,
            data,
            strides,
        }
    }
}

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
        let a = self.operand(&format_ident!("left"), left.node, &left.outer, over);
        let b = self.operand(&format_ident!("right"), right.node, over, &right.outer);
        let (declare, data, finish) = self.whole(out);
        let (a_declare, a_data, a_strides) = (a.declare, a.data, a.strides);
        let (b_declare, b_data, b_strides) = (b.declare, b.data, b.strides);
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
            #a_declare
            #b_declare
            #product
            #finish
        }
    }

    /// An operand whose rows are `first` and whose columns are `second`.
    fn operand(
        &mut self,
        name: &Ident,
        node: LowId,
        first: &[AxisId],
        second: &[AxisId],
    ) -> Matrix {
        if let Some(read) = self.plan.read(node) {
            self.read.insert(read.buffer);
            let tensor = tensor_name(read.buffer);
            let index = &read.index;
            let data = quote!(#tensor.data());
            let in_order = index.starts_with(first) && index.ends_with(second);
            let turned = index.starts_with(second) && index.ends_with(first);
            if in_order {
                let columns = self.len(second);
                return Matrix::of_buffer(data, quote!((#columns, 1)));
            }
            if turned {
                let columns = self.len(first);
                return Matrix::of_buffer(data, quote!((1, #columns)));
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
            return Matrix::of_buffer(
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
        let tile = match tiled {
            Some(at) => quote!(::core::option::Option::Some((#at, tile))),
            None => quote!(::core::option::Option::None),
        };
        Matrix {
            declare: quote!(let #name = #tensor.operand(#rows, #columns, #tile);),
            data: quote!(#name.data()),
            strides: quote!(#name.strides()),
        }
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
