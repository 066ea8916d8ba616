//! Softmax over cosines with a margin.

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
