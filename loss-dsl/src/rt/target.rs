//! Where the results of a [`super::RowKernel`] go: rows of a buffer, or accumulators over all rows.
//!
//! A [`Target`] is the whole of it, a [`BlockTarget`] the part of one block of rows. Rows that are
//! not slices of their buffer are computed in a staging area, and scattered some at a time; so are rows of which only the
//! sum of all is asked for.
//!
//! Invariant: blocks partition the rows, and each has an accumulator of its own; so blocks never
//! share what they write.

use super::disjoint::Rows;
use super::turn::{lanes_to_rows, lanes_to_spare};
use super::{Float, LANES, RowLayout};

/// Rows that are gathered before they are scattered into a strided target together.
const STAGED_ROWS: usize = 16;
/// Rows that are gathered before they are added to a total.
const SUMMED_ROWS: usize = 1024;

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
    /// Overwritten by the sum of all elements of all rows, which are not kept.
    Total {
        /// The sum.
        out: &'a mut f64,
        /// Values in a row.
        len: usize,
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
    pub(super) fn accumulator_len(&self) -> Option<usize> {
        match self {
            Self::Rows { .. } | Self::Total { .. } => None,
            Self::Sum { out } | Self::Max { out } | Self::Min { out } => Some(out.len()),
        }
    }
}

/// The part of a [`Target`] that belongs to one block.
pub struct BlockTarget<'a, F> {
    part: Part<'a, F>,
    staging: Staging<F>,
}

/// What a [`BlockTarget`] is the part of.
pub(super) enum Part<'a, F> {
    /// Rows of a buffer.
    Rows(Rows<'a, F>),
    /// A sum for each block, of rows of `len` values.
    Total { data: &'a mut [f64], len: usize },
    /// `len` values for each block.
    Accumulator { data: &'a mut [f64], len: usize },
}

/// Rows `first..first + count`, computed but not yet scattered or added.
struct Staging<F> {
    values: Vec<F>,
    first: usize,
    count: usize,
}

impl<'a, F: Float> BlockTarget<'a, F> {
    pub(super) fn new(part: Part<'a, F>) -> Self {
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
        match &mut self.part {
            Part::Rows(rows) => {
                if rows.layout().has_slices() {
                    rows.row(n)
                } else {
                    self.staging.row(rows, n)
                }
            }
            Part::Total { data, len } => self.staging.summed(&mut data[0], *len, n, 1),
            Part::Accumulator { .. } => panic!("an accumulator has no rows"),
        }
    }

    /// Writes element `c` of the `values.len()` rows from `n` on: for kernels that handle several
    /// rows at once, one in each lane.
    ///
    /// # Panics
    /// If the target is not a `Rows` target, a row is not in this block, or `c` not in a row.
    #[inline(always)]
    pub fn put(&mut self, n: usize, c: usize, values: &[F]) {
        match &mut self.part {
            Part::Rows(rows) => rows.write_column(n, c, values),
            Part::Total { data, len } => {
                let rows = self.staging.summed(&mut data[0], *len, n, values.len());
                if *len == 1 {
                    rows.copy_from_slice(values);
                    return;
                }
                for (row, &value) in rows.chunks_exact_mut(*len).zip(values) {
                    row[c] = value;
                }
            }
            Part::Accumulator { .. } => panic!("an accumulator has no rows"),
        }
    }

    /// Writes elements `c..c + block.len()` of the `count` rows from `n` on, lane `i` of the block to row `n + i`. The
    /// contents of the block are lost; `spare` is memory of at least its size.
    ///
    /// # Panics
    /// If the target is not a `Rows` target, a row is not in this block, or an element not in a row.
    #[inline(always)]
    pub fn put_block(
        &mut self,
        (n, count): (usize, usize),
        c: usize,
        block: &mut [[F; LANES]],
        spare: &mut [[F; LANES]],
    ) {
        let Part::Rows(rows) = &mut self.part else {
            for (i, lanes) in block.iter().enumerate() {
                self.put(n, c + i, &lanes[..count]);
            }
            return;
        };
        let len = block.len();
        if len <= 1 || rows.layout().stride != 1 {
            for (i, lanes) in block.iter().enumerate() {
                rows.write_column(n, c + i, &lanes[..count]);
            }
            return;
        }
        if len == rows.layout().len
            && count == LANES
            && let Some(rows) = rows.slice(n, count)
        {
            lanes_to_rows(block, spare, rows);
            return;
        }
        let turned = lanes_to_spare(block, spare);
        for (i, row) in turned.chunks_exact(len).take(count).enumerate() {
            rows.row(n + i)[c..c + len].copy_from_slice(row);
        }
    }

    /// This block's accumulator; it starts at 0 for a sum, −∞ for a maximum, +∞ for a minimum.
    ///
    /// # Panics
    /// If the target is a `Rows` target.
    #[inline(always)]
    pub fn acc(&mut self) -> &mut [f64] {
        match &mut self.part {
            Part::Accumulator { data, .. } => data,
            Part::Rows(_) | Part::Total { .. } => panic!("rows have no accumulator"),
        }
    }

    /// Cuts before row `n`, which is the first of the block that is `blocks` further on.
    pub(super) fn split_at(self, n: usize, blocks: usize) -> (Self, Self) {
        match self.part {
            Part::Rows(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::new(Part::Rows(low)), Self::new(Part::Rows(high)))
            }
            Part::Total { data, len } => {
                let (low, high) = data.split_at_mut(blocks);
                let part = |data| Self::new(Part::Total { data, len });
                (part(low), part(high))
            }
            Part::Accumulator { data, len } => {
                let (low, high) = data.split_at_mut(blocks * len);
                let part = |data| Self::new(Part::Accumulator { data, len });
                (part(low), part(high))
            }
        }
    }

    /// Scatters or adds what is still staged.
    pub(super) fn flush(&mut self) {
        match &mut self.part {
            Part::Rows(rows) => self.staging.flush(rows),
            Part::Total { data, len } => self.staging.add_to(&mut data[0], *len),
            Part::Accumulator { .. } => {}
        }
    }
}

impl<F: Float> Staging<F> {
    /// Rows `n..n + count`, of `len` values each, that are added to a total before others take their place.
    #[inline(always)]
    fn summed(&mut self, total: &mut f64, len: usize, n: usize, count: usize) -> &mut [F] {
        let staged = self.first..=self.first + self.count;
        let end = n + count;
        let fits = end <= self.first + SUMMED_ROWS && !self.values.is_empty();
        if fits && staged.contains(&n) {
            self.count = self.count.max(end - self.first);
        } else {
            self.start_summed(total, len, n, count);
        }
        &mut self.values[(n - self.first) * len..][..count * len]
    }

    /// Makes room for rows that are not staged.
    #[inline(never)]
    fn start_summed(&mut self, total: &mut f64, len: usize, n: usize, count: usize) {
        if !(self.first..self.first + self.count).contains(&n) {
            self.add_to(total, len);
            self.first = n;
        }
        self.count = self.count.max(n + count - self.first);
        let needed = self.count.max(SUMMED_ROWS) * len;
        self.values.resize(needed, F::ZERO);
    }

    /// Adds the staged rows to a total, in a fixed order.
    #[inline(never)]
    fn add_to(&mut self, total: &mut f64, len: usize) {
        let mut lanes = [0.0; 16];
        let (blocks, rest) = self.values[..self.count * len].as_chunks::<16>();
        for block in blocks {
            for (lane, value) in lanes.iter_mut().zip(block) {
                *lane += value.to_f64();
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane += value.to_f64();
        }
        *total += lanes.iter().sum::<f64>();
        self.count = 0;
    }

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
