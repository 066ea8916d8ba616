//! The compiler behind `loss!`.
#![forbid(unsafe_code)]

pub mod diff;
pub mod emit;
pub mod ir;
pub mod schedule;
pub mod sema;
pub mod support;
pub mod syntax;
