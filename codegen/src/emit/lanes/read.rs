//! What a loop over the lanes reads, brought into lanes before it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::segment::Segment;
use super::{Lanes, Step};
use crate::schedule::low::{Index, LowId, LowKind, Op};

/// An array with a place for each row: how its elements are read, and where.
pub(super) struct Place {
    /// The array as the nest calls it.
    pub(super) array: Ident,
    /// Whether it is a tensor; a slice otherwise.
    pub(super) is_tensor: bool,
    /// Its extents and strides.
    layout: TokenStream,
    pub(super) index: Vec<Index>,
    /// Offset of the element for the first row of the group; where an index is computed, of row `i`.
    pub(super) offset: TokenStream,
}

impl Lanes<'_, '_> {
    /// Makes everything known that the value of a node needs.
    pub(super) fn prepare(
        &mut self,
        segment: &mut Segment,
        node: LowId,
        needed: &BTreeSet<LowId>,
        tokens: &mut TokenStream,
    ) {
        if !self.is_known(node) {
            self.prepare_node(segment, node, needed, tokens);
        }
    }

    pub(super) fn prepare_node(
        &mut self,
        segment: &mut Segment,
        node: LowId,
        needed: &BTreeSet<LowId>,
        tokens: &mut TokenStream,
    ) {
        let op = self.scope.low().op(node).clone();
        let leaf = self.is_read(node) || matches!(op, Op::Load(..) | Op::Label(..) | Op::Mask(..));
        if let Op::Position(axis) = op {
            if let Some(k) = self.row_axes.iter().position(|&a| a == axis) {
                self.positions(segment, node, k);
            }
            return;
        }
        if self.is_common(node) {
            if !op.is_atom() || self.is_read(node) {
                let value = self.scope.expr(node);
                let name = self.scope.bind(node);
                segment.before.extend(quote!(let #name = #value;));
            }
            return;
        }
        let children = self.children(node);
        for &child in &children {
            self.prepare(segment, child, needed, tokens);
        }
        if leaf {
            if children.iter().any(|&at| self.is_inside(segment, at)) {
                tokens.extend(self.flush(segment, needed));
            }
            self.load(segment, node);
        }
    }

    /// Whether a value needs a variable of the loop over the lanes.
    fn is_inside(&self, segment: &Segment, node: LowId) -> bool {
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if segment.has_inside(id) {
                return true;
            }
            if !self.is_known(id) {
                stack.extend(self.children(id));
            }
        }
        false
    }

    /// The positions of the rows on their axis `k`.
    fn positions(&mut self, segment: &mut Segment, node: LowId, k: usize) {
        let axis = self.row_axes[k];
        let name = self.scope.fresh("position");
        let inner: Vec<_> = self.row_axes[k + 1..]
            .to_vec()
            .iter()
            .map(|&a| self.scope.extent(a))
            .collect();
        let inner = crate::emit::nest::times(&inner, 1);
        let extent = self.scope.extent(axis);
        segment.before.extend(
            quote!(let #name = ::loss_dsl::__rt::row_positions(row, count, #inner, #extent);),
        );
        self.scope.lanes.insert(node, name);
    }

    /// Reads a leaf into lanes.
    fn load(&mut self, segment: &mut Segment, node: LowId) {
        let place = self.place(node);
        let kind = self.scope.low().kind(node);
        let name = self.scope.fresh(&self.scope.hint(node));
        let step = self.step(&place);
        let Place {
            array,
            is_tensor,
            offset,
            ..
        } = &place;
        let computed = place
            .index
            .iter()
            .any(|i| matches!(i, Index::At(id) if !self.is_common(*id)));
        let narrow = kind == LowKind::Index;
        if computed {
            let zero = self.zero(node);
            let from = match step {
                Some(step) => quote!(#offset + #step.step * i.min(count - 1)),
                None => offset.clone(),
            };
            let value = match (narrow, is_tensor) {
                (true, _) => quote!(#array[#from] as u32),
                (false, true) => quote!(#array.get(#from)),
                (false, false) => quote!(#array[#from]),
            };
            segment.before.extend(quote! {
                let mut #name = [#zero; ::loss_dsl::__rt::LANES];
                for i in 0..::loss_dsl::__rt::LANES { #name[i] = #value; }
            });
        } else {
            let step = step.map_or(quote!(0), |step| quote!(#step.step));
            let mut lanes = match is_tensor {
                true => quote!(#array.row_lanes(#offset, #step, count)),
                false => quote!(::loss_dsl::__rt::row_lanes(#array, #offset, #step, count)),
            };
            if narrow {
                lanes = quote!(::loss_dsl::__rt::narrow_lanes(#lanes));
            }
            segment.before.extend(quote!(let #name = #lanes;));
        }
        self.scope.lanes.insert(node, name);
    }

    /// Where a leaf lies.
    pub(super) fn place(&mut self, node: LowId) -> Place {
        if let Some(read) = self.scope.plan.read(node).cloned()
            && self.scope.reads_buffer(node)
        {
            let array = self.scope.buffer(read.buffer);
            let index = read.index.iter().map(|&axis| Index::Axis(axis)).collect();
            return self.strided(array, index);
        }
        match self.scope.low().op(node).clone() {
            Op::Load(param, index) => {
                let array = self.scope.tensor(param);
                self.strided(array, index)
            }
            Op::Label(param, index) | Op::Mask(param, index) => {
                let array = self.scope.flat(param);
                let axes = self.scope.graph.param(param).axes.clone();
                let shape: Vec<_> = axes.iter().map(|&a| self.scope.extent(a)).collect();
                let offset = self.scope.flat_offset(param, &index);
                Place {
                    is_tensor: false,
                    layout: quote!(::loss_dsl::__rt::Layout::row_major(&[#(#shape),*])),
                    array,
                    index,
                    offset,
                }
            }
            _ => unreachable!("only stored values have a place"),
        }
    }

    fn strided(&mut self, array: Ident, index: Vec<Index>) -> Place {
        let dims: Vec<_> = index.iter().copied().enumerate().collect();
        let offset = self.scope.offset(&array, &dims);
        Place {
            is_tensor: true,
            layout: quote!(#array.layout()),
            array,
            index,
            offset,
        }
    }

    /// The variable that says how an array goes on from row to row; none if rows do not index it.
    pub(super) fn step(&mut self, place: &Place) -> Option<Ident> {
        let mut axes = vec![];
        for (dim, index) in place.index.iter().enumerate() {
            if let Index::Axis(axis) = index
                && let Some(k) = self.row_axes.iter().position(|a| a == axis)
            {
                axes.push((k, dim));
            }
        }
        if axes.is_empty() {
            return None;
        }
        let array = place.array.to_string();
        let known = |s: &&Step| s.array == array && s.axes == axes;
        if let Some(step) = self.steps.iter().find(known) {
            return Some(step.name.clone());
        }
        let name = self
            .scope
            .fresh(&format_ident!("{}_along", place.array).to_string());
        let row_axes = self.row_axes.clone();
        let rows: Vec<_> = row_axes.iter().map(|&a| self.scope.extent(a)).collect();
        let pairs = axes.iter().map(|(k, dim)| quote!((#k, #dim)));
        let layout = &place.layout;
        let along = quote!(#layout.along_rows(&[#(#rows),*], &[#(#pairs),*]));
        self.steps.push(Step {
            array,
            axes,
            name: name.clone(),
            along,
        });
        Some(name)
    }
}
