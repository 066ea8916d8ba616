//! Lanes side by side: how the blocks of what a loop reads and writes are handed to its body.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::schedule::low::LowId;

/// Statements that read a block of lanes: a full one, and the last one padded.
pub(super) struct ReadLanes {
    pub(super) full: Vec<(Ident, TokenStream)>,
    pub(super) rest: TokenStream,
    /// The whole slices instead.
    pub(super) plain: TokenStream,
}

/// Outputs of a loop. A full block is written in place; the last one, and blocks that are folded into
/// an accumulator, go through arrays that are written back at the end.
#[derive(Default)]
pub(super) struct WrittenLanes {
    pub(super) blocks: Vec<(Ident, TokenStream)>,
    /// The whole slices instead.
    pub(super) plain: TokenStream,
    pub(super) full: TokenStream,
    pub(super) full_end: TokenStream,
    pub(super) rest: TokenStream,
    pub(super) rest_end: TokenStream,
    pub(super) stores: Vec<(LowId, Ident)>,
}

impl WrittenLanes {
    /// Lanes of `memory`, which is `slice`.
    pub(super) fn place(&mut self, node: LowId, memory: &Ident, slice: &TokenStream) {
        let lane = format_ident!("{}_out", memory);
        let blocks = quote!(::loss_dsl::__rt::blocks_mut(#slice));
        self.blocks.push((lane.clone(), blocks));
        self.plain.extend(quote!(let #lane = #slice;));
        self.rest
            .extend(quote!(let mut #lane = [F::ZERO; ::loss_dsl::__rt::LANES];));
        self.rest_end
            .extend(quote!(::loss_dsl::__rt::write_lanes(#slice, from, &#lane);));
        self.stores.push((node, lane));
    }

    /// Lanes that `end` folds into `memory`.
    pub(super) fn fold(
        &mut self,
        node: LowId,
        memory: &Ident,
        end: impl Fn(&Ident) -> TokenStream,
    ) {
        let lane = format_ident!("{}_out", memory);
        let declare = quote!(let mut #lane = [F::ZERO; ::loss_dsl::__rt::LANES];);
        self.full.extend(declare.clone());
        self.rest.extend(declare);
        self.full_end.extend(end(&lane));
        self.rest_end.extend(end(&lane));
        self.stores.push((node, lane));
    }
}

/// A loop that only computes elements: the compiler finds the vectors in it by itself, and blocks would
/// be in its way.
pub(super) fn elementwise(
    stage: &TokenStream,
    read: &TokenStream,
    written: &TokenStream,
    extent: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    quote! {
        #stage
        {
            let from = 0usize;
            #read
            #written
            for i in 0..#extent { #body }
        }
    }
}

/// The blocks of several slices side by side: a pattern for the lanes, and the iterator.
pub(super) fn zipped(
    blocks: &[(Ident, TokenStream)],
    extent: &TokenStream,
) -> (TokenStream, TokenStream) {
    let count = quote!((0..#extent / ::loss_dsl::__rt::LANES));
    let mut zipped: Option<(TokenStream, TokenStream)> = None;
    for (lane, blocks) in blocks {
        zipped = Some(match zipped {
            None => (quote!(#lane), blocks.clone()),
            Some((pattern, iterator)) => {
                (quote!((#pattern, #lane)), quote!(#iterator.zip(#blocks)))
            }
        });
    }
    zipped.unwrap_or((quote!(_), count))
}
