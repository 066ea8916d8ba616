//! The `loss!` macro: a thin shim around `loss-codegen`.
