#![doc = include_str!("../../README.md")]
//!
//! # The interface
//!
//! A generated loss is a struct of run-time scalars and [`Options`] with typed methods: `forward`,
//! `value_and_grad`, `value_and_grad_into`, `forward_saved` and `backward`. All of them are thin over
//! the trait [`Loss`], whose methods take inputs of any rank as [`Inputs`]: one engine checks shapes
//! and labels against the loss's [`Spec`], lays arrays out for the kernels, and reduces.
//!
//! Shared by all losses, and never written in a definition: reductions and normalisers ([`Options`]),
//! ignored labels, sample weights, trailing axes ([N, C, H, W] where [N, C] is declared), labels of any
//! integer type, arrays of any memory order, gradients by an upstream cotangent ([`Upstream`]), and a
//! checker of gradients ([`check_gradients`]).
#![deny(unsafe_code)]

extern crate self as loss_dsl;

/// The code of the guide is compiled and run.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../guide/src/first-loss.md")]
    mod first_loss {}
    #[doc = include_str!("../guide/src/language.md")]
    mod language {}
    #[doc = include_str!("../guide/src/looking.md")]
    mod looking {}
    #[doc = include_str!("../guide/src/numerics.md")]
    mod numerics {}
    #[doc = include_str!("../guide/src/performance.md")]
    mod performance {}
    #[doc = include_str!("../guide/src/pytorch.md")]
    mod pytorch {}
    #[cfg(feature = "sharding")]
    #[doc = include_str!("../guide/src/scaling.md")]
    mod scaling {}
}

#[cfg(feature = "audit")]
pub mod audit;
mod derivation;
mod engine;
mod error;
mod gradcheck;
pub mod graph;
mod input;
mod label;
mod loss;
pub mod losses;
mod options;
mod plan;
#[doc(hidden)]
pub mod rt;
mod saved;
pub mod sharding;
mod spec;
mod value;

#[doc(hidden)]
pub use rt as __rt;

pub use derivation::{Derivation, Formula, GradientFormula, Hazard, Search};
pub use error::Error;
pub use gradcheck::{GradientEntry, GradientReport, Slope, check_gradients, slope};
/// The types of 16 bits that arrays may have.
pub use half;
pub use input::{Element, HalfElement, Input, Inputs, IntoInput};
pub use label::{Label, Labels, MaskElement};
pub use loss::{Loss, Source};
pub use loss_macros::loss;
pub use options::{Normalizer, Options, Reduction};
pub use plan::{KernelPlan, OperationCount, Plan, PlanArray, PlanStep};
pub use rt::{Float, Tensor, TensorMut};
pub use saved::Saved;
pub use spec::{AuxiliarySpec, DimSpec, Domain, ParameterKind, ParameterSpec, Spec};
pub use value::{GradientTarget, GradientTargets, Gradients, Upstream, Value};
