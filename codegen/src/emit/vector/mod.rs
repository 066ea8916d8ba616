//! Loops of elementwise work, in blocks of lanes.
//!
//! What the loop reads along its axis is laid out as slices first (borrowed where memory is
//! contiguous, gathered otherwise). Then full blocks are handled as `[F; LANES]` arrays that LLVM turns
//! into vectors, and the rest as one more block that is filled up and masked.

mod blocks;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use self::blocks::{ReadLanes, WrittenLanes, elementwise, zipped};
use super::nest::Rows;
use super::scope::Scope;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, Index, LowId, LowKind, Op};
use crate::schedule::plan::{Accumulator, Vector};

/// A slice along the axis of a loop.
struct Source {
    node: LowId,
    slice: Ident,
    kind: LowKind,
}

impl Scope<'_> {
    /// The statements of a vector loop.
    pub(super) fn vector(&mut self, rows: &mut Rows, vector: &Vector) -> TokenStream {
        let axis = vector.axis;
        let extent = self.extent(axis);
        let loop_scope = (
            self.bound.clone(),
            self.lanes.clone(),
            self.positions.clone(),
        );
        let order = self.loop_nodes(vector);
        let (stage, sources) = self.sources(rows, axis, &order);
        let read = self.read_lanes(rows, vector, &sources);
        let accumulators = self.accumulators(vector);
        let written = self.written_lanes(rows, vector);

        self.positions.insert(axis, quote!((from + i)));
        self.lane_axis = Some(axis);
        let body = self.lane_body(&order, &written.stores, &accumulators);
        self.lane_axis = None;
        self.bound = loop_scope.0;
        self.lanes = loop_scope.1;
        self.positions = loop_scope.2;
        let masked = body(true);
        let body = body(false);
        let mut declare = TokenStream::new();
        let mut totals = TokenStream::new();
        for (a, name) in accumulators {
            let identity = identity(a.fold);
            declare.extend(quote!(let mut #name = [#identity; ::loss_dsl::__rt::LANES];));
            totals.extend(match (a.fold, rows.running(a.result)) {
                (Fold::Sum, None) => quote!(let #name = ::loss_dsl::__rt::total(&#name);),
                (Fold::Max, None) => quote!(let #name = ::loss_dsl::__rt::maximum(&#name);),
                (Fold::Sum, Some(so_far)) => {
                    so_far.add(self, &name, &quote!(::loss_dsl::__rt::total_f64(&#name)))
                }
                (Fold::Max, Some(so_far)) => {
                    so_far.extend(&name, &quote!(::loss_dsl::__rt::maximum(&#name)))
                }
            });
            self.bound.insert(a.result, name);
        }
        let ReadLanes { full, rest, plain } = read;
        if vector.accumulators.is_empty() && vector.folds.is_empty() {
            return elementwise(&stage, &plain, &written.plain, &extent, &body);
        }
        let blocks: Vec<_> = full.into_iter().chain(written.blocks.clone()).collect();
        let (pattern, blocks) = zipped(&blocks, &extent);
        let WrittenLanes {
            full: full_out,
            full_end,
            rest: rest_out,
            rest_end,
            ..
        } = written;
        quote! {
            #stage
            #declare
            for (block, #pattern) in #blocks.enumerate() {
                let from = block * ::loss_dsl::__rt::LANES;
                #full_out
                for i in 0..::loss_dsl::__rt::LANES { #body }
                #full_end
            }
            if #extent % ::loss_dsl::__rt::LANES != 0 {
                let from = #extent - #extent % ::loss_dsl::__rt::LANES;
                let rest = #extent - from;
                #rest
                #rest_out
                for i in 0..::loss_dsl::__rt::LANES { #masked }
                #rest_end
            }
            #totals
        }
    }

    /// A name for each accumulator.
    fn accumulators<'v>(&mut self, vector: &'v Vector) -> Vec<(&'v Accumulator, Ident)> {
        let name = |a: &'v Accumulator| {
            let hint = match a.fold {
                Fold::Sum => "sum",
                Fold::Max => "largest",
            };
            (a, self.fresh(hint))
        };
        vector.accumulators.iter().map(name).collect()
    }

    /// Lanes of the slices and of the values that an earlier loop kept.
    fn read_lanes(&mut self, rows: &mut Rows, vector: &Vector, sources: &[Source]) -> ReadLanes {
        let extent = self.extent(vector.axis);
        let mut full = vec![];
        let mut rest = TokenStream::new();
        let mut plain = TokenStream::new();
        for source in sources {
            let (lane, slice) = (format_ident!("{}_lane", source.slice), &source.slice);
            full.push((lane.clone(), quote!(::loss_dsl::__rt::blocks(#slice))));
            plain.extend(quote!(let #lane = &#slice[..#extent];));
            let fill = match source.kind {
                LowKind::Real => quote!(F::ZERO),
                LowKind::Bool => quote!(false),
                LowKind::Index => quote!(0usize),
            };
            rest.extend(quote!(let #lane = ::loss_dsl::__rt::padded_lanes(#slice, from, #fill);));
            self.lanes.insert(source.node, lane);
        }
        for &node in &vector.saved {
            let scratch = rows.scratch_of(self, vector.axis, node);
            let lane = format_ident!("{}_lane", scratch);
            let kept = quote!(&#scratch[..#extent]);
            full.push((lane.clone(), quote!(::loss_dsl::__rt::blocks(#kept))));
            plain.extend(quote!(let #lane = #kept;));
            rest.extend(
                quote!(let #lane = ::loss_dsl::__rt::padded_lanes(&#scratch[..#extent], from, F::ZERO);),
            );
            self.lanes.insert(node, lane);
        }
        ReadLanes { full, rest, plain }
    }

    /// Lanes of everything that the loop writes: values kept for later loops, rows, folded targets.
    fn written_lanes(&mut self, rows: &mut Rows, vector: &Vector) -> WrittenLanes {
        let axis = vector.axis;
        let extent = self.extent(axis);
        let mut lanes = WrittenLanes::default();
        for &node in &vector.saves {
            let scratch = rows.scratch_of(self, axis, node);
            lanes.place(node, &scratch, &quote!(&mut #scratch[..#extent]));
        }
        for &(target, node) in &vector.stores {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(axis)));
            lanes.place(node, &row, &quote!(&mut #row[#base..][..#extent]));
        }
        for &(target, node) in &vector.folds {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(axis)));
            let fold = match rows.fold(target) {
                Some(Fold::Max) => quote!(fold_max_lanes),
                _ => quote!(fold_sum_lanes),
            };
            lanes.fold(node, &row, |lane| {
                quote!(::loss_dsl::__rt::#fold(&mut #row[#base..][..#extent], from, &#lane);)
            });
        }
        lanes
    }

    /// The nodes that the loop evaluates, children first.
    fn loop_nodes(&self, vector: &Vector) -> Vec<LowId> {
        let mut seen = BTreeSet::new();
        let saves = vector.saves.iter().copied();
        let mut stack: Vec<LowId> = vector.values().chain(saves).collect();
        while let Some(id) = stack.pop() {
            if self.bound.contains_key(&id) || !seen.insert(id) {
                continue;
            }
            let leaf = vector.saved.contains(&id)
                || self.plan.read(id).is_some() && self.reads_buffer(id)
                || matches!(
                    self.low().op(id),
                    Op::Load(..) | Op::Label(..) | Op::Mask(..)
                );
            if !leaf {
                stack.extend(self.low().op(id).children());
            }
        }
        for saved in &vector.saved {
            seen.remove(saved);
        }
        seen.into_iter().collect()
    }

    /// Slices for everything that the loop reads along its axis.
    fn sources(
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
            return (TokenStream::new(), Source { node, slice, kind });
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
        (tokens, Source { node, slice, kind })
    }

    fn is_buffer(&self, node: LowId) -> bool {
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

    /// The statements for lane `i`; called with whether lanes from `rest` on are not to count.
    fn lane_body(
        &mut self,
        nodes: &[LowId],
        store: &[(LowId, Ident)],
        accumulators: &[(&Accumulator, Ident)],
    ) -> impl Fn(bool) -> TokenStream + use<> {
        let mut uses: BTreeMap<LowId, usize> = BTreeMap::new();
        for &node in nodes {
            if !self.lanes.contains_key(&node) {
                for child in self.low().op(node).children() {
                    *uses.entry(child).or_default() += 1;
                }
            }
        }
        let roots = store
            .iter()
            .map(|s| s.0)
            .chain(accumulators.iter().map(|a| a.0.value));
        for node in roots {
            *uses.entry(node).or_default() += 1;
        }
        let mut lets = TokenStream::new();
        for &node in nodes {
            let shared = uses.get(&node).copied().unwrap_or(0) > 1;
            let index_lane =
                self.lanes.contains_key(&node) && self.low().kind(node) == LowKind::Index;
            if index_lane {
                let lane = self.lanes[&node].clone();
                let name = self.bind(node);
                self.lanes.remove(&node);
                lets.extend(quote!(let #name = #lane[i] as u32;));
            } else if shared
                && !self.lanes.contains_key(&node)
                && !self.bound.contains_key(&node)
                && !self.low().op(node).is_atom()
            {
                let value = self.expr(node);
                let name = self.bind(node);
                lets.extend(quote!(let #name = #value;));
            }
        }
        let mut stores = TokenStream::new();
        for (node, lane) in store {
            let value = self.expr(*node);
            stores.extend(quote!(#lane[i] = #value;));
        }
        let mut folds = vec![];
        for (a, name) in accumulators {
            let value = self.expr(a.value);
            folds.push((a.fold, name.clone(), value));
        }
        move |masked| {
            let mut tokens = lets.clone();
            tokens.extend(stores.clone());
            for (fold, name, value) in &folds {
                let value = if masked {
                    let identity = identity(*fold);
                    quote!(::loss_dsl::__rt::select(i < rest, #value, #identity))
                } else {
                    value.clone()
                };
                tokens.extend(match fold {
                    Fold::Sum => quote!(#name[i] += #value;),
                    Fold::Max => quote!(#name[i] = #name[i].max(isa, #value);),
                });
            }
            tokens
        }
    }
}

fn identity(fold: Fold) -> TokenStream {
    match fold {
        Fold::Sum => quote!(F::ZERO),
        Fold::Max => quote!(F::NEG_INFINITY),
    }
}
