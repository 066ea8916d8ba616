//! Formulas that are commonly got wrong, a test each: what the released code of others computes, beside what is right.
//!
//! The number of a test is that of a list of 27 such formulas, compiled from papers, their released code and their issue trackers.
//! The right value is pinned by a closed form; the wrong one is computed here and shown to be another.
//!
//! Three concern no loss of this library:
//!
//! * 23, a Jensen-Shannon mixture built in probability space, which underflows: there is no such loss.
//! * 24, ORPO's `log1p(−exp(l))` at l → 0: there is no such loss. The function it needs, `log1mexp`, is in the language, and the accuracy
//!   tests of the run time cover it there.
//! * 26, factors of the number of devices and means over local batches: a loss here is one process's; a mean is over the batch
//!   that it is given.

mod batches;
mod bounds;
mod classification;
mod margins;
mod normalised;
mod overlaps;

use loss_tests::support::arrays::Array;
use loss_tests::support::call::{Call, call};
use ndarray::{ArrayD, IxDyn};

/// An array of real numbers.
fn reals(shape: &[usize], elements: &[f64]) -> Array {
    Array::Real(shaped(shape, elements))
}

fn shaped(shape: &[usize], elements: &[f64]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(shape), elements.to_vec()).expect("as many elements as positions")
}

fn labels(labels: &[i64]) -> Array {
    Array::Labels(ArrayD::from_shape_vec(IxDyn(&[labels.len()]), labels.to_vec()).expect("labels"))
}

/// Features at angles in the plane, of a length each.
fn directions(polar: &[(f64, f64)]) -> Array {
    let elements = polar
        .iter()
        .flat_map(|(length, angle)| [length * angle.cos(), length * angle.sin()]);
    reals(&[polar.len(), 2], &elements.collect::<Vec<_>>())
}

/// A head in the plane: features and centres as length and angle.
fn head(
    name: &str,
    scalars: &[(&str, f64)],
    x: &[(f64, f64)],
    w: &[(f64, f64)],
    y: &[i64],
) -> Call {
    let (x, w, y) = (directions(x), directions(w), labels(y));
    call(name, scalars, &[("x", &x), ("w", &w), ("y", &y)])
}

fn logits(name: &str, scalars: &[(&str, f64)], z: &[f64], y: i64) -> Call {
    let z = reals(&[1, z.len()], z);
    call(name, scalars, &[("z", &z), ("y", &labels(&[y]))])
}

fn softmax(z: &[f64]) -> Vec<f64> {
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = z.iter().map(|z| (z - most).exp()).sum();
    z.iter().map(|z| (z - most).exp() / sum).collect()
}

/// ln(1 + Σ exp(zⱼ − z_y)), every other logit first taken less that of the label.
fn cross_entropy(z: &[f64], y: usize) -> f64 {
    let others = z.iter().enumerate().filter(|(at, _)| *at != y);
    others
        .map(|(_, other)| (other - z[y]).exp())
        .sum::<f64>()
        .ln_1p()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    let allowed = 1e-12 * expected.abs().max(0.1);
    assert!(
        (found - expected).abs() <= allowed,
        "{found:e} is not {expected:e}"
    );
}

#[track_caller]
fn all_close(found: &ArrayD<f64>, expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.1_f64, |scale, e| scale.max(e.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-12 * scale,
            "{found:e} is not {expected:e}"
        );
    }
}

/// The wrong formula is off by at least a part of `by`.
#[track_caller]
fn differs(wrong: f64, right: f64, by: f64) {
    let is_off = wrong.is_nan() || (wrong - right).abs() > by * right.abs();
    assert!(is_off, "{wrong:e} is no different from {right:e}");
}
