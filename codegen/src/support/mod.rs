//! What every stage may use and knows nothing of losses: exact numbers and diagnostics.

pub mod rational;

pub use rational::Rational;
