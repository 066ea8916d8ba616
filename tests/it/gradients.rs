//! Every element of every gradient against finite differences of the generated value, in f64.
//!
//! The differences see neither derivation nor simplifier nor kernel of the gradient: only the value.

use loss_dsl::losses::{
    ASoftmax, ASoftmax2, ArcFace, ArcFaceContinuous, ArcFaceEasy, ArcFacePlain, BinaryFocal,
    CombinedMargin, Focal, LSoftmax, LSoftmax3,
};
use loss_dsl::{Loss, Reduction, check_gradients};

use loss_tests::support::subject::Subject;

/// Allowed error, relative to the largest slope of the parameter. Extrapolated differences are good to about 1e-10 of the
/// values' size.
const BOUND: f64 = 1e-7;

fn correct<L: Loss + Default>(subject: &Subject) {
    correct_of(subject, &L::default());
}

fn correct_of<L: Loss>(subject: &Subject, loss: &L) {
    for seed in 1..=3 {
        let extent = |dim: &str| match dim {
            "N" => 3,
            "C" => 4,
            "D" => 3,
            _ => 2,
        };
        let arrays = subject.sample(extent, seed);
        for reduction in [Reduction::Mean, Reduction::None] {
            let loss = loss.clone().with_reduction(reduction);
            let report = check_gradients(&loss, arrays.inputs()).expect("a correct call");
            let expected: usize = L::spec()
                .differentiable()
                .map(|p| {
                    p.axes
                        .iter()
                        .map(|&dim| extent(L::spec().dims[dim].name))
                        .product::<usize>()
                })
                .sum();
            assert_eq!(
                report.entries().len(),
                expected + L::spec().learned().count()
            );
            if subject.detaches() {
                // What `detach` stops is in the slope of the value and not in the gradient.
                assert!(report.max_error() > 1e-2, "{report}");
                continue;
            }
            assert!(
                report.max_error() <= BOUND,
                "{}, {reduction:?}: {report}",
                L::NAME
            );
        }
    }
}

loss_tests::for_each_built_in!(correct);
crate::written::for_each_written!(correct);

/// Other settings than the defaults of the losses with a margin.
#[test]
fn margins() {
    fn at<L: Loss + Default>(settings: &[(&str, f64)]) {
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
