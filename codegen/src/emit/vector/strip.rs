//! A strip: the part of an axis that is computed before totals are taken of it, as code.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::schedule::low::{Fold, LowId};

/// What a loop does with a strip.
#[derive(Default)]
pub(super) struct Strip {
    /// Slices of the strip: of what is read, and of what is written.
    pub(super) lanes: TokenStream,
    /// What comes first of what is done for element `i`.
    pub(super) first: TokenStream,
    /// Values and the slices that they are written to.
    pub(super) stores: Vec<(LowId, Ident)>,
    /// What follows the loop over the elements.
    pub(super) after: TokenStream,
    /// How many values are written to memory of the loop's own.
    pub(super) terms: usize,
    /// Memory that is written along the axis: where it is, and its name within the loop.
    places: Vec<(TokenStream, Ident)>,
    /// Accumulators along the axis: where they are, and their names within the loop.
    pub(super) folded: Vec<(TokenStream, Ident)>,
}

/// A total over the axis.
pub(super) struct Total {
    pub(super) fold: Fold,
    pub(super) name: Ident,
}

impl Strip {
    /// Writes a value to memory.
    pub(super) fn place(&mut self, node: LowId, memory: &Ident, place: TokenStream) {
        let (whole, lane) = (
            format_ident!("{memory}_whole"),
            format_ident!("{memory}_out"),
        );
        self.lanes
            .extend(quote!(let #lane = &mut #whole[offset..][..len];));
        self.stores.push((node, lane));
        self.places.push((place, whole));
    }

    /// Where memory is that is written, and its names within the loop.
    pub(super) fn written(&self) -> (Vec<&TokenStream>, Vec<&Ident>) {
        self.places
            .iter()
            .map(|(place, name)| (place, name))
            .unzip()
    }

    /// The same of accumulators.
    pub(super) fn folded(&self) -> (Vec<&TokenStream>, Vec<&Ident>) {
        self.folded
            .iter()
            .map(|(place, name)| (place, name))
            .unzip()
    }

    /// The work on the `all` positions from `start` on, strip by strip; its value are the totals.
    pub(super) fn piece(&self, body: &TokenStream, totals: &[Total]) -> TokenStream {
        let (lanes, first, after) = (&self.lanes, &self.first, &self.after);
        let declare = totals.iter().map(|Total { fold, name }| match fold {
            Fold::Sum => quote!(let mut #name = [F::ZERO; ::loss_dsl::__rt::LANES];),
            Fold::Max => quote!(let mut #name = F::NEG_INFINITY;),
        });
        let results = totals.iter().map(|Total { fold, name }| match fold {
            Fold::Sum => quote!(::loss_dsl::__rt::total_f64(&#name)),
            Fold::Max => quote!(#name.to_f64()),
        });
        let memory = (self.terms > 0).then(|| quote!(let memory = &mut *memory;));
        // Nothing may be left to compute, where totals are of what is read.
        let each = (!first.is_empty() || !body.is_empty())
            .then(|| quote!(for i in 0..len { #first #body }));
        quote! {
            #(#declare)*
            for offset in (0..all).step_by(::loss_dsl::__rt::STRIP) {
                let (from, len) = (start + offset, ::loss_dsl::__rt::STRIP.min(all - offset));
                #memory
                #lanes
                #each
                #after
            }
            [#(#results),*]
        }
    }
}
