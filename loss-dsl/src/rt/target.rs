//! Where the results of a [`super::RowKernel`] go: rows of a buffer, or accumulators over all rows.
//!
//! A [`Target`] is the whole of it, a [`BlockTarget`] the part of one block of rows. Rows that are
//! not slices of their buffer are computed in a staging area, and scattered some at a time; so are rows of which only the
//! sum of all is asked for, and rows that are stored in another number type.
//!
//! Invariant: blocks partition the rows, and each has an accumulator of its own; so blocks never
//! share what they write.

use super::disjoint::Rows;
use super::staging::Staging;
use super::turn::{lanes_to_rows, lanes_to_spare};
use super::{Float, LANES, RowLayout, StoredMut};
use half::{bf16, f16};

/// Where the results of a kernel go.
#[derive(Debug)]
pub enum Target<'a, F> {
    /// Row n of the target belongs to row n of the kernel.
    Rows {
        /// The buffer.
        data: StoredMut<'a, F>,
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
        Self::strided(data, RowLayout::contiguous(len))
    }

    /// Rows inside a larger tensor.
    pub fn strided(data: &'a mut [F], layout: RowLayout) -> Self {
        let data = StoredMut::Number(data);
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
    /// Rows of a buffer of another number type.
    Halves(HalfRows<'a>),
    /// A sum for each block, of rows of `len` values.
    Total { data: &'a mut [f64], len: usize },
    /// `len` values for each block.
    Accumulator { data: &'a mut [f64], len: usize },
}

/// Rows of numbers that take half of 32 bits.
pub(super) enum HalfRows<'a> {
    F16(Rows<'a, f16>),
    Bf16(Rows<'a, bf16>),
}

impl HalfRows<'_> {
    fn layout(&self) -> &RowLayout {
        match self {
            Self::F16(rows) => rows.layout(),
            Self::Bf16(rows) => rows.layout(),
        }
    }

    fn split_at(self, n: usize) -> (Self, Self) {
        match self {
            Self::F16(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::F16(low), Self::F16(high))
            }
            Self::Bf16(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::Bf16(low), Self::Bf16(high))
            }
        }
    }
}

impl<'a, F: Float> Part<'a, F> {
    /// The first `rows` rows of a buffer.
    ///
    /// # Panics
    /// If rows share elements or exceed the buffer.
    pub(super) fn rows(data: StoredMut<'a, F>, rows: usize, layout: RowLayout) -> Self {
        match data {
            StoredMut::Number(data) => Self::Rows(Rows::new(data, rows, layout)),
            StoredMut::F16(data) => Self::Halves(HalfRows::F16(Rows::new(data, rows, layout))),
            StoredMut::Bf16(data) => Self::Halves(HalfRows::Bf16(Rows::new(data, rows, layout))),
        }
    }
}

impl<'a, F: Float> BlockTarget<'a, F> {
    pub(super) fn new(part: Part<'a, F>) -> Self {
        let staging = Staging::default();
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
            Part::Halves(rows) => halves(&mut self.staging, rows, n, 1),
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
            Part::Halves(rows) => {
                let len = rows.layout().len;
                put_column(
                    halves(&mut self.staging, rows, n, values.len()),
                    len,
                    c,
                    values,
                );
            }
            Part::Total { data, len } => {
                let rows = self.staging.summed(&mut data[0], *len, n, values.len());
                put_column(rows, *len, c, values);
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
        let len = block.len();
        let rows = match &mut self.part {
            Part::Rows(rows) => rows,
            Part::Halves(rows) if len > 1 && len == rows.layout().len && count == LANES => {
                return lanes_to_rows(block, spare, halves(&mut self.staging, rows, n, count));
            }
            _ => {
                for (i, lanes) in block.iter().enumerate() {
                    self.put(n, c + i, &lanes[..count]);
                }
                return;
            }
        };
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
            Part::Rows(_) | Part::Halves(_) | Part::Total { .. } => {
                panic!("rows have no accumulator")
            }
        }
    }

    /// Cuts before row `n`, which is the first of the block that is `blocks` further on.
    pub(super) fn split_at(self, n: usize, blocks: usize) -> (Self, Self) {
        match self.part {
            Part::Rows(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::new(Part::Rows(low)), Self::new(Part::Rows(high)))
            }
            Part::Halves(rows) => {
                let (low, high) = rows.split_at(n);
                (Self::new(Part::Halves(low)), Self::new(Part::Halves(high)))
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
            Part::Halves(HalfRows::F16(rows)) => self.staging.round_to(rows),
            Part::Halves(HalfRows::Bf16(rows)) => self.staging.round_to(rows),
            Part::Total { data, len } => self.staging.add_to(&mut data[0], *len),
            Part::Accumulator { .. } => {}
        }
    }
}

/// The staged rows `n..n + count` of a target of halves.
#[inline(never)]
fn halves<'s, F: Float>(
    staging: &'s mut Staging<F>,
    rows: &mut HalfRows<'_>,
    n: usize,
    count: usize,
) -> &'s mut [F] {
    match rows {
        HalfRows::F16(rows) => staging.rounded(rows, n, count),
        HalfRows::Bf16(rows) => staging.rounded(rows, n, count),
    }
}

/// Element `c` of each of some rows.
#[inline(always)]
fn put_column<F: Copy>(rows: &mut [F], len: usize, c: usize, values: &[F]) {
    if len == 1 {
        return rows.copy_from_slice(values);
    }
    for (row, &value) in rows.chunks_exact_mut(len).zip(values) {
        row[c] = value;
    }
}
