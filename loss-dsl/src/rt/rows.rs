//! The row driver: everything that is not a matrix product runs through [`for_rows`].
//!
//! A kernel computes rows n of its targets; the driver cuts the rows into blocks, spreads blocks
//! over threads and combines what they accumulate.
//!
//! Invariant: blocks are cut by the amount of work, never by the number of threads, and partial
//! results are combined in the order of the blocks. Results are therefore bit-identical for any
//! number of threads.

use super::disjoint::Rows;
use super::isa::{Isa, Kernel, LANES, dispatch};
use super::{Float, RowLayout};
use std::ops::Range;

/// Elements in a block, about: some 30 µs of work, long beside the cost of a task.
const BLOCK_WORK: usize = 1 << 16;
/// Blocks at most where each keeps an accumulator of its own.
const ACCUMULATING_BLOCKS: usize = 64;
/// Rows that are gathered before they are scattered into a strided target together.
const STAGED_ROWS: usize = 16;

/// A generated loop nest: computes rows of one or several targets.
pub trait RowKernel<F: Float, const K: usize>: Sync {
    /// Computes the rows `rows`; `out[k]` is this block's part of target k.
    ///
    /// Implementations must be `#[inline(always)]`: the body is compiled once per instruction set.
    fn run<S: Isa>(&self, isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, F>; K]);
}

/// Where the results of a kernel go.
#[derive(Debug)]
pub enum Target<'a, F> {
    /// Row n of the target belongs to row n of the kernel.
    Rows {
        /// The buffer.
        data: &'a mut [F],
        /// Where rows lie in it; rows must not share elements.
        layout: RowLayout,
    },
    /// Overwritten by the sum over all rows, element by element.
    Sum {
        /// One element for a scalar.
        out: &'a mut [f64],
    },
    /// Overwritten by the largest value over all rows (−∞ for none), NaN if there is one.
    Max {
        /// One element for a scalar.
        out: &'a mut [f64],
    },
    /// Overwritten by the smallest value over all rows (+∞ for none), NaN if there is one.
    Min {
        /// One element for a scalar.
        out: &'a mut [f64],
    },
}

impl<'a, F> Target<'a, F> {
    /// Row-major rows of `len` values.
    pub fn rows(data: &'a mut [F], len: usize) -> Self {
        let layout = RowLayout::contiguous(len);
        Self::Rows { data, layout }
    }

    /// Rows inside a larger tensor.
    pub fn strided(data: &'a mut [F], layout: RowLayout) -> Self {
        Self::Rows { data, layout }
    }

    /// A sum over the rows for each element of `out`.
    pub fn sum(out: &'a mut [f64]) -> Self {
        Self::Sum { out }
    }

    /// A maximum over the rows for each element of `out`.
    pub fn max(out: &'a mut [f64]) -> Self {
        Self::Max { out }
    }

    /// A minimum over the rows for each element of `out`.
    pub fn min(out: &'a mut [f64]) -> Self {
        Self::Min { out }
    }

    /// The length of the accumulator that each block needs, if it needs one.
    fn accumulator_len(&self) -> Option<usize> {
        match self {
            Self::Rows { .. } => None,
            Self::Sum { out } | Self::Max { out } | Self::Min { out } => Some(out.len()),
        }
    }
}

/// The part of a [`Target`] that belongs to one block.
pub struct BlockTarget<'a, F> {
    part: Part<'a, F>,
    staging: Staging<F>,
}

enum Part<'a, F> {
    Rows(Rows<'a, F>),
    /// `len` values for each block.
    Accumulator {
        data: &'a mut [f64],
        len: usize,
    },
}

/// Rows `first..first + count`, computed but not yet scattered.
struct Staging<F> {
    values: Vec<F>,
    first: usize,
    count: usize,
}

impl<'a, F: Float> BlockTarget<'a, F> {
    fn new(part: Part<'a, F>) -> Self {
        let staging = Staging {
            values: Vec::new(),
            first: 0,
            count: 0,
        };
        Self { part, staging }
    }

    /// Row `n` (counted over the whole target) of a `Rows` target, to be overwritten.
    ///
    /// Its contents are unspecified at first and stay until another row is asked for: a row may be
    /// filled in one pass and rescaled in a second, but not read again later.
    ///
    /// # Panics
    /// If the target is not a `Rows` target or the row is not in this block.
    #[inline(always)]
    pub fn row(&mut self, n: usize) -> &mut [F] {
        let Part::Rows(rows) = &mut self.part else {
            panic!("an accumulator has no rows");
        };
        if rows.layout().has_slices() {
            rows.row(n)
        } else {
            self.staging.row(rows, n)
        }
    }

    /// Writes element `c` of the `values.len()` rows from `n` on: for kernels that handle several
    /// rows at once, one in each lane.
    ///
    /// # Panics
    /// If the target is not a `Rows` target, a row is not in this block, or `c` not in a row.
    #[inline(always)]
    pub fn put(&mut self, n: usize, c: usize, values: &[F]) {
        let Part::Rows(rows) = &mut self.part else {
            panic!("an accumulator has no rows");
        };
        rows.write_column(n, c, values);
    }

    /// This block's accumulator; it starts at 0 for a sum, −∞ for a maximum, +∞ for a minimum.
    ///
    /// # Panics
    /// If the target is a `Rows` target.
    #[inline(always)]
    pub fn acc(&mut self) -> &mut [f64] {
        match &mut self.part {
            Part::Accumulator { data, .. } => data,
            Part::Rows(_) => panic!("rows have no accumulator"),
        }
    }

    /// Cuts before row `n`, which is the first of the block that is `blocks` further on.
    fn split_at(self, n: usize, blocks: usize) -> (Self, Self) {
        match self.part {
            Part::Rows(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::new(Part::Rows(low)), Self::new(Part::Rows(high)))
            }
            Part::Accumulator { data, len } => {
                let (low, high) = data.split_at_mut(blocks * len);
                let part = |data| Self::new(Part::Accumulator { data, len });
                (part(low), part(high))
            }
        }
    }

    /// Scatters what is still staged.
    fn flush(&mut self) {
        if let Part::Rows(rows) = &mut self.part {
            self.staging.flush(rows);
        }
    }
}

impl<F: Float> Staging<F> {
    #[inline(always)]
    fn row(&mut self, rows: &mut Rows<'_, F>, n: usize) -> &mut [F] {
        let len = rows.layout().len;
        if !(self.first..self.first + self.count).contains(&n) {
            self.start(rows, n);
        }
        &mut self.values[(n - self.first) * len..][..len]
    }

    /// Makes `n` the newest staged row.
    #[inline(never)]
    fn start(&mut self, rows: &mut Rows<'_, F>, n: usize) {
        if self.count == STAGED_ROWS || n != self.first + self.count {
            self.flush(rows);
            self.first = n;
        }
        self.count += 1;
        let needed = STAGED_ROWS * rows.layout().len;
        self.values.resize(needed, F::ZERO);
    }

    /// Scatters column by column, so that writes to neighbouring rows meet in a cache line.
    #[inline(never)]
    fn flush(&mut self, rows: &mut Rows<'_, F>) {
        let len = rows.layout().len;
        let mut column = [F::ZERO; STAGED_ROWS];
        if self.count > 0 {
            for c in 0..len {
                for (i, value) in column[..self.count].iter_mut().enumerate() {
                    *value = self.values[i * len + c];
                }
                rows.write_column(self.first, c, &column[..self.count]);
            }
        }
        self.count = 0;
    }
}

/// How partial results of blocks combine.
#[derive(Clone, Copy)]
enum Combine {
    Sum,
    Max,
    Min,
}

impl Combine {
    fn identity(self) -> f64 {
        match self {
            Self::Sum => 0.0,
            Self::Max => f64::NEG_INFINITY,
            Self::Min => f64::INFINITY,
        }
    }

    fn fold(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum => a + b,
            Self::Max => a.larger(b),
            Self::Min => a.smaller(b),
        }
    }
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
        let (out, combine) = match target {
            Target::Rows { data, layout } => {
                return BlockTarget::new(Part::Rows(Rows::new(data, rows, layout)));
            }
            Target::Sum { out } => (out, Combine::Sum),
            Target::Max { out } => (out, Combine::Max),
            Target::Min { out } => (out, Combine::Min),
        };
        out.fill(combine.identity());
        let len = out.len();
        if blocks.count == 1 {
            return BlockTarget::new(Part::Accumulator { data: out, len });
        }
        *output = Some((out, combine));
        partial.resize(blocks.count * len, combine.identity());
        BlockTarget::new(Part::Accumulator { data: partial, len })
    });
    if rows == 0 {
        return;
    }
    run_blocks(kernel, &blocks, 0..blocks.count, parts);
    for (partial, output) in partials.iter().zip(outputs) {
        if let Some((out, combine)) = output
            && !out.is_empty()
        {
            for block in partial.chunks_exact(out.len()) {
                for (total, &part) in out.iter_mut().zip(block) {
                    *total = combine.fold(*total, part);
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
    let mut high = [const { None }; K];
    let mut slots = high.iter_mut();
    let low = parts.map(|part| {
        let (low, high) = part.split_at(first_row, middle - range.start);
        *slots.next().expect("a slot for each target") = Some(high);
        low
    });
    let high = high.map(|part| part.expect("every target was split"));
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

#[cfg(feature = "parallel")]
use rayon::join;

#[cfg(not(feature = "parallel"))]
fn join(first: impl FnOnce(), second: impl FnOnce()) {
    first();
    second();
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
