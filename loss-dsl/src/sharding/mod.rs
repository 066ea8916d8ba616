//! An axis in parts, each with a process of its own: class-sharded heads.
//!
//! A head of a hundred million classes does not fit one machine, but a part of its classes does. Which axis is spread is said where the loss is
//! called, not where it is defined, and each rank passes the part of the arrays that it has:
//!
//! ```
//! # #[cfg(all(feature = "sharding", feature = "margin"))]
//! # {
//! use loss_dsl::losses::CosFace;
//! use loss_dsl::sharding::{ShardedLoss, threads};
//! use loss_dsl::{Inputs, Loss};
//! use ndarray::{Array2, array, s};
//!
//! let x = array![[0.5f32, -1.0], [2.0, 0.3], [-0.2, 0.7]];
//! let w = Array2::from_shape_fn((5, 2), |(c, d)| (c as f32 - 2.0) * 0.3 + d as f32);
//! let y = array![4usize, 0, 2];
//!
//! let alone = CosFace::default().evaluate(&Inputs::from((&x, &w, &y)))?;
//! // Ranks as threads; over a network, the communicator is another one.
//! let together = threads(2, |communicator| {
//!     let part = match communicator.rank() {
//!         0 => w.slice(s![..3, ..]),
//!         _ => w.slice(s![3.., ..]),
//!     };
//!     let loss = CosFace::default().sharded("C", communicator)?;
//!     let (value, gradients) = loss.differentiate(&Inputs::from((&x, &part, &y)))?;
//!     assert_eq!(gradients["w"].shape(), part.shape());
//!     Ok::<_, loss_dsl::Error>(value)
//! });
//! for value in together {
//!     assert!((value?.total() - alone.total()).abs() < 1e-5);
//! }
//! # }
//! # Ok::<_, loss_dsl::Error>(())
//! ```
//!
//! A sharded loss is a [`Loss`](crate::Loss): it takes the same options and inputs, has gradients, a step, and works wherever losses do. Arrays with the axis
//! are parts, and so are their gradients; all others, labels and learned scalars among them, are the same on every rank, and so are
//! their gradients. Labels are positions on the whole axis: rank 0 has the first ones, and so on. A part may be empty.
//!
//! What is exchanged is what the mathematics needs: totals over the axis, joined after each pass over it, and what a label picks,
//! which its owner contributes. See the guide's page on scaling for how much that is.
//!
//! Losses have the kernels for this with the feature `sharding`.

mod axis;
mod communicator;
#[cfg(feature = "sharding")]
mod sampling;
#[cfg(feature = "sharding")]
mod sharded;
mod threads;

pub use axis::Axis;
pub use communicator::{Alone, Communicator, Ranks, Traffic};
#[cfg(feature = "sharding")]
pub use sampling::{Sample, Shards};
#[cfg(feature = "sharding")]
pub use sharded::{Sharded, ShardedLoss};
pub use threads::threads;
