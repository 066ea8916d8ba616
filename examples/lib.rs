//! What the examples share: digits to learn, a small network, an optimiser, and what is measured and drawn of the result.
//!
//! None of it knows a loss. A loss enters through [`training::Slope`], its value and its gradients at one batch, so that the
//! examples train with whatever [`loss_dsl`] derived.

pub mod angles;
pub mod canvas;
pub mod data;
pub mod network;
pub mod open_set;
pub mod optimiser;
pub mod panels;
pub mod patches;
pub mod progress;
pub mod random;
pub mod report;
pub mod timing;
pub mod training;
