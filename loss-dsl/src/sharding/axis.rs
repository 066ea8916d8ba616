//! What a sharded loss knows of its axis.

use super::Ranks;

/// An axis whose positions are spread over ranks.
#[derive(Clone, Debug)]
pub struct Axis {
    pub(crate) dim: usize,
    /// How many positions all ranks should have together.
    pub(crate) total: Option<usize>,
    pub(crate) ranks: Ranks,
}
