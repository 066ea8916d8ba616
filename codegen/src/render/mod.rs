//! Formulas for people: the expression graph as text, LaTeX and MathML.
//!
//! `graph → Formula → notation`. The first step ([`translate`]) undoes what the
//! normal form did for the compiler's sake; the second ([`notation`]) decides about
//! parentheses once, and each notation only about looks. The invariant: what is printed has the value
//! of the node, with the reader's conventions (`1/‖x‖` is 0 where the norm is 0, as the
//! documentation of every loss says). Nothing here changes what is computed.

mod condition;
pub mod formula;
mod latex;
mod mathml;
mod notation;
pub mod symbol;
mod term;
mod text;
mod translate;

pub use formula::Formula;

use crate::ir::{Graph, NodeId};
use translate::Translator;

/// The formula of one node, everything written out.
///
/// Shared parts are repeated, so the formula of a large graph can be very long: for whole losses
/// there is [`derivation`].
pub fn formula(graph: &Graph, node: NodeId) -> Formula {
    let mut translator = Translator::new(graph);
    translator.hats = translate::hats(graph, &[node]);
    translator.formula(node)
}
