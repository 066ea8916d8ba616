//! The example of the module documentation: is it right, and how fast is it?

use super::*;
use crate::rt::{column, maximum, padded, total};

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
                *logits = column(z, start * classes + c, classes, count, F::ZERO);
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

fn run(case: &Case, cotangent: &[f32], losses: &mut [f32], gradient: &mut [f32]) {
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
    // Measured (AVX-512): the kernel along the classes overtakes at about 128.
    if case.classes < 128 {
        for_rows(&AcrossRows(kernel), rows, case.classes, targets);
    } else {
        for_rows(&kernel, rows, case.classes, targets);
    }
}

#[test]
fn values_and_gradients_match_the_definition() {
    for (rows, classes) in [
        (5, 1),
        (97, 2),
        (33, 31),
        (4, 128),
        (7, 130),
        (200, 1000),
        (9, 4097),
    ] {
        let case = case(rows, classes);
        let cotangent: Vec<f32> = (0..rows).map(|n| 0.5 + n as f32).collect();
        let mut losses = vec![0.0; rows];
        let mut gradient = vec![0.0; rows * classes];
        run(&case, &cotangent, &mut losses, &mut gradient);
        for n in 0..rows {
            let z: Vec<f64> = case.z[n * classes..][..classes]
                .iter()
                .map(|&z| f64::from(z))
                .collect();
            let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let lse = max + z.iter().map(|z| (z - max).exp()).sum::<f64>().ln();
            let loss = lse - z[case.y[n]];
            assert!((f64::from(losses[n]) - loss).abs() <= 2e-6 * loss.abs().max(1.0));
            for (c, z) in z.iter().enumerate() {
                let delta = f64::from(u8::from(c == case.y[n]));
                let exact = f64::from(cotangent[n]) * ((z - lse).exp() - delta);
                let error = (f64::from(gradient[n * classes + c]) - exact).abs();
                // z − max is rounded once, which is a relative error of e^(z − max); the other
                // half-ulps are those of exp (2), the sum and the scale. At the target p − 1 has
                // the absolute error of ln p.
                let roundings = (z - max).abs() + 8.0;
                let half_ulp = f64::from(f32::EPSILON) / 2.0;
                let size = exact.abs() + delta * f64::from(cotangent[n]);
                let bound = roundings * half_ulp * size;
                assert!(error <= bound, "{n}, {c}: {error:e} of {exact:e}");
            }
        }
    }
}

#[test]
fn a_nan_stays_in_its_row() {
    for classes in [40, 140] {
        let mut case = case(3, classes);
        case.z[classes + 7] = f32::NAN;
        let mut losses = [0.0; 3];
        let mut gradient = vec![0.0; 3 * classes];
        run(&case, &[1.0; 3], &mut losses, &mut gradient);
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
        (16_384, 64),
        (16_384, 160),
    ] {
        let case = case(rows, classes);
        let cotangent = vec![1.0 / rows as f32; rows];
        let mut losses = vec![0.0; rows];
        let mut gradient = vec![0.0; rows * classes];
        let mut best = f64::INFINITY;
        for _ in 0..15 {
            let start = std::time::Instant::now();
            run(&case, &cotangent, &mut losses, &mut gradient);
            best = best.min(start.elapsed().as_secs_f64());
        }
        let elements = (rows * classes) as f64;
        println!(
            "{rows}×{classes}: {:.3} ms, {:.3} ns an element",
            best * 1e3,
            best * 1e9 / elements
        );
    }
}
