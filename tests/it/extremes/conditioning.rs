//! What a rounding of the inputs changes: no kernel can be asked for more where that is all there is.

use ndarray::ArrayD;

use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::outcome::Outcome;
use loss_tests::support::random::Random;
use loss_tests::support::subject::Subject;

use super::sizes;

/// How far each array may be off: eight times what one rounding of the inputs changes, at worst of some tries.
pub(super) fn of_rounded_inputs(
    subject: &Subject,
    at: &Arrays,
    cotangent: &ArrayD<f64>,
    single: bool,
) -> Vec<f64> {
    let epsilon = if single {
        f64::from(f32::EPSILON)
    } else {
        f64::EPSILON
    };
    let literal = &subject.compiled.literal;
    let outcome =
        |arrays: &Arrays| subject.interpreted(literal, &subject.loss, arrays, cotangent, single);
    let exact = outcome(at);
    let mut worst = vec![0.0_f64; exact.arrays.len()];
    let mut random = Random::new(23);
    for _ in 0..4 {
        let mut nearby = at.clone();
        for array in &mut nearby.list {
            if let Array::Real(array) = array {
                array.mapv_inplace(|x| x * (1.0 + epsilon * (random.below(3) as f64 - 1.0)));
            }
        }
        for ((worst, (_, a)), (_, b)) in worst
            .iter_mut()
            .zip(&exact.arrays)
            .zip(&outcome(&nearby).arrays)
        {
            let change = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            *worst = change.fold(*worst, f64::max);
        }
    }
    // The slope in a scale of logits is a sum of N² logits, here of up to 20, which are rounded and cancel; where a
    // cosine is 1, rounding moves it further than the inputs can.
    let samples: f64 = cotangent.iter().map(|slope| slope.abs()).sum();
    let logits = 20.0 * sizes("N") as f64 * samples;
    let learned: Vec<String> = subject
        .loss
        .spec()
        .learned()
        .map(|p| format!("d{}", p.name))
        .collect();
    let allowed = worst.iter().zip(&exact.arrays).map(|(change, (name, _))| {
        8.0 * change
            + if learned.contains(name) {
                epsilon * logits
            } else {
                0.0
            }
    });
    allowed.collect()
}

/// The outcome, with what is within the allowance of the exact one replaced by that.
pub(super) fn within(found: Outcome, exact: &Outcome, allowed: &[f64]) -> Outcome {
    let arrays = found.arrays.into_iter().zip(&exact.arrays).zip(allowed);
    let near = arrays.map(|(((name, mut found), (_, exact)), allowed)| {
        found.zip_mut_with(exact, |f, e| {
            if (*f - e).abs() <= *allowed {
                *f = *e;
            }
        });
        (name, found)
    });
    Outcome {
        arrays: near.collect(),
    }
}
