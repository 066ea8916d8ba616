//! Run-time support of generated kernels: the only names that generated code uses.
//!
//! A generated pass is a [`RowKernel`]: a struct of borrowed inputs whose `run` computes a range of
//! rows. [`for_rows`] cuts the rows into blocks, runs blocks in parallel and picks the instruction
//! set. Loops over a long axis compute the elements of a [`STRIP`] and write them to slices, which LLVM
//! vectorises; totals of the strip are then taken by [`add`] and [`Float::largest`]. This is the shape to emit
//! (each loop as a function of a part of the axis, so that [`in_pieces`] can share long ones among threads):
//!
//! ```
//! # use loss_dsl::rt::*;
//! # use std::ops::Range;
#![doc = include_str!("rows/softmax_cross_entropy.rs")]
//!
//! let (z, y, cotangent) = ([1.0f32, 2.0, 0.5, 0.0, -1.0, 3.0], [1, 0], [0.5; 2]);
//! let kernel = SoftmaxCrossEntropy { z: &z, y: &y, cotangent: &cotangent, classes: 3 };
//! let (mut losses, mut gradient) = ([0.0; 2], [0.0; 6]);
//! let targets = [Target::rows(&mut losses, 1), Target::rows(&mut gradient, 3)];
//! for_rows(&kernel, 2, 3, targets);
//! assert!((losses[0] - 0.464_37).abs() < 1e-5);
//! assert!((gradient[0] - 0.115_60).abs() < 1e-4);
//! ```
//!
//! For short rows, and for rows of one value, each lane holds a row of its own: [`groups`] hands out rows, what a loop
//! over the lanes reads comes from [`Tensor::row_lanes`] or, for all positions of a row at once, from [`Tensor::rows_to_lanes`], and goes to
//! [`BlockTarget::put`] or [`BlockTarget::put_block`]; totals over the row are plain lane arrays. (Softmax
//! cross-entropy with its gradient, `f32`, AVX2, one thread: 65536×10 in 1.3 ms; from about 130 classes on, along is as
//! fast.)
//!
//! Everything a kernel calls in its loops is `#[inline(always)]`. The elementwise functions of
//! [`Float`] take the instruction set after `self`: `x.exp(isa)`, `x.max(isa, y)`.
//!
//! Typed methods of a generated loss call [`gradient_like`], [`auxiliary`], the builders of
//! [`Inputs`](crate::Inputs) and [`GradientTargets`](crate::GradientTargets), and the provided
//! methods of [`Loss`](crate::Loss). Its kernels receive a [`Call`] with [`Tensor`]s and write
//! [`TensorMut`]s.

pub mod call;
pub mod contract;
mod disjoint;
pub mod float;
pub mod isa;
mod join;
mod lanes;
mod layout;
mod losses;
pub mod math;
mod operand;
mod pieces;
mod ranks;
pub mod reduce;
pub mod rows;
pub mod scatter;
mod select;
mod staged;
mod staging;
mod stored;
pub mod target;
mod tensor;
mod tiles;
mod totals;
mod turn;

pub use call::{Call, auxiliary};
pub use contract::contract;
pub use disjoint::RowLayout;
pub use float::Float;
pub use isa::{Isa, Kernel, LANES, dispatch};
pub use join::Join;
pub(crate) use join::on_worker;
pub use lanes::{
    AlongRows, common_run, fits_lanes, fold_max_rows, fold_sum_rows, groups, narrow_lanes,
    row_lanes, row_positions,
};
pub use layout::{Layout, Split};
pub use losses::{Losses, Whole};
pub use math::ln_cosh::ln_cosh;
pub use math::softplus_over_sigmoid::softplus_over_sigmoid;
pub use ndarray::{Array, ArrayD, ArrayRef, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};
pub use operand::Operand;
pub use pieces::{Places, in_pieces};
pub use ranks::{Part, Shard, join, rescale};
pub use reduce::{maximum, padded, total, total_f64};
pub use rows::{RowKernel, for_rows};
pub use scatter::{scatter_add, scatter_add_tile};
pub use select::select;
pub use staged::{Staged, park, permuted, unpark};
pub use stored::{Half, Stored, StoredMut, Wide};
pub use target::{BlockTarget, Target};
pub use tensor::{Tensor, TensorMut, gradient_like};
pub use tiles::{Tile, Tiles, halves, rescaled};
pub use totals::{Largest, STRIP, Sums, add, fold_max, fold_sum};
pub use turn::rows_to_lanes;
