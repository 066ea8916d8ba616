//! Warnings at the user's tokens.
//!
//! On stable Rust a procedural macro can only report errors, but rustc warns of every use of an item that is
//! deprecated, at the tokens of the use and with the note of the item. So a hazard becomes a deprecated constant of its
//! name and one use of it that stands where the operator stands:
//!
//! ```text
//! warning: use of deprecated constant `_::log_of_zero`: `ln(p)` is not finite where p = 0 (in …); declare …
//!  --> src/lib.rs:7:9
//!   |
//! 7 |         ln(p)
//!   |         ^^
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use crate::hazard::Hazard;

/// One warning for each hazard that the author has not acknowledged; without a place, at the name of the loss.
pub(super) fn warnings(name: &Ident, hazards: &[Hazard]) -> TokenStream {
    let unknown = hazards.iter().filter(|hazard| !hazard.acknowledged);
    unknown
        .map(|hazard| {
            let span = hazard.range.map_or(name.span(), |range| range.start);
            let constant = Ident::new(hazard.kind.name(), span);
            let note = hazard.warning();
            quote_spanned! {span=>
                const _: () = {
                    #[allow(non_upper_case_globals)]
                    #[deprecated(note = #note)]
                    const #constant: () = ();
                    #constant
                };
            }
        })
        .collect()
}
