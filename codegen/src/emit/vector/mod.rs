//! Loops of elementwise work, strip by strip.
//!
//! What the loop reads along its axis is laid out as slices first (borrowed where memory is contiguous, gathered
//! otherwise). Then a loop over the elements of a strip computes all that is needed of each and writes it to slices: such a
//! loop the compiler makes vectors of, on every instruction set. Sums and maxima are taken of these slices afterwards, by
//! functions of the run-time library: the terms of a strip are still in the first-level cache. A loop without totals is one
//! strip.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::nest::Rows;
use super::scope::Scope;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, Index, LowId, LowKind, Op};
use crate::schedule::plan::Vector;

/// A slice along the axis of a loop.
struct Source {
    node: LowId,
    slice: Ident,
}

/// What the elements of a strip are written to.
#[derive(Default)]
struct Written {
    /// Slices of the strip.
    slices: TokenStream,
    /// The value and the slice of each.
    stores: Vec<(LowId, Ident)>,
}

impl Written {
    fn slice(&self, node: LowId) -> Option<Ident> {
        let found = self.stores.iter().find(|s| s.0 == node);
        found.map(|s| s.1.clone())
    }
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
        let read = self.read(rows, vector, &sources);
        let mut written = self.written(rows, vector);
        let folded = self.folded(rows, vector, &mut written);
        let (declare, add, totals) = self.totals(rows, vector, &mut written);

        self.positions.insert(axis, quote!((from + i)));
        self.lane_axis = Some(axis);
        let body = self.elementwise(&order, &written.stores);
        self.lane_axis = None;
        (self.bound, self.lanes, self.positions) = loop_scope;
        let finish = self.finished(rows, vector, totals);
        let slices = &written.slices;
        let strip = quote! {
            #read
            #slices
            for i in 0..len { #body }
        };
        if vector.accumulators.is_empty() && vector.folds.is_empty() {
            return quote! {
                #stage
                {
                    let (from, len) = (0usize, #extent);
                    #strip
                }
            };
        }
        quote! {
            #stage
            #declare
            for from in (0..#extent).step_by(::loss_dsl::__rt::STRIP) {
                let len = ::loss_dsl::__rt::STRIP.min(#extent - from);
                #strip
                #folded
                #add
            }
            #finish
        }
    }

    /// Slices of the strip for what the loop reads and for values that an earlier loop kept.
    fn read(&mut self, rows: &mut Rows, vector: &Vector, sources: &[Source]) -> TokenStream {
        let extent = self.extent(vector.axis);
        let mut tokens = TokenStream::new();
        for source in sources {
            let (lane, slice) = (format_ident!("{}_lane", source.slice), &source.slice);
            tokens.extend(quote!(let #lane = &#slice[from..][..len];));
            self.lanes.insert(source.node, lane);
        }
        for &node in &vector.saved {
            let scratch = rows.scratch_of(self, vector.axis, node);
            let lane = format_ident!("{}_lane", scratch);
            tokens.extend(quote!(let #lane = &#scratch[..#extent][from..][..len];));
            self.lanes.insert(node, lane);
        }
        tokens
    }

    /// Slices of the strip for values kept for later loops and for rows.
    fn written(&mut self, rows: &mut Rows, vector: &Vector) -> Written {
        let axis = vector.axis;
        let extent = self.extent(axis);
        let mut written = Written::default();
        for &node in &vector.saves {
            let scratch = rows.scratch_of(self, axis, node);
            let lane = format_ident!("{}_out", scratch);
            let slice = quote!(&mut #scratch[..#extent][from..][..len]);
            written.slices.extend(quote!(let #lane = #slice;));
            written.stores.push((node, lane));
        }
        for &(target, node) in &vector.stores {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(axis)));
            let lane = format_ident!("{}_out", row);
            let slice = quote!(&mut #row[#base..][..#extent][from..][..len]);
            written.slices.extend(quote!(let #lane = #slice;));
            written.stores.push((node, lane));
        }
        written
    }

    /// The slice of the strip that holds a value, which is written to memory of its own if it is nowhere else.
    fn term(&mut self, rows: &mut Rows, node: LowId, written: &mut Written) -> Ident {
        let is_real = self.low().kind(node) == LowKind::Real;
        if let Some(lane) = self.lanes.get(&node).filter(|_| is_real) {
            return lane.clone();
        }
        if let Some(lane) = written.slice(node) {
            return lane;
        }
        let strip = rows.strip(self);
        let term = self.fresh("term");
        written.slices.extend(quote!(let #term = &mut #strip[..len];));
        written.stores.push((node, term.clone()));
        term
    }

    /// Folds a strip into the targets of the whole batch.
    fn folded(&mut self, rows: &mut Rows, vector: &Vector, written: &mut Written) -> TokenStream {
        let axis = vector.axis;
        let extent = self.extent(axis);
        let mut tokens = TokenStream::new();
        for &(target, node) in &vector.folds {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(axis)));
            let term = self.term(rows, node, written);
            let fold = match rows.fold(target) {
                Some(Fold::Max) => quote!(fold_max),
                _ => quote!(fold_sum),
            };
            tokens.extend(quote! {
                ::loss_dsl::__rt::#fold(&mut #row[#base..][..#extent][from..][..len], &*#term);
            });
        }
        tokens
    }

    /// Totals over the axis: their declaration, what a strip adds, and their names.
    fn totals(
        &mut self,
        rows: &mut Rows,
        vector: &Vector,
        written: &mut Written,
    ) -> (TokenStream, TokenStream, Vec<Ident>) {
        let (mut declare, mut add) = (TokenStream::new(), TokenStream::new());
        let mut names = vec![];
        for a in &vector.accumulators {
            let term = self.term(rows, a.value, written);
            let name = match a.fold {
                Fold::Sum => self.fresh("sum"),
                Fold::Max => self.fresh("largest"),
            };
            match a.fold {
                Fold::Sum => {
                    declare.extend(quote!(let mut #name = [F::ZERO; ::loss_dsl::__rt::LANES];));
                    add.extend(quote!(::loss_dsl::__rt::add(&mut #name, &*#term);));
                }
                Fold::Max => {
                    declare.extend(quote!(let mut #name = F::NEG_INFINITY;));
                    let of_strip = quote!(::loss_dsl::Float::largest(&*#term));
                    add.extend(quote!(#name = #name.larger(#of_strip);));
                }
            }
            names.push(name);
        }
        (declare, add, names)
    }

    /// What makes the totals of strips those of the axis.
    fn finished(&mut self, rows: &Rows, vector: &Vector, names: Vec<Ident>) -> TokenStream {
        let mut tokens = TokenStream::new();
        for (a, name) in vector.accumulators.iter().zip(names) {
            tokens.extend(match (a.fold, rows.running(a.result)) {
                (Fold::Sum, None) => quote!(let #name = ::loss_dsl::__rt::total(&#name);),
                (Fold::Max, None) => TokenStream::new(),
                (Fold::Sum, Some(so_far)) => {
                    let total = quote!(::loss_dsl::__rt::total_f64(&#name));
                    so_far.add(self, &name, &total)
                }
                (Fold::Max, Some(so_far)) => so_far.extend(&name, &quote!(#name)),
            });
            self.bound.insert(a.result, name);
        }
        tokens
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

    /// The statements for element `i` of the strip.
    fn elementwise(&mut self, nodes: &[LowId], stores: &[(LowId, Ident)]) -> TokenStream {
        let mut uses: BTreeMap<LowId, usize> = BTreeMap::new();
        for &node in nodes {
            if !self.lanes.contains_key(&node) {
                for child in self.low().op(node).children() {
                    *uses.entry(child).or_default() += 1;
                }
            }
        }
        for &(node, _) in stores {
            *uses.entry(node).or_default() += 1;
        }
        let mut tokens = TokenStream::new();
        for &node in nodes {
            let shared = uses.get(&node).copied().unwrap_or(0) > 1;
            let index_lane =
                self.lanes.contains_key(&node) && self.low().kind(node) == LowKind::Index;
            if index_lane {
                let lane = self.lanes[&node].clone();
                let name = self.bind(node);
                self.lanes.remove(&node);
                tokens.extend(quote!(let #name = #lane[i] as u32;));
            } else if shared
                && !self.lanes.contains_key(&node)
                && !self.bound.contains_key(&node)
                && !self.low().op(node).is_atom()
            {
                let value = self.expr(node);
                let name = self.bind(node);
                tokens.extend(quote!(let #name = #value;));
            }
        }
        for (node, lane) in stores {
            let value = self.expr(*node);
            tokens.extend(quote!(#lane[i] = #value;));
        }
        tokens
    }
}
