//! The row driver: everything that is not a matrix product runs through [`for_rows`].
//!
//! A kernel computes rows n of its targets; the driver cuts the rows into blocks, spreads blocks
//! over threads and combines what they accumulate.
//!
//! Invariant: blocks are cut by the amount of work, never by the number of threads, and partial
//! results are combined in the order of the blocks. Results are therefore bit-identical for any
//! number of threads.

use super::Float;
use super::isa::{Isa, Kernel, LANES, dispatch};
use super::join::{Join, cut_each, join};
use super::target::{BlockTarget, Part, Target};
use std::ops::Range;

/// Elements in a block, about: some 30 µs of work, long beside the cost of a task; or fewer, each of which takes longer, in a build
/// without optimisation.
const BLOCK_WORK: usize = if cfg!(unoptimised) { 1 << 11 } else { 1 << 16 };
/// Blocks at most where each keeps an accumulator of its own.
const ACCUMULATING_BLOCKS: usize = 64;

/// A generated loop nest: computes rows of one or several targets.
pub trait RowKernel<F: Float, const K: usize>: Sync {
    /// Computes the rows `rows`; `out[k]` is this block's part of target k.
    ///
    /// Implementations must be `#[inline(always)]`: the body is compiled once per instruction set.
    fn run<S: Isa>(&self, isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, F>; K]);
}

/// How rows are cut into blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blocks {
    rows: usize,
    rows_per_block: usize,
    count: usize,
}

impl Blocks {
    /// Depends on the problem alone. `accumulator` is the longest accumulator of a block.
    fn cut(rows: usize, work_per_row: usize, accumulator: Option<usize>) -> Self {
        let work = work_per_row.max(1);
        let mut rows_per_block = (BLOCK_WORK / work).max(1);
        if let Some(len) = accumulator {
            // Few enough partials, each small beside the work that fills it.
            rows_per_block = rows_per_block
                .max(rows.div_ceil(ACCUMULATING_BLOCKS))
                .max(len.saturating_mul(8).div_ceil(work));
        }
        if rows_per_block > LANES {
            // Kernels that take a row in each lane meet a partial group only at the very end.
            rows_per_block = rows_per_block.next_multiple_of(LANES);
        }
        let count = rows.div_ceil(rows_per_block);
        Self {
            rows,
            rows_per_block,
            count,
        }
    }

    fn rows_of(&self, block: usize) -> Range<usize> {
        let start = block * self.rows_per_block;
        start..(start + self.rows_per_block).min(self.rows)
    }
}

/// Computes `rows` rows of `kernel` into `targets`.
///
/// `work_per_row` is about the number of elements that a row touches; it decides how rows are
/// grouped into blocks, each of which is one call of the kernel, on any thread. Small problems
/// stay on the calling thread.
///
/// # Panics
/// If the rows of a target overlap or exceed its buffer.
pub fn for_rows<F: Float, Kn: RowKernel<F, K>, const K: usize>(
    kernel: &Kn,
    rows: usize,
    work_per_row: usize,
    targets: [Target<'_, F>; K],
) {
    let accumulator = targets.iter().filter_map(Target::accumulator_len).max();
    let blocks = Blocks::cut(rows, work_per_row, accumulator);
    let mut partials = [const { Vec::new() }; K];
    let mut outputs = [const { None }; K];
    let mut storage = partials.iter_mut().zip(&mut outputs);
    let parts = targets.map(|target| {
        let (partial, output) = storage.next().expect("storage for each target");
        let (out, how) = match target {
            Target::Rows { data, layout } => {
                return BlockTarget::new(Part::rows(data, rows, layout));
            }
            Target::Total { out, len } => {
                *out = 0.0;
                *output = Some((std::slice::from_mut(out), Join::Sum));
                partial.resize(blocks.count, 0.0);
                return BlockTarget::new(Part::Total { data: partial, len });
            }
            Target::Sum { out } => (out, Join::Sum),
            Target::Max { out } => (out, Join::Max),
            Target::Min { out } => (out, Join::Min),
        };
        out.fill(how.identity());
        let len = out.len();
        if blocks.count == 1 {
            return BlockTarget::new(Part::Accumulator { data: out, len });
        }
        *output = Some((out, how));
        partial.resize(blocks.count * len, how.identity());
        BlockTarget::new(Part::Accumulator { data: partial, len })
    });
    if rows == 0 {
        return;
    }
    run_blocks(kernel, &blocks, 0..blocks.count, parts);
    for (partial, output) in partials.iter().zip(outputs) {
        if let Some((out, how)) = output
            && !out.is_empty()
        {
            for block in partial.chunks_exact(out.len()) {
                for (total, &part) in out.iter_mut().zip(block) {
                    *total = how.fold(*total, part);
                }
            }
        }
    }
}

/// Runs the blocks `range`, halves of it in parallel; `parts` belong to exactly these blocks.
fn run_blocks<F: Float, Kn: RowKernel<F, K>, const K: usize>(
    kernel: &Kn,
    blocks: &Blocks,
    range: Range<usize>,
    mut parts: [BlockTarget<'_, F>; K],
) {
    if range.len() == 1 {
        let rows = blocks.rows_of(range.start);
        dispatch(Block {
            kernel,
            rows,
            out: &mut parts,
        });
        for part in &mut parts {
            part.flush();
        }
        return;
    }
    let middle = range.start + range.len() / 2;
    let first_row = blocks.rows_of(middle).start;
    let (low, high) = cut_each(parts, |part| part.split_at(first_row, middle - range.start));
    join(
        || run_blocks(kernel, blocks, range.start..middle, low),
        || run_blocks(kernel, blocks, middle..range.end, high),
    );
}

/// One block as a [`Kernel`], so that one dispatch covers all its rows.
struct Block<'k, 't, 'a, F, Kn, const K: usize> {
    kernel: &'k Kn,
    rows: Range<usize>,
    out: &'t mut [BlockTarget<'a, F>; K],
}

impl<F: Float, Kn: RowKernel<F, K>, const K: usize> Kernel for Block<'_, '_, '_, F, Kn, K> {
    type Out = ();
    #[inline(always)]
    fn run<S: Isa>(self, isa: S) {
        self.kernel.run(isa, self.rows, self.out);
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
