//! Elementwise functions, one a file: `f32` and `f64` versions that take the instruction set.

pub mod erf;
pub mod exp;
pub mod expm1;
pub mod ln;
pub mod log1mexp;
pub mod log1p;
pub mod powf;
pub mod powi;
pub mod sigmoid;
pub mod softplus;
pub mod tanh;
