//! Run-time support of generated kernels: the only names that generated code uses.

pub mod contract;
mod disjoint;
pub mod float;
pub mod isa;
pub mod math;
pub mod reduce;
pub mod rows;
pub mod scatter;

pub use contract::contract;
pub use disjoint::RowLayout;
pub use float::Float;
pub use isa::{Isa, Kernel, LANES, dispatch};
pub use reduce::{maximum, minimum, total, total_f64};
pub use rows::{BlockTarget, RowKernel, Target, for_rows};
pub use scatter::scatter_add;
