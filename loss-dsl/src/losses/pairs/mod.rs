//! Losses of pairs of samples, and of a batch against itself.

mod contrastive;
mod in_batch;
mod proxy;
mod similarity;
mod supervised;
mod triplet;

pub use contrastive::*;
pub use in_batch::*;
pub use proxy::*;
pub use similarity::*;
pub use supervised::*;
pub use triplet::*;
