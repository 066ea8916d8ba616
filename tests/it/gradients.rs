//! Every element of every gradient against finite differences, in f64.
//!
//! The differences see neither derivation nor simplifier nor kernel of the gradient: only the generated value, or where
//! something is detached the interpreted one with that held fixed.

use loss_dsl::losses::{
    ASoftmax, ASoftmax2, AdaFace, ArcFace, ArcFaceContinuous, ArcFaceEasy, ArcFacePlain,
    BinaryFocal, CombinedMargin, CurricularFace, Focal, LSoftmax, LSoftmax3, MagFace, SphereFace2,
    SubCenterArcFace,
};
use loss_dsl::{Loss, Source, check_gradients};

use loss_tests::support::any::AnyLoss;
use loss_tests::support::differences::{BOUND, differences, extent, worst_difference};
use loss_tests::support::subject::Subject;

fn correct(subject: &Subject) {
    correct_of(subject, &subject.loss);
}

fn correct_of(subject: &Subject, loss: impl Into<AnyLoss>) {
    let loss = loss.into();
    let found = worst_difference(subject, &loss);
    assert!(found.error <= BOUND, "{}: {}", loss.name(), found.report);
}

loss_tests::for_each_built_in!(correct);
crate::written::for_each_written!(correct);

/// Other settings than the defaults of the losses with a margin.
#[test]
fn margins() {
    fn at<L: Loss + Source + Default + 'static>(settings: &[(&str, f64)]) {
        let mut loss = L::default();
        for &(name, value) in settings {
            assert!(loss.set_scalar(name, value), "{} has no {name}", L::NAME);
        }
        correct_of(&Subject::built_in(L::NAME), &loss);
    }
    for m in [0.0, 0.5, 2.0] {
        at::<ArcFace>(&[("s", 8.0), ("m", m)]);
        at::<ArcFaceContinuous>(&[("s", 8.0), ("m", m)]);
        at::<ArcFaceEasy>(&[("s", 8.0), ("m", m)]);
        at::<ArcFacePlain>(&[("s", 8.0), ("m", m)]);
    }
    for lambda in [0.5, 1000.0] {
        at::<LSoftmax>(&[("lambda", lambda)]);
        at::<LSoftmax3>(&[("lambda", lambda)]);
        at::<ASoftmax>(&[("lambda", lambda)]);
        at::<ASoftmax2>(&[("lambda", lambda)]);
    }
    for (m1, m2, m3) in [(1.0, 0.3, 0.2), (4.0, 0.0, 0.0), (1.7, -0.5, 0.0)] {
        let margins = [("s", 8.0), ("m1", m1), ("m2", m2), ("m3", m3)];
        at::<CombinedMargin>(&margins);
    }
    let printed = CombinedMargin {
        m1: 3.0,
        continued: false,
        ..CombinedMargin::default()
    };
    correct_of(&Subject::built_in("CombinedMargin"), &printed);
}

/// Lengths within the interval, where the margin and the regulariser have a slope.
#[test]
fn mag_face_variants() {
    for (fall_back, easy) in [(true, true), (true, false), (false, false)] {
        for u_m in [1.0, 2.5] {
            let loss = MagFace {
                s: 8.0,
                l_a: 0.25,
                u_a: 4.0,
                u_m,
                fall_back,
                easy,
                ..MagFace::default()
            };
            correct_of(&Subject::built_in("MagFace"), &loss);
        }
    }
}

#[test]
fn other_heads() {
    for m in [0.25, 2.0] {
        let sub_center = SubCenterArcFace {
            s: 8.0,
            m,
            fall_back: false,
            ..SubCenterArcFace::default()
        };
        correct_of(&Subject::built_in("SubCenterArcFace"), &sub_center);
        let curricular = CurricularFace {
            s: 8.0,
            m,
            t: 0.75,
            ..CurricularFace::default()
        };
        correct_of(&Subject::built_in("CurricularFace"), &curricular);
        let settled = AdaFace {
            s: 8.0,
            m,
            h: 0.5,
            batch_mean: 1.5,
            batch_std: 0.5,
            ..AdaFace::default()
        };
        correct_of(&Subject::built_in("AdaFace"), &settled);
        let sphere = SphereFace2 {
            r: 8.0,
            m,
            t: 1.0 + m,
            ..SphereFace2::default()
        };
        correct_of(&Subject::built_in("SphereFace2"), &sphere);
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
