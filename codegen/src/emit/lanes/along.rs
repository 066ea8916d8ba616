//! Loops along an axis: its positions one after the other, the lanes at each.
//!
//! Sums are carried in `f64`: each lane adds up a whole row, which in its own precision would be less exact than along the
//! row, where 32 partial sums of few values each are added up in `f64`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Lanes;
use super::body::{Act, vector_roots};
use crate::emit::scope::plain;
use crate::ir::AxisId;
use crate::schedule::low::{Fold, LowId};
use crate::schedule::plan::{Accumulator, Loop, Vector};

impl Lanes<'_, '_> {
    pub(super) fn looped(&mut self, inner: &Loop) -> TokenStream {
        let acts: Vec<_> = inner.body.iter().map(Act::of).collect();
        let blocks = self.blocks.clone();
        let (tokens, results) = self.positions_in_turn(inner.axis, acts, &inner.accumulators, &[]);
        self.blocks = blocks;
        self.scope.lanes.extend(results);
        tokens
    }

    pub(super) fn vector(&mut self, vector: &Vector) -> TokenStream {
        let outer = self.scope.lanes.clone();
        let mut lanes = vec![];
        let turned = self.turned(vector, &mut lanes);
        let mut acts: Vec<_> = self.shared(vector).into_iter().map(Act::Let).collect();
        let mut end = TokenStream::new();
        for &node in &vector.saves {
            let scratch = self.scratch_of(vector.axis, node);
            let memory = format_ident!("{}_lane", scratch);
            let at = self.place_name(vector.axis);
            lanes.push(quote!(let #memory = &mut #scratch[#at];));
            acts.push(Act::Keep {
                memory,
                value: node,
            });
        }
        for &node in &vector.saved {
            let scratch = self.scratch_of(vector.axis, node);
            let memory = format_ident!("{}_lane", scratch);
            let at = self.place_name(vector.axis);
            lanes.push(quote!(let #memory = &#scratch[#at];));
            self.scope.lanes.insert(node, memory);
        }
        for &(target, value) in &vector.stores {
            let (memory, tokens) = self.block_of_rows(vector.axis, target, &mut lanes);
            end.extend(tokens);
            acts.push(Act::Keep { memory, value });
        }
        for &(target, value) in &vector.folds {
            let at = None;
            acts.push(Act::Fold { target, value, at });
        }
        let accumulators = &vector.accumulators;
        let (tokens, results) = self.positions_in_turn(vector.axis, acts, accumulators, &lanes);
        self.scope.lanes = outer;
        self.scope.lanes.extend(results);
        quote!(#turned #tokens #end)
    }

    /// The loop, and the names of its results; `lanes` come first at each position.
    fn positions_in_turn(
        &mut self,
        axis: AxisId,
        mut acts: Vec<Act<'_>>,
        accumulators: &[Accumulator],
        lanes: &[TokenStream],
    ) -> (TokenStream, Vec<(LowId, Ident)>) {
        let variables = (
            self.scope.bound.clone(),
            self.scope.lanes.clone(),
            self.scope.positions.clone(),
        );
        let (mut declare, mut finish) = (TokenStream::new(), TokenStream::new());
        let mut results: Vec<(LowId, Ident)> = vec![];
        for a in accumulators {
            let value = a.value;
            match a.fold {
                Fold::Max => {
                    let largest = self.scope.fresh("largest");
                    declare.extend(quote!(let mut #largest = ::loss_dsl::__rt::Largest::new();));
                    finish.extend(quote!(let #largest = #largest.lanes();));
                    results.push((a.result, largest.clone()));
                    acts.push(Act::Max { largest, value });
                }
                Fold::Sum => {
                    let sum = self.scope.fresh("sum");
                    declare.extend(quote!(let mut #sum = ::loss_dsl::__rt::Sums::new();));
                    finish.extend(quote!(let #sum: [F; ::loss_dsl::__rt::LANES] = #sum.lanes();));
                    results.push((a.result, sum.clone()));
                    acts.push(Act::Sum { sum, value });
                }
            }
        }
        let at = self.place_name(axis);
        let extent = self.scope.extent(axis);
        self.scope.positions.insert(axis, quote!(#at));
        let body = self.acts(&acts);
        (self.scope.bound, self.scope.lanes, self.scope.positions) = variables;
        let tokens = quote! {
            #declare
            for #at in 0..#extent {
                #(#lanes)*
                #body
            }
            #finish
        };
        (tokens, results)
    }

    pub(super) fn place_name(&self, axis: AxisId) -> Ident {
        format_ident!("at_{}", plain(&self.scope.graph.axis(axis).name))
    }

    /// Lanes for each position of values that a later loop uses again.
    fn scratch_of(&mut self, axis: AxisId, node: LowId) -> Ident {
        if let Some(name) = self.kept.get(&(axis, node)) {
            return name.clone();
        }
        let hint = format!("{}_kept", self.scope.hint(node));
        let name = self.scope.fresh(&hint);
        let extent = self.scope.extent(axis);
        self.scratch.push(quote! {
            let mut #name = ::std::vec![[F::ZERO; ::loss_dsl::__rt::LANES]; #extent];
        });
        self.kept.insert((axis, node), name.clone());
        name
    }

    /// The nodes that a vector loop binds: those that it uses more than once, and calls.
    fn shared(&self, vector: &Vector) -> Vec<LowId> {
        let mut uses: BTreeMap<LowId, usize> = BTreeMap::new();
        let mut seen: BTreeSet<LowId> = vector.saved.iter().copied().collect();
        let mut stack = vector_roots(vector);
        for &root in &stack {
            *uses.entry(root).or_default() += 1;
        }
        while let Some(id) = stack.pop() {
            if self.is_known(id) || !seen.insert(id) {
                continue;
            }
            for child in self.children(id) {
                *uses.entry(child).or_default() += 1;
                stack.push(child);
            }
        }
        let bound = |node: LowId, count: usize| {
            let leaf = self.scope.low().op(node).is_atom() || self.is_known(node);
            !leaf && !vector.saved.contains(&node) && (count > 1 || self.is_called(node))
        };
        uses.iter()
            .filter(|&(&node, &count)| bound(node, count))
            .map(|u| *u.0)
            .collect()
    }
}
