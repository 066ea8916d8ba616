//! Random well-typed losses, and what must hold of each of them.
//!
//! A program is *source text*, so that the parser, the meaning of names, the constructors of the graph, the derivatives and
//! the rules are all exercised. It is written from a sequence of choices (as in Hypothesis, MacIver & Donaldson 2020): smaller
//! choices make simpler programs, and where the sequence ends the simplest expression stands. So whatever shortens and lowers a
//! list of numbers, as `proptest` does, shrinks a program, and what it shrinks to is well-typed by construction.
//!
//! * [`choices`] is that sequence, [`grammar`] the table of what expressions look like, [`writer`] makes definitions of them;
//! * [`point`] chooses extents and inputs;
//! * [`check`] compares the literal graph, the simplified ones and slopes by other means, in arbitrary precision;
//! * [`drive`] runs many programs and shrinks the one that fails.

#![forbid(unsafe_code)]

pub mod check;
pub mod choices;
pub mod drive;
pub mod grammar;
pub mod point;
pub mod writer;
