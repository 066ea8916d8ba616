//! The interpreter is the oracle: no kernel is tested against itself.
//!
//! For every built-in loss and every loss of `support::written`, three computations of values, gradients and auxiliary
//! outputs must agree: the interpreter on the literal derivation, the interpreter on the simplified one, and the
//! generated kernels, in f64 and in f32, for shapes around the lane count and for arrays with gaps.

use loss_dsl::Loss;

use crate::support::arrays::Layout;
use crate::support::outcome::generated;
use crate::support::subject::Subject;

/// Allowed error in f64, relative to the largest element of the array.
const DOUBLE: f64 = 1e-12;

/// The same in f32. Heads multiply cosines, whose rounding is 6e-8, by a scale of 64.
const SINGLE: f64 = 2e-5;

/// Extents by dimension.
type Sizes = fn(&str) -> usize;

/// The shapes: small, one of everything, no samples, off the lanes, more than two blocks of lanes, one sample.
const SIZES: [(&str, Sizes); 6] = [
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
        "C" => 71,
        "D" => 67,
        _ => 2,
    }),
    ("one sample", |dim| match dim {
        "N" => 1,
        "C" => 33,
        "D" => 2,
        _ => 1,
    }),
];

fn agree<L: Loss + Default>(subject: &Subject) {
    let loss = L::default();
    for (seed, (case, sizes)) in (1..).zip(SIZES) {
        let is_refused = |dim: &&loss_dsl::DimSpec| !dim.batch && sizes(dim.name) == 0;
        if L::spec().dims.iter().any(|dim| is_refused(&dim)) {
            continue;
        }
        let arrays = subject.sample(sizes, seed);
        let cotangent = subject.cotangent(&arrays, seed + 100);
        let interpreted =
            |gradient, single| subject.interpreted(gradient, &loss, &arrays, &cotangent, single);
        let compiled = &subject.compiled;
        let literal = interpreted(&compiled.literal, false);
        let context = |what: &str| format!("{}, {case}: {what}", L::NAME);

        let simplified = interpreted(&compiled.simplified.kernel, false);
        let (error, array) = simplified.error(&literal);
        assert!(
            error <= DOUBLE,
            "{} {array} off by {error:.1e}",
            context("simplified")
        );

        for layout in [Layout::RowMajor, Layout::ColumnMajor, Layout::Gaps] {
            let relaid = arrays.relaid(layout);
            let found = generated::<L, f64>(&loss, &relaid, &cotangent);
            let (error, array) = found.error(&literal);
            assert!(
                error <= DOUBLE,
                "{} {layout:?} {array} off by {error:.1e}",
                context("f64")
            );

            let expected = interpreted(&compiled.literal, true);
            let found = generated::<L, f32>(&loss, &relaid, &cotangent);
            let (error, array) = found.error(&expected);
            assert!(
                error <= SINGLE,
                "{} {layout:?} {array} off by {error:.1e}",
                context("f32")
            );
        }
    }
}

crate::support::library::for_each_built_in!(agree);
crate::support::written::for_each_written!(agree);
