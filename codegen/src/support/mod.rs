//! What every stage may use and knows nothing of losses.

pub mod rational;
