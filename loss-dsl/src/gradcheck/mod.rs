//! Gradients against central differences.
pub use report::{GradientEntry, GradientReport};
mod report;
mod slope;

use crate::error::Error;
use crate::input::Inputs;
use crate::loss::Loss;

/// Placeholder.
///
/// # Errors
/// As evaluate.
pub fn check_gradients<'a, L: Loss>(
    loss: &L,
    inputs: impl Into<Inputs<'a, f64>>,
) -> Result<GradientReport, Error> {
    let inputs = inputs.into();
    let (value, _) = loss.differentiate(&inputs)?;
    let _ = value;
    Ok(GradientReport::default())
}
