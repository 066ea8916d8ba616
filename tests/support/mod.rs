//! Losses under test, arrays for them, reference values, and the interpreter's word on all of it.

pub mod accuracy;
pub mod any;
pub mod arrays;
pub mod call;
pub mod differences;
pub mod golden;
pub mod judge;
pub mod library;
pub mod outcome;
pub mod random;
pub mod sharded;
pub mod subject;
