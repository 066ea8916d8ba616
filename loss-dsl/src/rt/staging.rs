//! Rows on their way into a target that cannot be written as it is.
//!
//! Rows of a target whose rows are no slices are scattered some at a time, so that what lies in one cache line is written
//! together; rows of a target of halves are rounded when they are finished; and rows of which only the sum is asked for are
//! added up in blocks, in a fixed order.

use super::disjoint::Rows;
use super::{Float, Half};

/// Rows that are gathered before they are scattered into a strided target together.
const STAGED_ROWS: usize = 16;
/// Rows that are gathered before they are added to a total.
const SUMMED_ROWS: usize = 1024;

/// Rows `first..first + count`, computed but not yet scattered, rounded or added.
#[derive(Default)]
pub(super) struct Staging<F> {
    values: Vec<F>,
    first: usize,
    count: usize,
}

impl<F: Float> Staging<F> {
    /// Rows `n..n + count`, of `len` values each, that are added to a total before others take their place.
    #[inline(always)]
    pub(super) fn summed(
        &mut self,
        total: &mut f64,
        len: usize,
        n: usize,
        count: usize,
    ) -> &mut [F] {
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
    pub(super) fn add_to(&mut self, total: &mut f64, len: usize) {
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
    pub(super) fn row(&mut self, rows: &mut Rows<'_, F>, n: usize) -> &mut [F] {
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

    /// Scatters what is staged.
    #[inline(never)]
    pub(super) fn flush(&mut self, rows: &mut Rows<'_, F>) {
        scatter(
            rows,
            self.first,
            &self.values[..self.count * rows.layout().len],
        );
        self.count = 0;
    }

    /// Rows `n..n + count`, which are rounded to another type before others take their place.
    #[inline(always)]
    pub(super) fn rounded<H: Half>(
        &mut self,
        rows: &mut Rows<'_, H>,
        n: usize,
        count: usize,
    ) -> &mut [F] {
        let len = rows.layout().len;
        if n < self.first || n + count > self.first + self.count {
            self.round_to(rows);
            (self.first, self.count) = (n, count);
            if self.values.len() < count * len {
                self.values.resize(count * len, F::ZERO);
            }
        }
        &mut self.values[(n - self.first) * len..][..count * len]
    }

    /// Rounds the staged rows to what they are stored in.
    #[inline(never)]
    pub(super) fn round_to<H: Half>(&mut self, rows: &mut Rows<'_, H>) {
        if self.count == 0 {
            return;
        }
        let len = rows.layout().len;
        let staged = &self.values[..self.count * len];
        if let Some(slice) = rows.slice(self.first, self.count) {
            H::narrow(staged, slice);
        } else if len > 0 && rows.layout().has_slices() {
            for (i, row) in staged.chunks_exact(len).enumerate() {
                H::narrow(row, rows.row(self.first + i));
            }
        } else {
            let mut halves = vec![H::default(); staged.len()];
            H::narrow(staged, &mut halves);
            scatter(rows, self.first, &halves);
        }
        self.count = 0;
    }
}

/// Writes rows from `first` on column by column, so that writes to neighbouring rows meet in a cache line.
fn scatter<T: Copy + Default>(rows: &mut Rows<'_, T>, first: usize, values: &[T]) {
    let len = rows.layout().len;
    for (at, some) in values.chunks((STAGED_ROWS * len).max(1)).enumerate() {
        let mut column = [T::default(); STAGED_ROWS];
        let column = &mut column[..some.len() / len];
        for c in 0..len {
            for (i, value) in column.iter_mut().enumerate() {
                *value = some[i * len + c];
            }
            rows.write_column(first + at * STAGED_ROWS, c, column);
        }
    }
}
