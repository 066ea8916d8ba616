//! Totals that go on from tile to tile.
//!
//! A running sum is kept as two numbers, the sum and what its rounding lost, so that many tiles are as accurate as one.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::scope::Scope;
use crate::schedule::low::LowId;

/// The total of the tiles so far, in the row of a target.
#[derive(Clone, Debug)]
pub(in crate::emit) struct SoFar {
    /// The row that holds the total.
    pub(super) row: Ident,
    /// The row that holds what rounding a sum lost.
    pub(super) rest: Option<Ident>,
    /// The row that holds the shift of the tiles so far, and the shift of now.
    pub(super) shift: Option<(Ident, LowId)>,
}

impl SoFar {
    /// Binds `name` to the total so far and `tile`, which is an `f64`.
    pub(in crate::emit) fn add(
        &self,
        scope: &mut Scope<'_>,
        name: &Ident,
        tile: &TokenStream,
    ) -> TokenStream {
        let SoFar { row, rest, shift } = self;
        let so_far = match shift {
            Some((before, now)) => {
                let now = scope.expr(*now);
                quote!(::loss_dsl::__rt::rescaled(isa, #row[0], #rest[0], #before[0], #now))
            }
            None => quote!(#row[0].to_f64() + #rest[0].to_f64()),
        };
        quote! {
            let (#name, lost) = ::loss_dsl::__rt::halves(#so_far + #tile);
            #rest[0] = lost;
        }
    }

    /// Binds `name` to the maximum of that so far and `tile`.
    pub(in crate::emit) fn extend(&self, name: &Ident, tile: &TokenStream) -> TokenStream {
        let row = &self.row;
        quote!(let #name = #row[0].max(isa, #tile);)
    }
}
