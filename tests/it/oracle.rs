//! The interpreter is the oracle: no kernel is tested against itself.
//!
//! For every built-in loss and every loss of [`crate::written`], three computations of values, gradients and auxiliary
//! outputs must agree: the interpreter on the literal derivation, the interpreter on the simplified one, and the
//! generated kernels, in f64 and in f32, for shapes around the lane count and for arrays with gaps.

use loss_dsl::losses::{ASoftmax, ArcFace, ArcFaceContinuous, BinaryFocal, CombinedMargin, Focal};

use crate::written::elementwise;
use loss_tests::support::any::AnyLoss;
use loss_tests::support::arrays::Layout;
use loss_tests::support::outcome::generated;
use loss_tests::support::subject::Subject;

/// Allowed error in f64, relative to the largest element of the array.
const DOUBLE: f64 = 1e-12;

/// The same in f32. Heads multiply cosines, whose rounding is 6e-8, by a scale of 64.
const SINGLE: f64 = 2e-5;

/// Extents by dimension.
type Sizes = fn(&str) -> usize;

/// The shapes: small, one of everything, no samples, off the lanes, more classes than are taken with a sample in each
/// lane, one sample, samples off the lanes.
const SIZES: [(&str, Sizes); 7] = [
    ("small", |dim| match dim {
        "N" => 4,
        "C" => 5,
        "D" => 3,
        _ => 2,
    }),
    ("one class", |dim| match dim {
        "N" => 3,
        "D" => 4,
        "C" => 1,
        _ => 2,
    }),
    ("no samples", |dim| match dim {
        "N" => 0,
        _ => 3,
    }),
    ("off the lanes", |dim| match dim {
        "N" => 5,
        "C" => 37,
        "D" => 35,
        _ => 3,
    }),
    ("many classes", |dim| match dim {
        "N" => 3,
        "C" => 139,
        "D" => 133,
        _ => 2,
    }),
    ("one sample", |dim| match dim {
        "N" => 1,
        "C" => 33,
        "D" => 2,
        _ => 1,
    }),
    ("more samples than lanes", |dim| match dim {
        "N" => 37,
        "C" => 4,
        "D" => 3,
        _ => 2,
    }),
];

fn agree(subject: &Subject) {
    agree_on(subject, &subject.loss);
    agree_on(subject, rescaled(&subject.loss));
}

/// The loss with every scalar at three quarters of its value, so that exponents are no integers.
fn rescaled(loss: &AnyLoss) -> AnyLoss {
    let settings = loss.spec().scalars().zip(loss.scalar_values());
    settings.fold(loss.clone(), |loss, (parameter, value)| {
        loss.with_scalar(parameter.name, 0.75 * value)
    })
}

fn agree_on(subject: &Subject, loss: impl Into<AnyLoss>) {
    let loss = &loss.into();
    for (seed, (case, sizes)) in (1..).zip(SIZES) {
        let is_refused = |dim: &&loss_dsl::DimSpec| !dim.batch && sizes(dim.name) == 0;
        if loss.spec().dims.iter().any(|dim| is_refused(&dim)) {
            continue;
        }
        let arrays = subject.sample(sizes, seed);
        let cotangent = subject.cotangent(&arrays, seed + 100);
        let interpreted =
            |gradient, single| subject.interpreted(gradient, loss, &arrays, &cotangent, single);
        let compiled = &subject.compiled;
        let literal = interpreted(&compiled.literal, false);
        let settings = (loss.scalar_values(), loss.flag_values());
        let context = |what: &str| format!("{} {settings:?}, {case}: {what}", loss.name());

        let simplified = &compiled.simplified;
        for (what, gradient) in [
            ("kernel", &simplified.kernel),
            ("shown", &simplified.formula),
        ] {
            let (error, array) = interpreted(gradient, false).error(&literal);
            assert!(
                error <= DOUBLE,
                "{} {array} off by {error:.1e}",
                context(what)
            );
        }

        for layout in [Layout::RowMajor, Layout::ColumnMajor, Layout::Gaps] {
            let relaid = arrays.relaid(layout);
            let found = generated::<f64>(loss, &relaid, &cotangent);
            let (error, array) = found.error(&literal);
            assert!(
                error <= DOUBLE,
                "{} {layout:?} {array} off by {error:.1e}",
                context("f64")
            );

            let expected = interpreted(&compiled.literal, true);
            let found = generated::<f32>(loss, &relaid, &cotangent);
            let (error, array) = found.error(&expected);
            assert!(
                error <= SINGLE,
                "{} {layout:?} {array} off by {error:.1e}",
                context("f32")
            );
        }
    }
}

loss_tests::for_each_built_in!(agree);
crate::written::for_each_written!(agree);

#[test]
fn margins() {
    // Beyond π / 2 the switch of the fall-back is at a positive cosine.
    let m = 2.0;
    let fall_back = ArcFace {
        m,
        ..ArcFace::default()
    };
    agree_on(&Subject::built_in("ArcFace"), &fall_back);
    let continuous = ArcFaceContinuous {
        m,
        ..ArcFaceContinuous::default()
    };
    agree_on(&Subject::built_in("ArcFaceContinuous"), &continuous);
    let blended = ASoftmax {
        lambda: 2.5,
        ..ASoftmax::default()
    };
    agree_on(&Subject::built_in("ASoftmax"), &blended);
    for continued in [false, true] {
        let combined = CombinedMargin {
            m1: 2.5,
            m3: 0.1,
            continued,
            ..CombinedMargin::default()
        };
        agree_on(&Subject::built_in("CombinedMargin"), &combined);
    }
}

#[test]
fn focal_exponents() {
    for gamma in [0.0, 0.5, 1.0] {
        let focal = Focal {
            gamma,
            ..Focal::default()
        };
        agree_on(&Subject::built_in("Focal"), &focal);
        let binary = BinaryFocal {
            gamma,
            ..BinaryFocal::default()
        };
        agree_on(&Subject::built_in("BinaryFocal"), &binary);
    }
}

#[test]
fn a_flag_takes_the_other_branch() {
    let block = elementwise::SOURCE.parse().expect("tokens");
    let subject = Subject::in_block(block, AnyLoss::of::<elementwise::Elementwise>());
    let loss = elementwise::Elementwise {
        hard: true,
        ..elementwise::Elementwise::default()
    };
    agree_on(&subject, &loss);
}
