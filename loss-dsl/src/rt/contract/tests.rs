//! Products against the definition, in every layout.

use super::*;

/// Numbers in [−1, 1) from a linear congruential sequence (Knuth's MMIX constants).
fn noise<F: Float>(count: usize, seed: u64) -> Vec<F> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        F::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    (0..count).map(|_| next()).collect()
}

/// Checks one shape in all layouts; the error bound is that of any order of summation.
fn check<F: Float>(m: usize, n: usize, k: usize, accumulate: bool) {
    // (row-major, gap after each line) for each operand.
    for (a_rows, b_rows, gap) in [
        (true, true, 0),
        (true, false, 0),
        (false, true, 0),
        (false, false, 0),
        (true, false, 3),
        (false, true, 5),
    ] {
        let layout = |rows, cols, row_major| {
            if row_major {
                ((cols + gap, 1), rows * (cols + gap))
            } else {
                ((1, rows + gap), cols * (rows + gap))
            }
        };
        let (a_strides, a_size) = layout(m, k, a_rows);
        let (b_strides, b_size) = layout(k, n, b_rows);
        let a = noise::<F>(a_size, 1 + m as u64);
        let b = noise::<F>(b_size, 2 + n as u64);
        let before = noise::<F>(m * n, 3);
        let mut out = before.clone();
        contract(&mut out, m, n, k, &a, a_strides, &b, b_strides, accumulate);
        for i in 0..m {
            for j in 0..n {
                let start = if accumulate {
                    before[i * n + j].to_f64()
                } else {
                    0.0
                };
                let (mut sum, mut size) = (start, start.abs());
                for l in 0..k {
                    let product = a[i * a_strides.0 + l * a_strides.1].to_f64()
                        * b[l * b_strides.0 + j * b_strides.1].to_f64();
                    sum += product;
                    size += product.abs();
                }
                let error = (out[i * n + j].to_f64() - sum).abs();
                let bound = (k + 1) as f64 * F::EPSILON.to_f64() * size;
                assert!(
                    error <= bound,
                    "{m}×{n}×{k} ({i}, {j}): {error:e} > {bound:e}"
                );
            }
        }
    }
}

#[test]
fn products_match_the_definition() {
    let extents = [0, 1, 2, 3, 7, 16, 33];
    for m in extents {
        for n in extents {
            for k in extents {
                check::<f32>(m, n, k, (m + n + k) % 2 == 0);
                check::<f64>(m, n, k, (m + n + k) % 2 == 1);
            }
        }
    }
}

#[test]
fn tiled_products_match_the_definition() {
    // Larger than a tile, cut along either side, neither a multiple of the cut.
    check::<f32>(1001, 131, 150, false);
    check::<f64>(130, 1003, 170, true);
    // Too small to be cut, with k in parts of which the last is shorter.
    check::<f64>(21, 10, 200_003, true);
    check::<f32>(70, 61, 8001, false);
}

#[test]
fn a_single_row_or_column_may_have_any_stride() {
    let mut out = [0.0f64];
    // A dot product of two strided vectors: a 1×3 row and a 3×1 column.
    let a = [1.0, 9.0, 2.0, 9.0, 3.0];
    let b = [4.0, 9.0, 9.0, 5.0, 9.0, 9.0, 6.0];
    contract(&mut out, 1, 1, 3, &a, (0, 2), &b, (3, 0), false);
    assert_eq!(out, [32.0]);
}

#[test]
#[should_panic(expected = "too few")]
fn operands_outside_their_slice_are_refused() {
    contract(
        &mut [0.0f32; 4],
        2,
        2,
        2,
        &[0.0; 3],
        (2, 1),
        &[0.0; 4],
        (2, 1),
        false,
    );
}

#[test]
#[should_panic(expected = "one stride")]
fn two_strides_are_refused() {
    contract(
        &mut [0.0f32; 4],
        2,
        2,
        2,
        &[0.0; 9],
        (4, 2),
        &[0.0; 4],
        (2, 1),
        false,
    );
}

#[test]
#[cfg(feature = "parallel")]
fn products_are_bit_identical_for_any_number_of_threads() {
    for (m, n, k) in [(300, 1100, 257), (33, 40, 30_000)] {
        let a = noise::<f32>(m * k, 5);
        let b = noise::<f32>(k * n, 6);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let mut out = vec![0.0; m * n];
            pool.expect("a pool")
                .install(|| contract(&mut out, m, n, k, &a, (k, 1), &b, (1, k), false));
            out.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        assert!(one == run(2));
        assert!(one == run(3));
    }
}

/// `cargo test --release -p loss-dsl --lib -- --ignored --nocapture contract::tests::time`
#[test]
#[ignore = "a measurement"]
fn time() {
    // (m, n, k, a is row-major, b is row-major): x·wᵀ, dz·w, dzᵀ·x of a head, and others.
    for (m, n, k, a_rows, b_rows) in [
        (1024, 1024, 1024, true, true),
        (256, 100_000, 512, true, false),
        (256, 512, 100_000, true, true),
        (100_000, 512, 256, false, true),
        (512, 10_000, 128, true, false),
        (512, 512, 128, true, false),
        (64, 64, 65_536, false, true),
        (10, 64, 65_536, false, true),
        (65_536, 10, 64, true, false),
    ] {
        let a = noise::<f32>(m * k, 1);
        let b = noise::<f32>(k * n, 2);
        let a_strides = if a_rows { (k, 1) } else { (1, m) };
        let b_strides = if b_rows { (n, 1) } else { (1, k) };
        let mut out = vec![0.0; m * n];
        let time = |product: &mut dyn FnMut()| {
            let mut best = f64::INFINITY;
            for _ in 0..7 {
                let start = std::time::Instant::now();
                product();
                best = best.min(start.elapsed().as_secs_f64());
            }
            2e-9 * (m * n * k) as f64 / best
        };
        let tiled = time(&mut || contract(&mut out, m, n, k, &a, a_strides, &b, b_strides, false));
        let (a, b) = (matrix(&a, m, k, a_strides), matrix(&b, k, n, b_strides));
        let whole = time(&mut || {
            let out = MatMut::from_row_major_slice_mut(&mut out, m, n);
            let par = faer::Par::rayon(0);
            faer::linalg::matmul::matmul(out, faer::Accum::Replace, a, b, 1.0, par);
        });
        println!("{m}×{n}×{k}: {tiled:.0} GFLOP/s, by faer's threads {whole:.0}");
    }
}
