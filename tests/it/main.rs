//! One test binary for all promises.

// Losses are declared in here: generated code needs no unsafe.
#![forbid(unsafe_code)]

mod audit;
mod boundaries;
mod caffe;
mod classification;
mod commonly_wrong;
mod determinism;
mod diagnostics;
mod extremes;
mod goldens;
mod gradients;
mod halves;
mod heads;
mod identities;
mod lanes;
mod margins;
mod naive;
mod never_nan;
mod oracle;
mod pieces;
mod plans;
mod scaling;
mod sharded;
mod snapshots;
mod spellings;
mod support;
mod tidy;
mod tiles;
mod written;
