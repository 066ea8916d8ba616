//! Softmax cross-entropies.

mod cross_entropy;
mod weighted;

pub use cross_entropy::*;
pub use weighted::*;
