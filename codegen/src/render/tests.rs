//! Exact text of formulas, judged against what a textbook prints.

mod losses;
mod notation;
