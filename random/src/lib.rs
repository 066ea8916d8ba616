//! Random well-typed losses, and what must hold of each of them.
//!
//! A program is *source text*, so that the parser, the meaning of names, the constructors of the graph, the derivatives and
//! the rules are all exercised. It is written from a sequence of choices (as in Hypothesis, MacIver & Donaldson 2020): smaller
//! choices make simpler programs, and where the sequence ends the simplest expression stands. So whatever shortens and lowers a
//! list of numbers shrinks a program, and what it shrinks to is well-typed by construction.
//!
//! * [`choices`] is that sequence, [`grammar`] the table of what expressions look like, [`writer`] makes definitions of them;
//! * [`point`], of the compiler's interpreter, chooses extents and inputs;
//! * [`check`] compares the literal graph, the simplified ones and slopes by other means, in arbitrary precision;
//! * [`drive`] runs many programs, and [`shrink`] makes the one that fails smaller;
//! * [`sources`] gives the texts of losses to those who compile them, which is what `random/compiled` does.
//!
//! The last needs no more than the writer: what checks is behind the feature `check`, on by default.

#![forbid(unsafe_code)]

#[cfg(feature = "check")]
pub mod check;
pub mod choices;
#[cfg(feature = "check")]
pub mod drive;
pub mod grammar;
#[cfg(feature = "check")]
pub mod shrink;
pub mod sources;
pub mod writer;

pub use loss_codegen::ir::eval::point;

/// A number from the environment, such as `RANDOM_SEED`.
///
/// # Panics
/// If what is there is no number.
pub fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().expect("a number"))
}
