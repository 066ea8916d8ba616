//! Rows that a loop along an axis reads and writes, turned into lanes as a block.
//!
//! What is row-major has the lanes of a position as far apart as rows are long; element by element that costs more than the
//! arithmetic. The run time turns a whole group of rows at once, before the loop and after it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Lanes;
use super::body::vector_roots;
use crate::emit::nest::times;
use crate::ir::{AxisId, AxisSet};
use crate::schedule::low::{Index, LowId, LowKind, Op};
use crate::schedule::plan::Vector;

impl Lanes<'_, '_> {
    /// Turns what a loop reads along its axis, if that is not done yet; `lanes` are what each position begins
    /// with.
    pub(super) fn turned(&mut self, vector: &Vector, lanes: &mut Vec<TokenStream>) -> TokenStream {
        let axis = vector.axis;
        let at = self.place_name(axis);
        let mut tokens = TokenStream::new();
        for node in self.leaves_along(vector) {
            let block = match self.blocks.get(&(axis, node)) {
                Some(block) => block.clone(),
                None => {
                    let (block, turn) = self.turn(axis, node);
                    let whole: AxisSet = self.row_axes.iter().copied().chain([axis]).collect();
                    if self.scope.low().free(node).is_subset(whole) {
                        // No loop around this one changes it.
                        self.opening.extend(turn);
                    } else {
                        tokens.extend(turn);
                    }
                    self.blocks.insert((axis, node), block.clone());
                    block
                }
            };
            let lane = format_ident!("{}_lane", block);
            lanes.push(quote!(let #lane = &#block[#at];));
            self.scope.lanes.insert(node, lane);
        }
        tokens
    }

    /// What the loop reads that has a place for each row and each position of the axis, a stride apart.
    fn leaves_along(&self, vector: &Vector) -> Vec<LowId> {
        let mut seen: BTreeSet<LowId> = vector.saved.iter().copied().collect();
        let mut found = BTreeSet::new();
        let mut stack = vector_roots(vector);
        while let Some(id) = stack.pop() {
            if self.is_known(id) || !seen.insert(id) {
                continue;
            }
            if self.is_strided(vector.axis, id) {
                found.insert(id);
            } else {
                stack.extend(self.children(id));
            }
        }
        found.into_iter().collect()
    }

    fn is_strided(&self, axis: AxisId, node: LowId) -> bool {
        let by_axis = |index: &[Index]| {
            let along = index.iter().filter(|i| **i == Index::Axis(axis)).count();
            let computed = index
                .iter()
                .any(|i| matches!(i, Index::At(id) if self.scope.low().free(*id).contains(axis)));
            let for_rows = index
                .iter()
                .any(|i| matches!(i, Index::Axis(a) if self.row_axes.contains(a)));
            let moved = index
                .iter()
                .any(|i| matches!(i, Index::At(id) if !self.is_common(*id) || !self.is_known(*id)));
            along == 1 && !computed && for_rows && !moved
        };
        if self.is_read(node) {
            let read = self.scope.plan.read(node).expect("a stored value");
            let index: Vec<_> = read.index.iter().map(|&a| Index::Axis(a)).collect();
            return by_axis(&index);
        }
        match self.scope.low().op(node) {
            Op::Load(_, index) | Op::Mask(_, index) => by_axis(index),
            _ => false,
        }
    }

    /// The block of a leaf, and the statement that fills it.
    fn turn(&mut self, axis: AxisId, node: LowId) -> (Ident, TokenStream) {
        let hint = self.scope.hint(node);
        let block = self
            .scope
            .fresh(&format!("{}_block", hint.trim_end_matches("_here")));
        let kind = self.scope.low().kind(node);
        self.declare_block(&block, axis, kind);
        let before = self.scope.positions.insert(axis, quote!(0));
        let place = self.place(node);
        match before {
            Some(before) => self.scope.positions.insert(axis, before),
            None => self.scope.positions.remove(&axis),
        };
        let step = self.step(&place);
        let step = step.map_or(quote!(0), |step| quote!(#step.step));
        let spare = self.spare(axis, kind);
        let (array, offset) = (&place.array, &place.offset);
        let stride = self.stride_along(axis, node, array, &place.index);
        let (turn, of_slice) = match place.is_tensor {
            true => (quote!(#array.rows_to_lanes), None),
            false => (
                quote!(::loss_dsl::__rt::rows_to_lanes),
                Some(quote!(#array,)),
            ),
        };
        let turn = quote! {
            #turn(&mut #block, &mut #spare, #of_slice #offset, (#step, #stride), count);
        };
        (block, turn)
    }

    /// The distance of neighbours along the axis.
    fn stride_along(
        &mut self,
        axis: AxisId,
        node: LowId,
        array: &Ident,
        index: &[Index],
    ) -> TokenStream {
        let mut places = index.iter();
        let dim = places
            .position(|i| *i == Index::Axis(axis))
            .expect("an axis of the leaf");
        if let Op::Mask(param, _) = *self.scope.low().op(node)
            && !self.is_read(node)
        {
            let inner = self.scope.graph.param(param).axes[dim + 1..].to_vec();
            let inner: Vec<_> = inner.iter().map(|&a| self.scope.extent(a)).collect();
            return times(&inner, 1);
        }
        quote!(#array.stride(#dim))
    }

    /// Memory for what a loop writes to rows of a target, and what takes it there after the loop.
    pub(super) fn block_of_rows(
        &mut self,
        axis: AxisId,
        target: usize,
        lanes: &mut Vec<TokenStream>,
    ) -> (Ident, TokenStream) {
        let whole = self.rows.row(target);
        let block = format_ident!("{}_block", whole);
        if self.written_blocks.insert(target) {
            self.declare_block(&block, axis, LowKind::Real);
        }
        let spare = self.spare(axis, LowKind::Real);
        let at = self.place_name(axis);
        let memory = format_ident!("{}_lane", block);
        lanes.push(quote!(let #memory = &mut #block[#at];));
        let base = self.rows.base(self.scope, target, Some(axis));
        let put = quote!(#whole.put_block((row, count), #base, &mut #block, &mut #spare););
        (memory, put)
    }

    fn declare_block(&mut self, name: &Ident, axis: AxisId, kind: LowKind) {
        let extent = self.scope.extent(axis);
        let zero = match kind {
            LowKind::Bool => quote!(false),
            _ => quote!(F::ZERO),
        };
        self.scratch.push(quote! {
            let mut #name = ::std::vec![[#zero; ::loss_dsl::__rt::LANES]; #extent];
        });
    }

    /// Memory to turn blocks of an axis and a kind with.
    fn spare(&mut self, axis: AxisId, kind: LowKind) -> Ident {
        let name = match kind {
            LowKind::Bool => format_ident!("spare_bools_{}", usize::from(axis.0)),
            _ => format_ident!("spare_{}", usize::from(axis.0)),
        };
        if self.spares.insert(name.to_string()) {
            self.declare_block(&name.clone(), axis, kind);
        }
        name
    }
}
