//! What a loop reads along its axis, as slices: borrowed where memory is contiguous, gathered otherwise.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::emit::nest::Rows;
use crate::emit::scope::Scope;
use crate::ir::AxisId;
use crate::schedule::low::{Index, LowId, Op};

/// A slice along the axis of a loop.
pub(super) struct Source {
    pub(super) node: LowId,
    pub(super) slice: Ident,
}

impl Scope<'_> {
    /// Slices for everything that the loop reads along its axis.
    pub(super) fn sources(
        &mut self,
        rows: &mut Rows,
        axis: AxisId,
        nodes: &[LowId],
    ) -> (TokenStream, Vec<Source>) {
        let mut stage = TokenStream::new();
        let mut sources = vec![];
        for &node in nodes {
            if self.is_leaf_along(axis, node) {
                let (tokens, source) = self.source(rows, axis, node);
                stage.extend(tokens);
                sources.push(source);
            }
        }
        (stage, sources)
    }

    fn is_leaf_along(&self, axis: AxisId, node: LowId) -> bool {
        let reads = self.is_buffer(node);
        let loads = matches!(
            self.low().op(node),
            Op::Load(..) | Op::Label(..) | Op::Mask(..)
        );
        (reads || loads) && self.low().free(node).contains(axis)
    }

    fn source(&mut self, rows: &mut Rows, axis: AxisId, node: LowId) -> (TokenStream, Source) {
        let kind = self.low().kind(node);
        if let Some(slice) = self.slices.get(&(axis, node)).cloned() {
            return (TokenStream::new(), Source { node, slice });
        }
        let extent = self.extent(axis);
        let slice = self.fresh(&format!(
            "{}_row",
            self.hint(node).trim_end_matches("_here")
        ));
        let scratch = rows.buffer_for(self, axis, node, kind);
        let strided = self.strided(node).and_then(|(tensor, index)| {
            let along: Vec<_> = index
                .iter()
                .enumerate()
                .filter(|(_, i)| self.index_uses(**i, axis))
                .collect();
            match along.as_slice() {
                [(dim, Index::Axis(_))] => Some((tensor, index.clone(), *dim)),
                _ => None,
            }
        });
        let tokens = if let Some((tensor, index, dim)) = strided {
            let fixed: Vec<_> = index
                .iter()
                .copied()
                .enumerate()
                .filter(|(d, _)| *d != dim)
                .collect();
            // A buffer has the tile alone, a tensor of the caller's all positions.
            let offset = if self.is_buffer(node) {
                self.offset_within(&tensor, &fixed)
            } else {
                let offset = self.offset(&tensor, &fixed);
                match self.start(axis) {
                    Some(start) => quote!(#offset + #tensor.at(#dim, #start)),
                    None => offset,
                }
            };
            quote! {
                let #slice = #tensor.row(#offset, #tensor.stride(#dim), #extent, &mut #scratch);
            }
        } else {
            let outer = self.positions.clone();
            self.positions.insert(axis, quote!(along));
            let element = match self.low().op(node).clone() {
                Op::Label(param, index) => {
                    let (label, at) = (self.flat(param), self.flat_offset(param, &index));
                    quote!(#label[#at])
                }
                _ => self.expr(node),
            };
            self.positions = outer;
            quote! {
                #scratch.clear();
                #scratch.extend((0..#extent).map(|along| #element));
                let #slice = &#scratch[..];
            }
        };
        self.slices.insert((axis, node), slice.clone());
        (tokens, Source { node, slice })
    }

    pub(super) fn is_buffer(&self, node: LowId) -> bool {
        self.plan.read(node).is_some() && self.reads_buffer(node)
    }

    /// The tensor and index of a node that is an element of a strided tensor.
    fn strided(&mut self, node: LowId) -> Option<(Ident, Vec<Index>)> {
        if let Some(read) = self.plan.read(node).cloned()
            && self.reads_buffer(node)
        {
            let index = read.index.iter().map(|&a| Index::Axis(a)).collect();
            return Some((self.buffer(read.buffer), index));
        }
        match self.low().op(node).clone() {
            Op::Load(param, index) => Some((self.tensor(param), index)),
            _ => None,
        }
    }

    fn index_uses(&self, index: Index, axis: AxisId) -> bool {
        index.free(self.low()).contains(axis)
    }
}
