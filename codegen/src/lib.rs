//! The compiler behind `loss!`.
#![forbid(unsafe_code)]
