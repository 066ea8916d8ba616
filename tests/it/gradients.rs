//! Every element of every gradient against finite differences of the generated value, in f64.
//!
//! The differences see neither derivation nor simplifier nor kernel of the gradient: only the value.

use loss_dsl::{Loss, Reduction, check_gradients};

use crate::support::subject::Subject;

/// Allowed error, relative to the largest slope of the parameter. Extrapolated differences are good to about 1e-10 of the
/// values' size.
const BOUND: f64 = 1e-7;

fn correct<L: Loss + Default>(subject: &Subject) {
    for seed in 1..=3 {
        let extent = |dim: &str| match dim {
            "N" => 3,
            "C" => 4,
            "D" => 3,
            _ => 2,
        };
        let arrays = subject.sample(extent, seed);
        for reduction in [Reduction::Mean, Reduction::None] {
            let loss = L::default().with_reduction(reduction);
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
            if L::NAME == "Modulated" {
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

crate::support::library::for_each_built_in!(correct);
crate::support::written::for_each_written!(correct);
