//! Softmax cross-entropies.

mod cross_entropy;
mod logits;
mod poly;
mod smoothing;
mod targets;
mod weighted;

pub use cross_entropy::*;
pub use logits::*;
pub use poly::*;
pub use smoothing::*;
pub use targets::*;
pub use weighted::*;
