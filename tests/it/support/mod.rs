//! What the tests share: losses under test, arrays for them, and the interpreter's word on both.

pub(crate) mod arrays;
pub(crate) mod golden;
pub(crate) mod library;
pub(crate) mod outcome;
pub(crate) mod random;
pub(crate) mod subject;
pub(crate) mod written;
