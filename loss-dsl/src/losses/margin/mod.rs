//! Softmax over cosines with a margin, and without.

mod angular;
mod annealing;
pub mod bounds;
mod cosine;
mod multiplicative;
mod normalised;

pub use angular::*;
pub use annealing::LambdaAnnealing;
pub use cosine::*;
pub use multiplicative::*;
pub use normalised::*;
