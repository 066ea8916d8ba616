//! The compiler behind `loss!`.
#![forbid(unsafe_code)]

pub mod ir;
pub mod support;
