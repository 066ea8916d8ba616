//! Sema: surface tree → checked expression graph.
//!
//! [`analyse`] gives every name its meaning, every expression its axes and kind, and builds the
//! graph through its constructors, so that a gather is a substitution and a second index a renaming
//! from the start. Values carry the axes that the *notation* gives them beside their node: the
//! normal form may find that `z - z` depends on no axis, but `sum[C](z - z)` is as well-formed as
//! before.
//!
//! A refused expression has no value (`None`); whatever is made of it has none either, without a
//! further message. So every message is about an independent mistake.
//!
//! What a loss may be, beyond its expressions being well-formed:
//! - Its value has *batch axes* only. With labels, these are among the labels' own axes; the axis that
//!   a label points into is never one, unless a label also lies along it. Without labels any axes of
//!   parameters may remain.
//! - Every axis has an input whose array gives its extent; pointing into an axis does not.
//! - Something is differentiated, and nothing is declared for no use.
//! - A local function or another loss is written out where it is used; neither may use itself.

mod annotation;
mod block;
mod constant;
mod expression;
mod foreign;
mod function;
mod index;
mod inline;
mod loss;
mod matching;
mod mention;
mod operator;
mod outline;
mod parameter;
mod reduction;
mod reserved;
mod scope;
mod state;
#[cfg(test)]
mod tests;
mod value;

pub use foreign::{foreign_losses, used_by};
pub use outline::outline;

use crate::ir;
use crate::support::Diagnostics;
use crate::syntax::ast::Definition;

/// Checks the definitions of one macro call, which may use each other. One result per definition,
/// in order: `None` where there were mistakes, and for definitions marked `@import`, which are only
/// there to be used.
pub fn analyse(definitions: &[Definition], diagnostics: &mut Diagnostics) -> Vec<Option<ir::Loss>> {
    loss::definitions(definitions, ir::Graph::new, diagnostics)
}

/// As [`analyse`], taking the definitions at their word: no primitive is recognised (see [`ir::Graph::literal`]).
pub fn analyse_literally(
    definitions: &[Definition],
    diagnostics: &mut Diagnostics,
) -> Vec<Option<ir::Loss>> {
    loss::definitions(definitions, ir::Graph::literal, diagnostics)
}
