//! Rows in lanes: whether a nest runs many rows at once, one in each lane, rather than row by row.
//!
//! Row by row, only loops within a row become vectors: what stands between them is computed one value at a time, and
//! a loop of ten positions fills a third of the lanes. With a row in each lane everything is a vector, and nothing
//! is added up across lanes. But then loops read and write with the stride of the rows, and scratch is
//! as many times larger as there are lanes, which long rows do not forgive. So
//!
//! * a nest without loops always takes rows in lanes;
//! * a nest with loops has both ways, and the lengths of its innermost loops decide when it runs (the number is the
//!   run time's, where it was measured). Lengths alone: with the number of rows in the choice, the
//!   value of a row would depend on the batch that it is in;
//! * a nest of a single row has one way only, along the row; so has one that sees a tile at a time (tiles are long),
//!   one with loops beside matrix products (those take the time), and one with so much in it that a second copy costs more
//!   to compile than it can save.

use std::collections::BTreeSet;

use super::account::roots;
use super::low::Low;
use super::plan::{Nest, Plan, Step, Stmt};
use crate::ir::AxisId;

/// Operations at most in a nest that is there in both ways.
const MOST_OPERATIONS: usize = 400;

/// How the rows of a nest are taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowsInLanes {
    /// One after the other.
    Never,
    /// Many at once, one in each lane.
    Always,
    /// Many at once where these axes, those of the innermost loops, are short.
    WhereShort(Vec<AxisId>),
}

impl Plan {
    /// How the rows of a nest are taken, which stands in a walk over tiles or does not.
    pub fn rows_in_lanes(&self, nest: &Nest, in_walk: bool) -> RowsInLanes {
        if nest.rows.is_empty() || in_walk {
            return RowsInLanes::Never;
        }
        let mut loops = BTreeSet::new();
        innermost(&nest.body, &mut loops);
        if loops.is_empty() {
            return RowsInLanes::Always;
        }
        let is_product = |step: &Step| matches!(step, Step::Contract { .. });
        if self.all_steps().any(is_product) || operations(&self.low, &nest.body) > MOST_OPERATIONS {
            return RowsInLanes::Never;
        }
        RowsInLanes::WhereShort(loops.into_iter().collect())
    }
}

/// The axes of the loops that have none within.
fn innermost(body: &[Stmt], axes: &mut BTreeSet<AxisId>) {
    for stmt in body {
        match stmt {
            Stmt::Vector(vector) => {
                axes.insert(vector.axis);
            }
            Stmt::Loop(inner) => {
                let mut below = BTreeSet::new();
                innermost(&inner.body, &mut below);
                if below.is_empty() {
                    below.insert(inner.axis);
                }
                axes.extend(below);
            }
            Stmt::Let(_) | Stmt::Store { .. } | Stmt::Fold { .. } => {}
        }
    }
}

/// How many operations the statements have.
fn operations(low: &Low, body: &[Stmt]) -> usize {
    let mut stack = roots(body);
    let mut seen = BTreeSet::new();
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            stack.extend(low.op(id).children());
        }
    }
    seen.len()
}
