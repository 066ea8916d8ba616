//! Losses declared as mathematics.
#![deny(unsafe_code)]

extern crate self as loss_dsl;

mod derivation;
mod engine;
mod error;
mod gradcheck;
mod input;
mod label;
mod loss;
pub mod losses;
mod options;
#[doc(hidden)]
pub mod rt;
mod saved;
mod spec;
mod value;

#[doc(hidden)]
pub use rt as __rt;

pub use derivation::{Derivation, Formula};
pub use error::Error;
pub use gradcheck::{GradientEntry, GradientReport, check_gradients};
pub use input::{Element, Input, Inputs, IntoInput};
pub use label::{Label, Labels, MaskElement};
pub use loss::Loss;
pub use loss_macros::loss;
pub use options::{Normalizer, Options, Reduction};
pub use rt::{Float, Tensor, TensorMut};
pub use saved::Saved;
pub use spec::{AuxiliarySpec, DimSpec, Domain, ParameterKind, ParameterSpec, Spec};
pub use value::{GradientTargets, Gradients, Upstream, Value};
