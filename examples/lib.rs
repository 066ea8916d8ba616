//! What the examples share: digits to learn, a small network, an optimiser and a report.
//!
//! None of it knows a loss. A loss enters through [`training::Slope`], its value and its gradients at one batch, so that the
//! examples train with whatever [`loss_dsl`] derived.

pub mod data;
pub mod network;
pub mod optimiser;
pub mod random;
pub mod report;
pub mod training;
