//! What the tests share: losses under test, arrays for them, reference values, and the interpreter's word on all of it.
//!
//! The tests themselves live in `it/`; the catalogue among the examples judges the losses by the same means.

#![forbid(unsafe_code)]

#[path = "support/mod.rs"]
pub mod support;
