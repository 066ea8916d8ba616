//! Loops of elementwise work, strip by strip.
//!
//! What the loop reads along its axis is laid out as slices first (borrowed where memory is contiguous, gathered
//! otherwise). Then a loop over the elements of a strip computes all that is needed of each and writes it to slices: such a
//! loop the compiler makes vectors of, on every instruction set. Sums and maxima are taken of these slices afterwards, by
//! functions of the run-time library: the terms of a strip are still in the first-level cache.

mod sources;
mod strip;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use self::sources::Source;
use self::strip::{Strip, Total};
use super::nest::Rows;
use super::scope::Scope;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, LowId, LowKind, Op};
use crate::schedule::plan::Vector;

impl Scope<'_> {
    /// The statements of a vector loop.
    pub(super) fn vector(&mut self, rows: &mut Rows, vector: &Vector) -> TokenStream {
        let extent = self.extent(vector.axis);
        let loop_scope = (
            self.bound.clone(),
            self.lanes.clone(),
            self.positions.clone(),
        );
        let order = self.loop_nodes(vector);
        let (mut stage, sources) = self.sources(rows, vector.axis, &order);
        let mut strip = Strip::default();
        self.read(rows, vector, &sources, &mut stage, &mut strip);
        self.written(rows, vector, &mut strip);
        self.folded(rows, vector, &mut strip);
        let totals = self.totals(vector, &mut strip);
        self.positions.insert(vector.axis, quote!((from + i)));
        self.lane_axis = Some(vector.axis);
        let body = self.elementwise(&order, &strip.stores);
        self.lane_axis = None;
        (self.bound, self.lanes, self.positions) = loop_scope;
        let piece = strip.piece(&body, &totals);
        let memory = (strip.terms > 0).then(|| rows.strips(self, strip.terms));
        let call = self.called(vector, &strip, memory, &extent, &piece);
        let finish = self.finished(rows, vector, &totals);
        let (names, count) = (totals.iter().map(|t| &t.name), totals.len());
        quote! {
            #stage
            let [#(#names),*]: [f64; #count] = #call;
            #finish
        }
    }

    /// The loop as a function of a piece of the axis, so that long axes go to several threads; a loop within others is
    /// one piece.
    fn called(
        &self,
        vector: &Vector,
        strip: &Strip,
        memory: Option<Ident>,
        extent: &TokenStream,
        piece: &TokenStream,
    ) -> TokenStream {
        let memory = memory.map_or(quote!([]), |memory| quote!(#memory[..]));
        let (places, wholes) = strip.written();
        let (fold_places, fold_wholes) = strip.folded();
        let (count, fold_count) = (places.len(), fold_places.len());
        if self.is_within_loop {
            return quote!({
                let (start, all) = (0usize, #extent);
                let memory: &mut [F] = &mut #memory;
                let [#(#wholes),*]: [&mut [F]; #count] = [#(&mut #places),*];
                let [#(#fold_wholes),*]: [&mut [f64]; #fold_count] = [#(&mut #fold_places),*];
                #piece
            });
        }
        let joins = vector.accumulators.iter().map(|a| match a.fold {
            Fold::Sum => quote!(::loss_dsl::__rt::Join::Sum),
            Fold::Max => quote!(::loss_dsl::__rt::Join::Max),
        });
        quote! {
            ::loss_dsl::__rt::in_pieces(
                isa,
                #extent,
                [#(#joins),*],
                ::loss_dsl::__rt::Places {
                    memory: &mut #memory,
                    written: [#(&mut #places),*],
                    folded: [#(&mut #fold_places),*],
                },
                move |start: usize, all: usize, places: ::loss_dsl::__rt::Places<'_, F, #count, #fold_count>| {
                    let ::loss_dsl::__rt::Places {
                        memory,
                        written: [#(#wholes),*],
                        folded: [#(#fold_wholes),*],
                    } = places;
                    #piece
                },
            )
        }
    }

    /// Slices of the strip for what the loop reads and for values that an earlier loop kept.
    fn read(
        &mut self,
        rows: &mut Rows,
        vector: &Vector,
        sources: &[Source],
        stage: &mut TokenStream,
        strip: &mut Strip,
    ) {
        let extent = self.extent(vector.axis);
        for source in sources {
            let (lane, slice) = (format_ident!("{}_lane", source.slice), &source.slice);
            strip
                .lanes
                .extend(quote!(let #lane = &#slice[from..][..len];));
            self.lanes.insert(source.node, lane);
        }
        for &node in &vector.saved {
            let place = rows.in_place(node);
            if place.is_some_and(|place| vector.stores.iter().any(|s| s.0 == place)) {
                // What is read is what is written.
                continue;
            }
            let scratch = self.kept(rows, vector.axis, node);
            let (whole, lane) = (
                format_ident!("{scratch}_row"),
                format_ident!("{scratch}_lane"),
            );
            stage.extend(quote!(let #whole = &#scratch[..#extent];));
            strip
                .lanes
                .extend(quote!(let #lane = &#whole[from..][..len];));
            self.lanes.insert(node, lane);
        }
    }

    /// Slices of the strip for values kept for later loops and for rows.
    fn written(&mut self, rows: &mut Rows, vector: &Vector, strip: &mut Strip) {
        let extent = self.extent(vector.axis);
        for &node in &vector.saves {
            let scratch = self.kept(rows, vector.axis, node);
            strip.place(node, &scratch, quote!(#scratch[..#extent]));
        }
        for &(target, node) in &vector.stores {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(vector.axis)));
            strip.place(node, &row, quote!(#row[#base..][..#extent]));
            let mut saved = vector.saved.iter();
            if let Some(&kept) = saved.find(|&&node| rows.in_place(node) == Some(target)) {
                let (name, lane) = (self.bind(kept), format_ident!("{row}_out"));
                strip.first.extend(quote!(let #name = #lane[i];));
            }
        }
    }

    /// Memory for values that a later loop uses again: a row of a target, or scratch.
    fn kept(&mut self, rows: &mut Rows, axis: AxisId, node: LowId) -> Ident {
        match rows.in_place(node) {
            Some(target) => rows.row(target),
            None => rows.scratch_of(self, axis, node),
        }
    }

    /// Folds a strip into the targets of the whole batch.
    fn folded(&mut self, rows: &mut Rows, vector: &Vector, strip: &mut Strip) {
        let extent = self.extent(vector.axis);
        for &(target, node) in &vector.folds {
            let (row, base) = (rows.row(target), rows.base(self, target, Some(vector.axis)));
            let term = self.term(node, strip);
            let fold = match rows.fold(target) {
                Some(Fold::Max) => quote!(fold_max),
                _ => quote!(fold_sum),
            };
            let whole = self.fresh(&format!("{row}_whole"));
            strip.after.extend(quote! {
                ::loss_dsl::__rt::#fold(&mut #whole[offset..][..len], &*#term);
            });
            strip.folded.push((quote!(#row[#base..][..#extent]), whole));
        }
    }

    /// Totals over the axis.
    fn totals(&mut self, vector: &Vector, strip: &mut Strip) -> Vec<Total> {
        let mut totals = vec![];
        for a in &vector.accumulators {
            let term = self.term(a.value, strip);
            let name = match a.fold {
                Fold::Sum => self.fresh("sum"),
                Fold::Max => self.fresh("largest"),
            };
            strip.after.extend(match a.fold {
                Fold::Sum => quote!(::loss_dsl::__rt::add(&mut #name, &*#term);),
                Fold::Max => {
                    let of_strip = quote!(::loss_dsl::Float::largest(&*#term));
                    quote!(#name = #name.larger(#of_strip);)
                }
            });
            let fold = a.fold;
            totals.push(Total { fold, name });
        }
        totals
    }

    /// The slice of the strip that holds a value, which is written to memory of its own if it is nowhere else.
    fn term(&mut self, node: LowId, strip: &mut Strip) -> Ident {
        let is_real = self.low().kind(node) == LowKind::Real;
        if let Some(lane) = self.lanes.get(&node).filter(|_| is_real) {
            return lane.clone();
        }
        if let Some((_, lane)) = strip.stores.iter().find(|s| s.0 == node) {
            return lane.clone();
        }
        let term = self.fresh("term");
        strip.lanes.extend(quote! {
            let (#term, memory) = memory.split_at_mut(::loss_dsl::__rt::STRIP);
            let #term = &mut #term[..len];
        });
        strip.terms += 1;
        strip.stores.push((node, term.clone()));
        term
    }

    /// Names for the totals, which are `f64`, in the numbers of the kernel.
    fn finished(&mut self, rows: &Rows, vector: &Vector, totals: &[Total]) -> TokenStream {
        let mut tokens = TokenStream::new();
        for (a, Total { name, .. }) in vector.accumulators.iter().zip(totals) {
            let rounded = quote!(F::from_f64(#name));
            tokens.extend(match (a.fold, rows.running(a.result)) {
                (_, None) => quote!(let #name = #rounded;),
                (Fold::Sum, Some(so_far)) => so_far.add(self, name, &quote!(#name)),
                (Fold::Max, Some(so_far)) => so_far.extend(name, &rounded),
            });
            self.bound.insert(a.result, name.clone());
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
