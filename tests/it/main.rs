//! One test binary for all promises.

mod support;

mod caffe;
mod determinism;
mod diagnostics;
mod extremes;
mod goldens;
mod gradients;
mod never_nan;
mod oracle;
mod snapshots;
mod spellings;
mod tidy;
mod ui;
