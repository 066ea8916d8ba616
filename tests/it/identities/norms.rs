//! Features that are normalised: the gradient has no part along the feature, and its size is in proportion to 1/‖x‖.
//!
//! Exactly: gradient(k·x) = gradient(x)/k. Hence plain gradient descent never shortens a feature, ‖x − η·g‖² = ‖x‖² + η²‖g‖², and short
//! features take large steps.

use loss_tests::support::arrays::Arrays;
use loss_tests::support::call::Call;
use loss_tests::support::library;
use loss_tests::support::subject::Subject;
use ndarray::{ArrayD, Axis};
use proptest::prelude::*;

use super::{EQUAL, cases, tables};

/// The tensors of [`tables::SCALES`] that have a gradient, with their place among the arrays and the axis of their norm.
fn normalised() -> Vec<(Subject, usize, usize, &'static str)> {
    let rows = tables::SCALES.iter().map(|row| {
        let mut words = row.split(' ');
        let mut word = || words.next().expect("loss, tensor, axis");
        (word(), word(), word())
    });
    let found = rows.filter_map(|(loss, tensor, axis)| {
        let loss = library::loss(loss);
        let spec = loss.spec();
        let at = spec.arrays().position(|p| p.name == tensor)?;
        let p = spec.differentiable().find(|p| p.name == tensor)?;
        let axis = p.axes.iter().position(|&dim| spec.dims[dim].name == axis)?;
        Some((Subject::built_in(spec.name), at, axis, p.name))
    });
    found.collect()
}

/// Lengths of the vectors along an axis.
fn lengths(array: &ArrayD<f64>, axis: usize) -> ArrayD<f64> {
    array.mapv(|e| e * e).sum_axis(Axis(axis)).mapv(f64::sqrt)
}

fn gradient(subject: &Subject, arrays: Arrays, name: &str) -> ArrayD<f64> {
    let loss = subject.loss.clone();
    Call { loss, arrays }.gradient(name)
}

#[test]
fn gradients_are_as_large_as_features_are_short() {
    let mut runner = proptest::test_runner::TestRunner::new(cases(45));
    for (subject, at, axis, name) in normalised() {
        let check = |(seed, exponent): (u64, i32)| {
            let factor = 2.0_f64.powi(exponent);
            let arrays = subject.sample(super::batches::extent, seed);
            let mut scaled = arrays.clone();
            scaled.real_mut(at).mapv_inplace(|e| e * factor);
            let slopes = gradient(&subject, arrays.clone(), name);
            let back = gradient(&subject, scaled, name) * factor;
            let scale = slopes.fold(1e-300_f64, |scale, e| scale.max(e.abs()));
            let off = (&back - &slopes).fold(0.0_f64, |off, e| off.max(e.abs()));
            prop_assert!(
                off <= EQUAL * scale,
                "{} {name}: {off:e}",
                subject.loss.name()
            );

            let x = arrays.real(at);
            let along = (&slopes * x).sum_axis(Axis(axis));
            let sizes = lengths(&slopes, axis) * lengths(x, axis);
            let largest = sizes.fold(1e-300_f64, |most, &e| most.max(e));
            prop_assert!(along.iter().all(|share| share.abs() <= EQUAL * largest));

            let step = x - &(&slopes * 0.125);
            let expected = lengths(x, axis).mapv(|l| l * l)
                + lengths(&slopes, axis).mapv(|l| l * l) * (0.125 * 0.125);
            let grown = lengths(&step, axis).mapv(|l| l * l);
            let off = (&grown - &expected)
                .iter()
                .zip(&expected)
                .all(|(off, e)| off.abs() <= 1e-10 * e);
            prop_assert!(off, "{} {name}", subject.loss.name());
            Ok(())
        };
        let strategy = (any::<u64>(), -40..40);
        let verdict = runner.run(&strategy, check);
        assert!(verdict.is_ok(), "{verdict:?}");
    }
}
