//! Losses of [`loss_dsl`] on [`burn`]'s tensors.
//!
//! Every loss that `loss!` generates, the library's and your own, has the methods of [`BurnLoss`]: [`apply`](BurnLoss::apply) takes
//! tensors in the order of the declaration and returns a tensor that burn's `backward` goes through.
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use loss_burn::BurnLoss;
//! use loss_dsl::losses::SoftmaxCrossEntropy;
//!
//! let device = Device::flex().autodiff();
//! let z = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [0.5, 0.0, -0.5]], &device).require_grad();
//! let y = Tensor::<1, Int>::from_data([2, 0], &device);
//! let loss = SoftmaxCrossEntropy::default().apply((&z, &y))?;
//! let gradients = loss.backward();
//! assert_eq!(z.grad(&gradients).unwrap().dims(), [2, 3]);
//! # Ok::<(), loss_burn::Error>(())
//! ```
//!
//! # What burn's types become
//!
//! | in the loss | in burn |
//! | --- | --- |
//! | tensor | a float tensor of `F32`, `F64`, `F16` or `BF16`; of one call `F32` and the 16-bit types may be mixed, and all of it is computed in `f32` |
//! | label | an int tensor |
//! | mask | a bool tensor; or any other, where what is not 0 is true |
//! | learned scalar | a tensor of one element given to [`Call::learned`], or the field of the loss |
//!
//! Tensors may be transposed or sliced: nothing is copied unless it is broadcast or flipped. The value is `F64` if the tensors are, and
//! `F32` otherwise; it has one element, or with [`Reduction::None`](loss_dsl::Reduction::None) the shape of the batch
//! ([`apply_each`](BurnLoss::apply_each)).
//!
//! The backend is `flex`, burn's own for the CPU. With any gradient-checkpointing strategy, value and gradients are computed once: see
//! [`loss_dsl::graph`].
//!
//! # Errors
//!
//! [`Error`]: what [`loss_dsl::Error`] says of shapes, labels and settings; tensors of another backend; types that have no meaning for a
//! parameter. Nothing panics.

mod array;
mod call;
mod error;
mod node;

pub use array::{Array, IntoArrays};
pub use call::{BurnLoss, Call};
pub use error::Error;

/// The code of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
