//! What the grammar accepts comes back from the printer; what it refuses is refused once, there.
use super::*;
