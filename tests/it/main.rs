//! One test binary for all promises.

mod diagnostics;
mod ui;
