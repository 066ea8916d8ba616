//! The example of the module documentation: is it right, and how fast is it?

use super::*;
use crate::rt::{STRIP, add, padded, row_lanes, total};

include!("softmax_cross_entropy.rs");

/// The same with a row in each lane, for few classes.
struct AcrossRows<'a, F>(SoftmaxCrossEntropy<'a, F>);

impl<F: Float> RowKernel<F, 2> for AcrossRows<'_, F> {
    #[inline(always)]
    fn run<S: Isa>(&self, isa: S, rows: Range<usize>, out: &mut [BlockTarget<'_, F>; 2]) {
        let [losses, gradient] = out;
        let SoftmaxCrossEntropy {
            z,
            y,
            cotangent,
            classes,
        } = self.0;
        let mut exponentials = vec![[F::ZERO; LANES]; classes];
        for start in rows.clone().step_by(LANES) {
            let count = LANES.min(rows.end - start);
            let mut max = [F::NEG_INFINITY; LANES];
            for (c, logits) in exponentials.iter_mut().enumerate() {
                *logits = row_lanes(z, start * classes + c, classes, count);
                for i in 0..LANES {
                    max[i] = max[i].max(isa, logits[i]);
                }
            }
            let mut sum = [F::ZERO; LANES];
            for e in &mut exponentials {
                for i in 0..LANES {
                    e[i] = (e[i] - max[i]).exp(isa);
                    sum[i] += e[i];
                }
            }
            let mut target = [F::ZERO; LANES];
            for i in 0..count {
                target[i] = z[(start + i) * classes + y[start + i]];
            }
            let cotangent = padded(&cotangent[start..start + count], F::ZERO);
            let mut loss = [F::ZERO; LANES];
            let mut scale = [F::ZERO; LANES];
            let mut at_target = [F::ZERO; LANES];
            for i in 0..LANES {
                let log_p = target[i] - max[i] - sum[i].ln(isa);
                loss[i] = -log_p;
                scale[i] = cotangent[i] / sum[i];
                at_target[i] = cotangent[i] * log_p.expm1(isa);
            }
            losses.put(start, 0, &loss[..count]);
            for (c, e) in exponentials.iter().enumerate() {
                let mut g = [F::ZERO; LANES];
                for i in 0..LANES {
                    g[i] = e[i] * scale[i];
                }
                gradient.put(start, c, &g[..count]);
            }
            for i in 0..count {
                gradient.put(start + i, y[start + i], &[at_target[i]]);
            }
        }
    }
}

struct Case {
    z: Vec<f32>,
    y: Vec<usize>,
    classes: usize,
}

/// Logits in [−20, 20) from a linear congruential sequence.
fn case(rows: usize, classes: usize) -> Case {
    let mut state = 7u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 32
    };
    let z = (0..rows * classes)
        .map(|_| next() as f32 / (1u64 << 32) as f32 * 40.0 - 20.0)
        .collect();
    let y = (0..rows).map(|_| next() as usize % classes).collect();
    Case { z, y, classes }
}

fn run(case: &Case, across: bool, cotangent: &[f32], losses: &mut [f32], gradient: &mut [f32]) {
    let kernel = SoftmaxCrossEntropy {
        z: &case.z,
        y: &case.y,
        cotangent,
        classes: case.classes,
    };
    let targets = [
        Target::rows(losses, 1),
        Target::rows(gradient, case.classes),
    ];
    let rows = case.y.len();
    if across {
        for_rows(&AcrossRows(kernel), rows, case.classes, targets);
    } else {
        for_rows(&kernel, rows, case.classes, targets);
    }
}

/// Compares row `n` with the definition in `f64`, within the error that the roundings explain.
fn check_row(case: &Case, across: bool, n: usize, cotangent: f32, loss: f32, gradient: &[f32]) {
    let cotangent = f64::from(cotangent);
    let z: Vec<f64> = case.z[n * case.classes..][..case.classes]
        .iter()
        .map(|&z| f64::from(z))
        .collect();
    let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lse = max + z.iter().map(|z| (z - max).exp()).sum::<f64>().ln();
    let exact = lse - z[case.y[n]];
    assert!((f64::from(loss) - exact).abs() <= 2e-6 * exact.abs().max(1.0));
    // In half ulps of 1: rounding z − max is a relative error of e^(z − max), and exp has 2.2 of
    // its own; the sum has the mean of these and one for each addition to a lane.
    let additions = if across {
        case.classes
    } else {
        case.classes / LANES + 1
    };
    let mean: f64 = z.iter().map(|z| (z - lse).exp() * (max - z)).sum();
    let sum = mean + 2.2 + additions as f64;
    for (c, z) in z.iter().enumerate() {
        let delta = f64::from(u8::from(c == case.y[n]));
        let exact = cotangent * ((z - lse).exp() - delta);
        // Then the sum's rounding, the scale and the product. At the target the error of ln p is
        // an absolute one of p.
        let roundings = (max - z) + 2.2 + sum + 3.0;
        let bound = roundings * f64::from(f32::EPSILON) / 2.0 * (exact.abs() + delta * cotangent);
        let error = (f64::from(gradient[c]) - exact).abs();
        assert!(error <= bound, "{n}, {c}: {error:e} of {exact:e}");
    }
}

#[test]
fn values_and_gradients_match_the_definition() {
    for (rows, classes) in [(5, 1), (97, 2), (33, 31), (4, 128), (200, 1000), (9, 4097)] {
        let case = case(rows, classes);
        let cotangent: Vec<f32> = (0..rows).map(|n| 0.5 + n as f32).collect();
        for across in [false, true] {
            let mut losses = vec![0.0; rows];
            let mut gradient = vec![0.0; rows * classes];
            run(&case, across, &cotangent, &mut losses, &mut gradient);
            for (n, gradient) in gradient.chunks_exact(classes).enumerate() {
                check_row(&case, across, n, cotangent[n], losses[n], gradient);
            }
        }
    }
}

#[test]
fn a_nan_stays_in_its_row() {
    for (classes, across) in [(40, false), (40, true), (8, true)] {
        let mut case = case(3, classes);
        case.z[classes + 7] = f32::NAN;
        let mut losses = [0.0; 3];
        let mut gradient = vec![0.0; 3 * classes];
        run(&case, across, &[1.0; 3], &mut losses, &mut gradient);
        assert_eq!(losses.map(f32::is_nan), [false, true, false]);
        for (i, value) in gradient.iter().enumerate() {
            assert_eq!(value.is_nan(), i / classes == 1);
        }
    }
}

/// `cargo test --release -p loss-dsl --lib -- --ignored --nocapture time`
#[test]
#[ignore = "a measurement"]
fn time() {
    for (rows, classes) in [
        (4096, 1000),
        (2048, 32_000),
        (65_536, 10),
        (65_536, 20),
        (65_536, 32),
        (16_384, 48),
        (16_384, 64),
        (16_384, 100),
    ] {
        let case = case(rows, classes);
        let cotangent = vec![1.0 / rows as f32; rows];
        let mut losses = vec![0.0; rows];
        let mut gradient = vec![0.0; rows * classes];
        for across in [false, true] {
            if across && classes > 100 {
                continue;
            }
            let mut best = f64::INFINITY;
            for _ in 0..15 {
                let start = std::time::Instant::now();
                run(&case, across, &cotangent, &mut losses, &mut gradient);
                best = best.min(start.elapsed().as_secs_f64());
            }
            println!(
                "{rows}×{classes}{}: {:.3} ms, {:.3} ns an element",
                if across { " across rows" } else { "" },
                best * 1e3,
                best * 1e9 / (rows * classes) as f64
            );
        }
    }
}
