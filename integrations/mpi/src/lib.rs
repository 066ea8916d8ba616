//! Losses of [`loss_dsl`] with an axis spread over processes, over MPI.
//!
//! [`Mpi`] starts MPI, and its [`World`] is the communicator that
//! [`ShardedLoss::sharded`](loss_dsl::sharding::ShardedLoss::sharded) takes. Any loss whose axis may be sharded works, the library's and
//! your own; nothing here knows one. A million classes, spread over as many ranks as there are:
//!
//! ```no_run
//! use loss_dsl::losses::ArcFace;
//! use loss_dsl::sharding::{ShardedLoss, Shards};
//! use loss_dsl::{Inputs, Loss};
//! use loss_mpi::Mpi;
//! use ndarray::{Array1, Array2};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let mpi = Mpi::new()?;
//!     let world = mpi.world();
//!     let classes = Shards::even(1_000_000, world.size()).range(world.rank());
//!     let loss = ArcFace::default().sharded("C", world.clone())?;
//!
//!     // The same features [N, D] and labels [N] on every rank, and the own part of the centres [C, D].
//!     let features = Array2::<f32>::from_shape_fn((64, 128), |(n, d)| ((n * d) as f32).sin());
//!     let labels = Array1::from_shape_fn(64, |n| n * 15_000);
//!     let centres = Array2::from_shape_fn((classes.len(), 128), |(c, d)| {
//!         ((classes.start + c + d) as f32).cos()
//!     });
//!     let (value, gradients) = loss.differentiate(&Inputs::from((&features, &centres, &labels)))?;
//!     assert_eq!(gradients["w"].dim(), centres.into_dyn().dim());
//!     if world.rank() == 0 {
//!         println!("{value}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! ```sh
//! cargo build --release
//! mpirun -n 2 --bind-to none target/release/program
//! ```
//!
//! Without `mpirun` such a program is a world of one rank.
//!
//! # When a rank fails
//!
//! An error that a sharded loss finds on one rank is the same error on all, so that all can go on or end alike. Whatever else
//! ends a rank ends the job, with a message by `mpirun` and an exit status other than 0:
//!
//! | what happens on a rank | what ends the job |
//! | --- | --- |
//! | it panics | [`Mpi`] is dropped while unwinding, and aborts instead of waiting for the others |
//! | it is killed, aborts, or exits without having dropped [`Mpi`] | `mpirun`, which watches its processes |
//! | the network fails, or a message is longer than its receiver expects | MPI, whose default is that errors are fatal |
//! | it drops [`Mpi`] early, say by returning an error of its own from `main` | nothing: it waits in `MPI_Finalize` for the others, and they for it |
//!
//! So an error that other ranks do not have, a file that is missing on one machine, is to be ended by [`Mpi::abort`].

#![forbid(unsafe_code)]

mod cut;
mod world;

pub use world::{InitError, Mpi, World};

/// The code of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
