//! What every stage may use and knows nothing of losses: exact numbers and diagnostics.

pub mod diag;
pub mod rational;

pub use diag::{Diagnostic, Diagnostics, SourceRange};
pub use rational::Rational;
