//! Rows in lanes: how a kernel that takes [`LANES`] rows at once, one in each lane, reads and folds.
//!
//! The rows of a block are handed out in [`groups`]. Within a group, every tensor is a plain stride from row to row:
//! where the array of one is not (a split axis, a batch of several axes that one stride does not serve), groups end
//! where the stride does, see [`Layout::along_rows`]. The last group, and one that ends early, has fewer rows than
//! lanes: the lanes that are left over repeat its last row, so that they read nothing else and cannot fail, and are
//! dropped where rows are written or folded.

use super::isa::LANES;
use super::{Float, Layout, maximum, total_f64};
use std::ops::Range;

/// How long the loops within a row may be for rows in lanes to be the faster way.
const LONGEST: usize = 128;
/// How much work a row may be, in elements, for a block of rows to fill the lanes.
const MOST_WORK: usize = 1 << 11;

/// Whether rows are taken in lanes where both ways are there: by the lengths of the innermost loops and the work of a
/// row. Never by the number of rows: the value of a row must not depend on the batch that it is in.
#[inline]
pub fn fits_lanes(work: usize, lengths: &[usize]) -> bool {
    work <= MOST_WORK && lengths.iter().all(|&len| len <= LONGEST)
}

/// How an array goes on from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlongRows {
    /// Distance of neighbouring rows.
    pub step: usize,
    /// Rows for which that holds: from each multiple of it to the next.
    pub run: usize,
}

impl Layout {
    /// How the array goes on from row to row, where rows count through axes of the extents `rows`, the last one fastest;
    /// `axes` are pairs of one of these (by place) and the axis of the array that it indexes.
    pub fn along_rows(&self, rows: &[usize], axes: &[(usize, usize)]) -> AlongRows {
        let mut along = AlongRows {
            step: 0,
            run: usize::MAX,
        };
        // Rows that the axes so far count through.
        let mut inner = 1usize;
        for (k, &extent) in rows.iter().enumerate().rev() {
            let own = || axes.iter().filter(|axis| axis.0 == k).map(|axis| axis.1);
            let stride = own().map(|axis| self.stride(axis)).sum::<usize>();
            let split = self.split().filter(|split| own().any(|a| a == split.axis));
            if extent != 1 {
                if inner == 1 {
                    along.step = stride;
                } else if stride != along.step * inner {
                    along.run = along.run.min(inner);
                }
                if let Some(split) = split
                    && split.inner < extent
                {
                    along.run = along.run.min(inner * split.inner);
                }
            }
            inner = inner.saturating_mul(extent);
        }
        along
    }
}

/// Rows for which several arrays each go on by one stride.
pub fn common_run(runs: &[usize]) -> usize {
    runs.iter().fold(usize::MAX, |common, &run| {
        if run == usize::MAX || common == usize::MAX {
            return common.min(run);
        }
        let (mut a, mut b) = (common, run);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    })
}

/// The groups of a range of rows: the first row of each and how many there are, at most [`LANES`]; none crosses a
/// multiple of `run`.
#[inline(always)]
pub fn groups(rows: Range<usize>, run: usize) -> Groups {
    Groups { rows, run }
}

/// See [`groups`].
#[derive(Clone, Debug)]
pub struct Groups {
    rows: Range<usize>,
    run: usize,
}

impl Iterator for Groups {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let Range { start, end } = self.rows;
        if start >= end {
            return None;
        }
        let mut count = LANES.min(end - start);
        if self.run != usize::MAX {
            count = count.min(self.run - start % self.run);
        }
        self.rows.start = start + count;
        Some((start, count))
    }
}

/// The value of each row: the `count` values `step` apart from `data[at]` on, the last of them again in the
/// lanes that are left.
///
/// # Panics
/// If a value lies outside `data`, or `count` is 0 or more than [`LANES`].
#[inline(always)]
pub fn row_lanes<T: Copy>(data: &[T], at: usize, step: usize, count: usize) -> [T; LANES] {
    if count == LANES {
        let data = &data[at..at + (LANES - 1) * step + 1];
        if step == 1
            && let Some(lanes) = data.first_chunk()
        {
            return *lanes;
        }
        let mut lanes = [data[0]; LANES];
        if step == 0 {
            return lanes;
        }
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = data[i * step];
        }
        return lanes;
    }
    let mut lanes = [data[at + (count - 1) * step]; LANES];
    for (i, lane) in lanes[..count].iter_mut().enumerate() {
        *lane = data[at + i * step];
    }
    lanes
}

/// Positions as lanes have them.
#[inline(always)]
pub fn narrow_lanes(positions: [usize; LANES]) -> [u32; LANES] {
    let mut narrow = [0; LANES];
    for i in 0..LANES {
        narrow[i] = positions[i] as u32;
    }
    narrow
}

/// The position of each row on an axis of extent `extent`, on which every `inner` rows are one step.
#[inline(always)]
pub fn row_positions(row: usize, count: usize, inner: usize, extent: usize) -> [u32; LANES] {
    let mut lanes = [0; LANES];
    for (i, lane) in lanes.iter_mut().enumerate() {
        let row = row + i.min(count - 1);
        *lane = (row / inner % extent) as u32;
    }
    lanes
}

/// Adds the values of `count` rows to a sum over the rows, in a fixed order.
#[inline(always)]
pub fn fold_sum_rows<F: Float>(sum: &mut f64, values: &[F; LANES], count: usize) {
    *sum += total_f64(&kept(values, count, F::ZERO));
}

/// Takes the maximum with the values of `count` rows; NaN if one is NaN.
#[inline(always)]
pub fn fold_max_rows<F: Float>(largest: &mut f64, values: &[F; LANES], count: usize) {
    *largest = largest.larger(maximum(&kept(values, count, F::NEG_INFINITY)).to_f64());
}

/// The values of the rows, and `fill` in the lanes that are left.
#[inline(always)]
fn kept<F: Float>(values: &[F; LANES], count: usize, fill: F) -> [F; LANES] {
    let mut kept = *values;
    if count < LANES {
        kept[count..].fill(fill);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::Split;

    /// Every row of every group is where `at` says.
    fn check(layout: &Layout, rows: &[usize], axes: &[(usize, usize)]) {
        let along = layout.along_rows(rows, axes);
        let offset = |row: usize| {
            let mut rest = row;
            let mut place = vec![0; rows.len()];
            for (at, &extent) in place.iter_mut().zip(rows).rev() {
                *at = rest % extent;
                rest /= extent;
            }
            axes.iter()
                .map(|&(k, a)| layout.at(a, place[k]))
                .sum::<usize>()
        };
        let mut next = 0;
        for (start, count) in groups(0..rows.iter().product(), along.run) {
            assert_eq!(start, next);
            assert!((1..=LANES).contains(&count));
            for i in 0..count {
                assert_eq!(offset(start + i), offset(start) + i * along.step);
            }
            next += count;
        }
        assert_eq!(next, rows.iter().product());
    }

    #[test]
    fn groups_end_where_a_stride_ends() {
        let cube = Layout::row_major(&[5, 7, 3]);
        check(&cube, &[5], &[(0, 0)]);
        check(&cube, &[5, 7], &[(0, 0), (1, 1)]);
        check(&cube, &[7, 5], &[(0, 1), (1, 0)]);
        check(&cube, &[5, 7, 3], &[(0, 0), (1, 1), (2, 2)]);
        check(&cube, &[5, 40], &[(0, 0)]);
        check(&cube, &[40, 5], &[(1, 0)]);
        check(&cube, &[40], &[]);
        check(&Layout::row_major(&[6, 1]), &[6, 1], &[(0, 0), (1, 1)]);
        check(&Layout::row_major(&[6, 6]), &[6], &[(0, 0), (0, 1)]);
        let split = Split {
            axis: 0,
            inner: 50,
            outer_stride: 150,
        };
        let pixels = Layout::strided(vec![200, 3], vec![1, 50], Some(split));
        check(&pixels, &[200], &[(0, 0)]);
        assert_eq!(pixels.along_rows(&[200], &[(0, 0)]).run, 50);
        assert_eq!(cube.along_rows(&[5, 7], &[(0, 0), (1, 1)]).run, usize::MAX);
        assert_eq!(common_run(&[usize::MAX, 12, 18]), 6);
    }

    #[test]
    fn lanes_that_are_left_repeat_the_last_row_and_do_not_count() {
        let data: Vec<f32> = (0..200).map(|i| i as f32).collect();
        for step in [0, 1, 3, 5] {
            for count in [1, 5, 17, LANES] {
                let lanes = row_lanes(&data, 2, step, count);
                for (i, &lane) in lanes.iter().enumerate() {
                    assert_eq!(lane, data[2 + i.min(count - 1) * step]);
                }
                let (mut sum, mut largest) = (0.5, -1.0);
                fold_sum_rows(&mut sum, &lanes, count);
                fold_max_rows(&mut largest, &lanes, count);
                let rows = lanes[..count].iter();
                assert_eq!(sum, 0.5 + rows.map(|&x| f64::from(x)).sum::<f64>());
                assert_eq!(largest, f64::from(lanes[count - 1]));
            }
        }
        assert_eq!(row_positions(5, 2, 2, 3)[..3], [2, 0, 0]);
    }

    #[test]
    #[should_panic]
    fn rows_outside_panic() {
        row_lanes(&[0.0f32; 100], 7, 3, LANES);
    }
}
