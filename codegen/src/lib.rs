//! The compiler behind `loss!`.
#![forbid(unsafe_code)]

pub mod compile;
pub mod diff;
pub mod emit;
mod expand;
pub mod explain;
pub mod hazard;
pub mod ir;
pub mod render;
pub mod schedule;
pub mod sema;
pub mod simplify;
pub mod support;
pub mod syntax;

pub use expand::{Kernels, expand, expand_one, expand_with};
