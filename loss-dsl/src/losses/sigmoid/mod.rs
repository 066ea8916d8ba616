//! Sigmoid cross-entropies.

mod asymmetric;
mod cross_entropy;
mod hed;

pub use asymmetric::*;
pub use cross_entropy::*;
pub use hed::*;
