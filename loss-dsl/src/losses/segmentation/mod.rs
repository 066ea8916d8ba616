//! Segmentation: how far a predicted region and the true one overlap.
//!
//! Shapes are `[N, C, H, W]`: images, classes, pixels. Of volumes `[N, C, D, H, W]` give `[N, C, D·H, W]`: nothing depends on which
//! pixels are neighbours.

mod dice;
mod multi_class;
mod tversky;

pub use dice::*;
pub use multi_class::*;
pub use tversky::*;
