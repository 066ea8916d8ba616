//! Losses declared as mathematics.
#![deny(unsafe_code)]

#[doc(hidden)]
pub mod rt;
#[doc(hidden)]
pub use rt as __rt;
