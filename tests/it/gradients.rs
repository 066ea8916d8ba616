//! Every element of every gradient against finite differences, in f64.
//!
//! The differences see neither derivation nor simplifier nor kernel of the gradient: only the generated value, or where
//! something is detached the interpreted one with that held fixed.

use loss_dsl::losses::{ArcFace, BinaryFocal, Focal};
use loss_dsl::{ParameterSpec, check_gradients};

use loss_tests::support::any::AnyLoss;
use loss_tests::support::differences::differences;
use loss_tests::support::subject::Subject;

/// Allowed error, relative to the largest slope of the parameter. Extrapolated differences are good to about 1e-10 of the
/// values' size.
const BOUND: f64 = 1e-7;

fn correct(subject: &Subject) {
    correct_of(subject, &subject.loss);
}

fn extent(dim: &str) -> usize {
    match dim {
        "N" => 3,
        "C" => 4,
        "D" => 3,
        _ => 2,
    }
}

fn correct_of(subject: &Subject, loss: impl Into<AnyLoss>) {
    let loss = loss.into();
    let spec = loss.spec();
    let elements = |p: &ParameterSpec| -> usize {
        let extents = p.axes.iter().map(|&dim| extent(spec.dims[dim].name));
        extents.product()
    };
    let expected = spec.differentiable().chain(spec.learned()).map(elements);
    let expected: usize = expected.sum();
    for seed in 1..=3 {
        let arrays = subject.sample(extent, seed);
        let found = differences(subject, &loss, &arrays);
        assert_eq!(found.elements, expected, "{}", spec.name);
        assert!(found.error <= BOUND, "{}: {}", spec.name, found.report);
    }
}

loss_tests::for_each_built_in!(correct);
crate::written::for_each_written!(correct);

#[test]
fn arc_face_variants() {
    let subject = Subject::built_in("ArcFace");
    for (fall_back, easy) in [(false, false), (true, true), (false, true)] {
        for m in [0.5, 2.0] {
            let loss = ArcFace {
                s: 8.0,
                m,
                fall_back,
                easy,
                ..ArcFace::default()
            };
            correct_of(&subject, &loss);
        }
    }
}

#[test]
fn focal_exponents() {
    for gamma in [0.0, 0.5, 1.0, 3.5] {
        let focal = Focal {
            gamma,
            ..Focal::default()
        };
        correct_of(&Subject::built_in("Focal"), &focal);
        let binary = BinaryFocal {
            gamma,
            ..BinaryFocal::default()
        };
        correct_of(&Subject::built_in("BinaryFocal"), &binary);
    }
}

/// Differences of the value itself see a gradient that is stopped as wrong; with what is detached held they agree.
#[test]
fn what_is_detached_is_held() {
    use crate::written::stopped::{Modulated, SOURCE};
    let block = SOURCE.parse().expect("tokens");
    let subject = Subject::in_block(block, AnyLoss::of::<Modulated>());
    let arrays = subject.sample(extent, 1);
    let report = check_gradients(&Modulated::default(), arrays.inputs()).expect("a correct call");
    assert!(report.max_error() > 1e-2, "{report}");
    let held = differences(&subject, &subject.loss, &arrays);
    assert!(held.error <= 1e-10, "{}", held.report);
}

/// Focal loss, judged by the definition that detaches its weight, has wrong gradients and is found out.
#[test]
fn wrong_gradients_are_found() {
    use crate::written::stopped::{Modulated, SOURCE};
    let block = SOURCE.parse().expect("tokens");
    let mut subject = Subject::in_block(block, AnyLoss::of::<Modulated>());
    let arrays = subject.sample(extent, 1);
    subject.loss = AnyLoss::of::<Focal>();
    let found = differences(&subject, &subject.loss, &arrays);
    assert!(found.error > 1e-2, "{}", found.report);
}
