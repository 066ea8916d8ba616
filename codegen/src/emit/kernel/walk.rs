//! Walks: loops over the tiles of an axis.
//!
//! What has the tiled axis and is no output is memory for one tile, declared once before the first walk. What grows from tile to
//! tile, and outputs that a walk fills piece by piece, are declared before the walk and finished after it. With a single
//! tile the memory of one walk still holds in the next what would have to be computed again.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::super::nest::{is_running_sum, times};
use super::{Kernel, auxiliary_name, data_name, gradient_name};
use crate::ir::AxisId;
use crate::schedule::low::Fold;
use crate::schedule::plan::{
    BufferId, Nest, Output, Running, Step, Target, Tiling, Walk, WalkStep,
};

impl Kernel<'_> {
    /// How the axis is cut, and the memory for a tile.
    pub(super) fn tiles(&self) -> TokenStream {
        let Some(axis) = self.plan.tile else {
            return TokenStream::new();
        };
        let mut memory = TokenStream::new();
        let mut elements = vec![];
        for id in self.tile_buffers() {
            let name = data_name(self.graph, self.plan, id);
            let axes = &self.plan.buffer(id).axes;
            let others: Vec<AxisId> = axes.iter().copied().filter(|&a| a != axis).collect();
            let others = self.len(&others);
            memory.extend(quote!(let mut #name = ::std::vec![F::ZERO; #others * tiles.len()];));
            elements.push(others);
        }
        let extent = self.extent(axis);
        let parked = self.stage_parked();
        let tiles = match self.plan.tiling {
            Tiling::ShardedWhole => quote!(::loss_dsl::__rt::Tiles::whole(#extent)),
            _ => {
                quote!(::loss_dsl::__rt::Tiles::new(#extent, 0 #(+ #elements)*, call.tile))
            }
        };
        let tiles = match self.plan.sharded() {
            Some(_) => quote!(#tiles.from(call.shard().first)),
            None => tiles,
        };
        quote! {
            #parked
            let tiles = #tiles;
            #memory
        }
    }

    /// The buffers that exist for a tile at a time, but for those that are folded, which are new for each.
    fn tile_buffers(&self) -> BTreeSet<BufferId> {
        let mut found = BTreeSet::new();
        for step in self.plan.all_steps() {
            match step {
                Step::Nest(nest) => {
                    let kept = nest.targets.iter().filter(|target| target.fold.is_none());
                    found.extend(kept.map(|target| target.buffer));
                }
                Step::Contract { out, .. } | Step::Scatter { out, .. } => {
                    found.insert(*out);
                }
                Step::Walk(_) => {}
            }
        }
        found
            .into_iter()
            .filter(|&id| self.plan.is_tile(id))
            .collect()
    }

    /// A loop over tiles.
    pub(super) fn walk(&mut self, walk: &Walk) -> TokenStream {
        let (mut before, mut after) = (TokenStream::new(), TokenStream::new());
        let new = || walk.steps.iter().filter(|step| !step.again);
        for step in new() {
            self.around(&step.step, &mut before, &mut after);
        }
        if self.plan.sharded().is_some() {
            let outputs = new().map(|step| &step.step);
            after = self.joined(&outputs.collect::<Vec<_>>(), &walk.shifts, after);
        }
        self.walk = self.plan.tile;
        let mut steps = vec![];
        for WalkStep { step, again } in walk.steps.iter().rev() {
            let outputs = step.outputs().into_iter();
            let publish: TokenStream = outputs.map(|id| self.publish_tile(id)).collect();
            self.again = *again;
            let tokens = self.step(step);
            self.again = false;
            // What is folded is memory of the tile's own.
            let tokens = if *again && !is_folded(step) {
                quote!(if tiles.count() > 1 { #tokens })
            } else {
                tokens
            };
            steps.push(quote!(#tokens #publish));
        }
        self.walk = None;
        let steps = steps.into_iter().rev();
        quote! {
            #before
            for tile in tiles.iter() {
                #(#steps)*
            }
            #after
        }
    }

    /// What has to stand before and after the loop for the outputs of a step in it.
    fn around(&self, step: &Step, before: &mut TokenStream, after: &mut TokenStream) {
        let nest = match step {
            Step::Nest(nest) => Some(nest),
            _ => None,
        };
        for id in step.outputs() {
            let buffer = self.plan.buffer(id);
            let name = data_name(self.graph, self.plan, id);
            let target = nest.and_then(|n| n.targets.iter().find(|t| t.buffer == id));
            // Its join ends it.
            let joined = buffer.running.is_some() && self.plan.sharded().is_some();
            if let (Some(Running::Fold(fold)), Some(_)) =
                (buffer.running, target.and_then(|t| t.fold))
            {
                let (name, len) = (self.folded_name(id), self.len(&buffer.axes));
                let start = match fold {
                    Fold::Sum => quote!(0.0f64),
                    Fold::Max => quote!(f64::NEG_INFINITY),
                };
                before.extend(quote!(let mut #name = ::std::vec![#start; #len];));
                if !joined {
                    after.extend(self.finish_fold(id));
                }
                continue;
            }
            match buffer.output {
                Some(Output::Gradient(_)) => {
                    let holds_parked = self.plan.parked.is_some_and(|p| p.gradient == id);
                    if !holds_parked {
                        before.extend(self.stage(id, nest));
                    }
                    if !joined {
                        after.extend(quote!(#name.finish();));
                    }
                }
                Some(_) => after.extend(self.publish(id, &self.output_data(id))),
                None if self.plan.is_tile(id) => {}
                None => {
                    let start = match buffer.running {
                        Some(Running::Fold(Fold::Max)) => quote!(F::NEG_INFINITY),
                        _ => quote!(F::ZERO),
                    };
                    let len = self.len(&buffer.axes);
                    before.extend(quote!(let mut #name = ::std::vec![#start; #len];));
                    if target.is_some_and(|t| is_running_sum(self.plan, t)) {
                        let rest = format_ident!("{name}_rest");
                        before.extend(quote!(let mut #rest = ::std::vec![F::ZERO; #len];));
                    }
                    if !joined {
                        after.extend(self.publish(id, &quote!(&#name)));
                    }
                }
            }
        }
    }

    /// The declaration of a gradient, which the nest fills if there is one.
    fn stage(&self, id: BufferId, nest: Option<&Nest>) -> TokenStream {
        let Some(Output::Gradient(k)) = self.plan.buffer(id).output else {
            return TokenStream::new();
        };
        let target = |nest: &Nest| nest.targets.iter().find(|t| t.buffer == id).cloned();
        if let Some((nest, target)) = nest.and_then(|n| Some((n, target(n)?))) {
            return self.stage_rows(nest, &target, k);
        }
        let name = data_name(self.graph, self.plan, id);
        let gradient = gradient_name(k);
        quote!(let mut #name = ::loss_dsl::__rt::Staged::whole(&mut *#gradient);)
    }

    /// The declaration of the gradient whose memory keeps a matrix between walks.
    fn stage_parked(&self) -> TokenStream {
        let Some(parked) = self.plan.parked else {
            return TokenStream::new();
        };
        let nest = self.plan.all_steps().find_map(|step| match step {
            Step::Nest(nest) if step.outputs().contains(&parked.gradient) => Some(nest),
            _ => None,
        });
        self.stage(parked.gradient, nest)
    }

    /// The caller's array of an output that is no gradient.
    fn output_data(&self, id: BufferId) -> TokenStream {
        match self.plan.buffer(id).output {
            Some(Output::Losses) => quote!((&mut *losses)),
            Some(Output::Weights) => quote!(weights),
            Some(Output::Auxiliary(k)) => {
                let place = auxiliary_name(k);
                quote!((&mut *#place))
            }
            Some(Output::Gradient(_) | Output::Learn(_)) | None => {
                unreachable!("asked for outputs that have rows of the batch")
            }
        }
    }

    /// Whether the buffer lives longer than a tile, so that the walk has declared it.
    pub(super) fn is_kept_over_tiles(&self, id: BufferId) -> bool {
        if self.walk.is_none() {
            return false;
        }
        let folded = self.plan.all_steps().any(|step| match step {
            Step::Nest(nest) => nest
                .targets
                .iter()
                .any(|t| t.buffer == id && t.fold.is_some()),
            _ => false,
        });
        !(folded && self.plan.is_tile(id))
    }

    /// A target that the walk has declared, and the part of it that this tile fills.
    pub(super) fn part_of_rows(
        &self,
        nest: &Nest,
        target: &Target,
    ) -> (TokenStream, TokenStream, TokenStream) {
        let id = target.buffer;
        let name = data_name(self.graph, self.plan, id);
        let len = self.len(&target.axes);
        let rows: Vec<_> = nest.rows.iter().map(|&a| self.extent(a)).collect();
        let rows = times(&rows, 1);
        let buffer = self.plan.buffer(id);
        let tokens = match buffer.output {
            Some(Output::Gradient(_)) if self.is_cut(&buffer.axes) => quote!(#name.part(tile)),
            Some(Output::Gradient(_)) => quote!(#name.target()),
            Some(_) => {
                let data = self.output_data(id);
                quote!(::loss_dsl::__rt::Target::rows(#data, #len))
            }
            None => quote!(::loss_dsl::__rt::Target::rows(&mut #name[..#rows * #len], #len)),
        };
        (TokenStream::new(), tokens, TokenStream::new())
    }

    /// The same for a target that rows are folded into.
    pub(super) fn part_of_fold(
        &self,
        id: BufferId,
        fold: Fold,
        len: &TokenStream,
    ) -> (TokenStream, TokenStream, TokenStream) {
        let name = self.folded_name(id);
        let part = format_ident!("{name}_part");
        let (constructor, join) = match fold {
            Fold::Sum => (quote!(sum), quote!(*total += part)),
            Fold::Max => (
                quote!(max),
                quote!(*total = ::loss_dsl::Float::larger(*total, part)),
            ),
        };
        (
            quote!(let mut #part = ::std::vec![0.0f64; #len];),
            quote!(::loss_dsl::__rt::Target::#constructor(&mut #part)),
            quote!(for (total, part) in #name.iter_mut().zip(#part) { #join; }),
        )
    }

    /// The same for what one operation fills as a whole.
    pub(super) fn part_of_whole(&self, id: BufferId) -> (TokenStream, TokenStream, TokenStream) {
        let buffer = self.plan.buffer(id);
        let name = data_name(self.graph, self.plan, id);
        let len = self.len(&buffer.axes);
        let tokens = match buffer.output {
            Some(Output::Gradient(_)) if self.is_cut(&buffer.axes) => quote!(#name.tile(tile)),
            Some(Output::Gradient(_)) => quote!(#name.data()),
            Some(_) => self.output_data(id),
            None => quote!(&mut #name[..#len]),
        };
        (TokenStream::new(), tokens, TokenStream::new())
    }

    /// Where a nest keeps what rounding running sums lost.
    pub(super) fn rests(&self, nest: &Nest) -> Vec<TokenStream> {
        let sums = nest.targets.iter().filter(|t| is_running_sum(self.plan, t));
        sums.map(|target| {
            let name = data_name(self.graph, self.plan, target.buffer);
            let rest = format_ident!("{name}_rest");
            quote!(::loss_dsl::__rt::Target::rows(&mut #rest, 1))
        })
        .collect()
    }

    /// The tile of a buffer as a tensor for later steps of the walk.
    fn publish_tile(&self, id: BufferId) -> TokenStream {
        if !(self.plan.is_tile(id) && self.is_kept_over_tiles(id)) {
            return TokenStream::new();
        }
        let name = data_name(self.graph, self.plan, id);
        let len = self.len(&self.plan.buffer(id).axes);
        self.publish(id, &quote!(&#name[..#len]))
    }

    /// Whether a tile fills a part of what has these axes: not all of it, where there is a single tile.
    fn is_cut(&self, axes: &[AxisId]) -> bool {
        let single = self.plan.tiling == Tiling::ShardedWhole;
        !single && self.walk.is_some_and(|tile| axes.contains(&tile))
    }
}

fn is_folded(step: &Step) -> bool {
    matches!(step, Step::Nest(nest) if nest.targets.iter().any(|target| target.fold.is_some()))
}
