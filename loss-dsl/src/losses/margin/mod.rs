//! Softmax over cosines with a margin, and without.

mod angular;
mod binary;
mod centre;
mod circle;
mod cosine;
mod curricular;
mod magnitude;
mod regression;
mod sub_center;

pub use angular::*;
pub use binary::*;
pub use centre::*;
pub use circle::*;
pub use cosine::*;
pub use curricular::*;
pub use magnitude::*;
pub use regression::*;
pub use sub_center::*;
mod annealing;
pub mod bounds;
mod multiplicative;
mod normalised;
pub use annealing::LambdaAnnealing;
pub use multiplicative::*;
pub use normalised::*;
