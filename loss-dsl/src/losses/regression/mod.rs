//! Regression: a prediction against a target, one value per element.
//!
//! Everything here over `[N]` takes arrays of any number of axes, and its mean is over all elements, as in `torch.nn`.

mod distance;
mod divergence;
mod embedding;
mod hinge;
mod likelihood;
mod quantile;
mod robust;

pub use distance::*;
pub use divergence::*;
pub use embedding::*;
pub use hinge::*;
pub use likelihood::*;
pub use quantile::*;
pub use robust::*;
