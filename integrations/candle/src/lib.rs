//! Losses of [`loss_dsl`] on [`candle_core`]'s tensors.
//!
//! Every loss that `loss!` generates, the library's and your own, has the methods of [`CandleLoss`]: [`apply`](CandleLoss::apply) takes
//! tensors in the order of the declaration and returns a tensor that candle's `backward` goes through.
//!
//! ```
//! use candle_core::{Device, Tensor, Var};
//! use loss_candle::CandleLoss;
//! use loss_dsl::losses::SoftmaxCrossEntropy;
//!
//! let z = Var::new(&[[1f32, 2.0, 3.0], [0.5, 0.0, -0.5]], &Device::Cpu)?;
//! let y = Tensor::new(&[2u32, 0], &Device::Cpu)?;
//! let loss = SoftmaxCrossEntropy::default().apply(&[&z, &y])?;
//! let gradients = loss.backward()?;
//! assert_eq!(gradients.get(&z).unwrap().dims(), [2, 3]);
//! # candle_core::Result::Ok(())
//! ```
//!
//! # What candle's types become
//!
//! | in the loss | in candle |
//! | --- | --- |
//! | tensor | `F32`, `F64`, `F16` or `BF16`; of one call `F32` and the 16-bit types may be mixed, and all of it is computed in `f32`; `F64` is mixed with none of them |
//! | label | `U8`, `U32`, `I16`, `I32` or `I64` |
//! | mask | any of these; what is not 0 is true |
//! | learned scalar | a tensor of one real number of any type, given to [`Call::learned`]; or the field of the loss |
//!
//! Tensors may be transposed, sliced or broadcast: nothing is copied unless it is broadcast. The value is `F64` if the tensors are, and
//! `F32` otherwise; it is a scalar, or with [`Reduction::None`](loss_dsl::Reduction::None) it has the shape of the batch.
//!
//! # How it works
//!
//! With a total and an input that candle tracks, value and gradients are computed in the same pass, as the kernels do it best, and the
//! gradients wait in the graph. Each tracked input is attached by an operation of its own, which gives it upstream · ∂L/∂input. Per-sample values
//! keep their inputs instead, and the kernel runs with the upstream gradient. Without a tracked input the value alone is
//! computed.
//!
//! # Errors
//!
//! Whatever [`loss_dsl::Error`] says of shapes, labels and settings, with the name of the loss; a tensor that is not on the CPU; a type that has
//! no meaning for the parameter. Nothing panics. (With `RUST_BACKTRACE` set, candle adds a backtrace to every error.)

mod call;
mod input;
mod node;

pub use call::{Call, CandleLoss};

/// The code of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
