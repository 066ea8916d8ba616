//! Losses declared as mathematics.
#![deny(unsafe_code)]
