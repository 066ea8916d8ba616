//! Softmax over cosines with a margin.

mod angular;
mod cosine;

pub use angular::*;
pub use cosine::*;
