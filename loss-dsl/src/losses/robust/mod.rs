//! Softmax losses that bear wrong labels.

mod generalized;
mod symmetric;

pub use generalized::*;
pub use symmetric::*;
