//! Tests of the workspace live in `it/`.
