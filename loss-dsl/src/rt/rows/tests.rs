//! The driver against plain loops, and its promise about threads.

use super::*;
use crate::rt::RowLayout;

/// Row n is `sin(n·len + c)`; sums, maxima and minima of it per column.
struct Waves {
    len: usize,
}

fn wave(n: usize, c: usize, len: usize) -> f64 {
    ((n * len + c) as f64).sin()
}

impl<F: Float> RowKernel<F, 4> for Waves {
    #[inline(always)]
    fn run<S: Isa>(&self, _isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, F>; 4]) {
        let [values, sum, max, min] = out;
        for n in rows {
            let row = values.row(n);
            for (c, value) in row.iter_mut().enumerate() {
                *value = F::from_f64(wave(n, c, self.len));
            }
            for c in 0..self.len {
                let value = wave(n, c, self.len);
                sum.acc()[c] += value;
                max.acc()[c] = max.acc()[c].larger(value);
                min.acc()[c] = min.acc()[c].smaller(value);
            }
        }
    }
}

struct Waved {
    values: Vec<f64>,
    accumulators: [Vec<f64>; 3],
}

fn run_waves(rows: usize, len: usize, layout: RowLayout, size: usize) -> Waved {
    let mut values = vec![f64::NAN; size];
    let mut accumulators = [vec![9.0; len], vec![9.0; len], vec![9.0; len]];
    let [sum, max, min] = &mut accumulators;
    for_rows(
        &Waves { len },
        rows,
        len,
        [
            Target::strided(&mut values, layout),
            Target::sum(sum),
            Target::max(max),
            Target::min(min),
        ],
    );
    Waved {
        values,
        accumulators,
    }
}

#[test]
fn rows_and_accumulators_match_plain_loops() {
    for (rows, len) in [(0, 3), (1, 1), (7, 5), (1000, 10), (5000, 33), (20_001, 10)] {
        let result = run_waves(rows, len, RowLayout::contiguous(len), rows * len);
        for (i, &value) in result.values.iter().enumerate() {
            assert_eq!(value, wave(i / len, i % len, len));
        }
        for c in 0..len {
            let column = (0..rows).map(|n| wave(n, c, len));
            let [sum, max, min] = result.accumulators.each_ref().map(|all| all[c]);
            let expected: f64 = column.clone().sum();
            assert!((sum - expected).abs() <= 1e-12 * rows as f64);
            assert_eq!(max, column.clone().fold(f64::NEG_INFINITY, f64::max));
            assert_eq!(min, column.fold(f64::INFINITY, f64::min));
        }
    }
}

#[test]
fn strided_rows_land_where_the_layout_says() {
    // [outer, len, inner], and the transpose [len, rows], with a gap after each line.
    for (outer, len, inner) in [
        (1, 3, 5),
        (4, 7, 9),
        (3, 21, 1000),
        (5, 1, 40),
        (70, 300, 1),
    ] {
        let rows = outer * inner;
        let interleaved = RowLayout {
            len,
            stride: inner,
            inner,
            inner_stride: 1,
            outer_stride: len * inner,
        };
        let transposed = RowLayout {
            len,
            stride: rows + 3,
            inner: usize::MAX,
            inner_stride: 1,
            outer_stride: 0,
        };
        for (layout, size) in [(interleaved, rows * len), (transposed, (rows + 3) * len)] {
            let result = run_waves(rows, len, layout, size);
            let mut expected = vec![f64::NAN; size];
            for n in 0..rows {
                for c in 0..len {
                    expected[layout.base(n) + c * layout.stride] = wave(n, c, len);
                }
            }
            let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
            assert!(result.values.iter().zip(&expected).all(same), "{layout:?}");
        }
    }
}

/// Puts groups of rows, and returns to a row that it has filled already.
struct Groups;

impl RowKernel<f32, 2> for Groups {
    #[inline(always)]
    fn run<S: Isa>(&self, _isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, f32>; 2]) {
        let [lanes, twice] = out;
        for start in rows.clone().step_by(LANES) {
            let count = LANES.min(rows.end - start);
            let values: [f32; LANES] = std::array::from_fn(|i| (start + i) as f32);
            for c in 0..3 {
                lanes.put(start, c, &values.map(|v| v * 4.0 + c as f32)[..count]);
            }
        }
        for n in rows {
            twice.row(n).fill(n as f32);
            for value in twice.row(n) {
                *value *= 2.0;
            }
        }
    }
}

#[test]
fn rows_in_lanes_and_rows_in_two_passes() {
    let (outer, inner) = (100, 77);
    let rows = outer * inner;
    let layout = RowLayout {
        len: 3,
        stride: inner,
        inner,
        inner_stride: 1,
        outer_stride: 3 * inner,
    };
    for layout in [layout, RowLayout::contiguous(3)] {
        let mut lanes = vec![0.0f32; rows * 3];
        let mut twice = vec![0.0f32; rows * 3];
        // Much work per row, so that there are many blocks.
        let targets = [
            Target::strided(&mut lanes, layout),
            Target::strided(&mut twice, layout),
        ];
        for_rows(&Groups, rows, 700, targets);
        for n in 0..rows {
            for c in 0..3 {
                let at = layout.base(n) + c * layout.stride;
                assert_eq!(lanes[at], (n * 4 + c) as f32);
                assert_eq!(twice[at], (n * 2) as f32);
            }
        }
    }
}

#[test]
fn blocks_depend_on_the_problem_alone_and_cover_it() {
    for rows in [0, 1, 31, 33, 1000, 65_537] {
        for work in [0, 1, 10, 1000, 100_000] {
            for accumulator in [None, Some(1), Some(50_000)] {
                let blocks = Blocks::cut(rows, work, accumulator);
                let mut next = 0;
                for block in 0..blocks.count {
                    let range = blocks.rows_of(block);
                    assert_eq!(range.start, next);
                    assert!(!range.is_empty());
                    next = range.end;
                }
                assert_eq!(next, rows);
                if accumulator.is_some() {
                    assert!(blocks.count <= ACCUMULATING_BLOCKS);
                }
            }
        }
    }
    assert_eq!(
        Blocks::cut(BLOCK_WORK / 8, 8, None).count,
        1,
        "small work is one block"
    );
}

#[test]
fn nan_reaches_maxima_and_minima_across_blocks() {
    struct One;
    impl RowKernel<f64, 2> for One {
        #[inline(always)]
        fn run<S: Isa>(&self, _isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, f64>; 2]) {
            if rows.contains(&1234) {
                out[0].acc()[0] = f64::NAN;
                out[1].acc()[0] = f64::NAN;
            }
        }
    }
    let (mut max, mut min) = ([0.0], [0.0]);
    let targets = [Target::max(&mut max), Target::min(&mut min)];
    for_rows(&One, 5000, 1000, targets);
    assert!(max[0].is_nan() && min[0].is_nan());
}

#[test]
#[cfg(feature = "parallel")]
fn results_are_bit_identical_for_any_number_of_threads() {
    let (outer, len, inner) = (50, 11, 313);
    let layout = RowLayout {
        len,
        stride: inner,
        inner,
        inner_stride: 1,
        outer_stride: len * inner,
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let result = pool
            .expect("a pool")
            .install(|| run_waves(outer * inner, len, layout, outer * len * inner));
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        (bits(&result.values), result.accumulators.map(|a| bits(&a)))
    };
    let one = run(1);
    assert!(one == run(2));
    assert!(one == run(3));
}
