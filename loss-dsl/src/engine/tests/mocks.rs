//! Losses written by hand: the generated ones without compiler, macro and speed.

mod cross_entropy;
mod grid;
mod overlap;
mod repulsion;

pub(super) use cross_entropy::CrossEntropy;
pub(super) use grid::Grid;
pub(super) use overlap::Overlap;
pub(super) use repulsion::Repulsion;

use crate::{Derivation, Formula, Search};

const NONE: Formula = Formula {
    text: "",
    latex: "",
};

/// The mocks derive nothing.
static NO_DERIVATION: Derivation = Derivation {
    name: "mock",
    definition: "",
    value: NONE,
    gradients: &[],
    shared: &[],
    conventions: &[],
    hazards: &[],
    search: Search {
        e_nodes: 0,
        saturated: true,
    },
    plan: crate::Plan { kernels: &[] },
};

/// What every mock but its kernels has in common: no scalars, no flags.
macro_rules! without_scalars {
    () => {
        fn derivation() -> &'static crate::Derivation {
            &super::NO_DERIVATION
        }
        fn scalar_values(&self) -> Vec<f64> {
            Vec::new()
        }
        fn flag_values(&self) -> Vec<bool> {
            Vec::new()
        }
        fn set_scalar(&mut self, _: &str, _: f64) -> bool {
            false
        }
        fn set_flag(&mut self, _: &str, _: bool) -> bool {
            false
        }
        fn options(&self) -> &crate::Options {
            &self.options
        }
        fn options_mut(&mut self) -> &mut crate::Options {
            &mut self.options
        }
    };
}
use without_scalars;
