//! Run-time support of generated kernels: the only names that generated code uses, reachable as
//! `loss_dsl::__rt::…`.
//!
//! Typed methods of a generated loss call [`gradient_like`], [`auxiliary`], the builders of
//! [`Inputs`](crate::Inputs) and [`GradientTargets`](crate::GradientTargets), and the provided
//! methods of [`Loss`](crate::Loss). Its kernels see a [`Call`] with [`Tensor`]s, write
//! [`TensorMut`]s, and do their work in [`for_rows`], [`contract`] and [`scatter_add`].

mod call;
pub mod contract;
mod disjoint;
pub mod float;
pub mod isa;
pub mod math;
pub mod reduce;
pub mod rows;
pub mod scatter;
mod tensor;

pub use call::{Call, auxiliary};
pub use contract::contract;
pub use disjoint::RowLayout;
pub use float::Float;
pub use isa::{Isa, Kernel, LANES, dispatch};
pub use ndarray::{Array, ArrayD, ArrayRef, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};
pub use reduce::{maximum, minimum, total, total_f64};
pub use rows::{BlockTarget, RowKernel, Target, for_rows};
pub use scatter::scatter_add;
pub use tensor::{Layout, Split, Tensor, TensorMut, gradient_like};
