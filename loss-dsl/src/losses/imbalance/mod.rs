//! Softmax cross-entropies for classes of very different frequency.

mod margin;
mod prior;

pub use margin::*;
pub use prior::*;
