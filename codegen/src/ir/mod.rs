//! The centre of the compiler: expressions over named axes as a hash-consed graph.
//!
//! Everything below imports this module; it imports only `support`. The graph is
//! *printable* ([`Graph::show`]), *evaluable* ([`eval`]) and kept in a normal form by
//! its constructors ([`build`]): like terms are collected, invariant factors leave
//! sums, one-hots inside sums become gathers, and what a numerical analyst would
//! recognise (a log-sum-exp, a softmax, a unit vector, an angle) is recognised as it is built,
//! which is before differentiation, so that each has its closed-form adjoint.

mod axis;
pub mod build;
pub mod eval;
mod graph;
mod hazard;
pub(crate) mod interval;
mod loss;
mod node;
mod op;
mod range;
mod recognition;
mod show;
mod substitute;
pub(crate) mod ties;

pub use axis::{Axis, AxisId, AxisSet, DimId, MAX_AXES};
pub use graph::Graph;
pub use hazard::{Annotations, HazardKind, Site};
pub use interval::Range;
pub use loss::{Auxiliary, Gradient, Loss, Param, Role, Simplified};
pub use node::{Index, Kind, Node, NodeId, ParamId, Softmax};
pub use op::{BinaryOp, CompareOp, Reducer, SoftmaxForm, UnaryOp};
pub use recognition::Recognition;

#[cfg(test)]
pub(crate) mod tests;
