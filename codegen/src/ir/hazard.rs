//! The ways in which a result can go wrong although every input is as declared, and what the source says about them.

use super::NodeId;
use crate::support::SourceRange;

/// A kind of numerical hazard, by the name under which the author of a loss acknowledges it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HazardKind {
    /// A logarithm of what may be 0 or negative.
    LogOfZero,
    /// A quotient by what may be 0.
    DivisionByZero,
    /// A function outside of where it is defined: NaN.
    OutsideDomain,
    /// A finite value whose slope is infinite.
    InfiniteSlope,
    /// An intermediate result beyond the largest float, while the result is finite.
    Overflow,
    /// A small difference of large numbers.
    Cancellation,
}

impl HazardKind {
    /// All of them, in the order in which they are listed.
    pub const ALL: [HazardKind; 6] = [
        HazardKind::LogOfZero,
        HazardKind::DivisionByZero,
        HazardKind::OutsideDomain,
        HazardKind::InfiniteSlope,
        HazardKind::Overflow,
        HazardKind::Cancellation,
    ];

    /// The name in `#[acknowledge(…)]`, in derivations and in warnings.
    pub fn name(self) -> &'static str {
        match self {
            HazardKind::LogOfZero => "log_of_zero",
            HazardKind::DivisionByZero => "division_by_zero",
            HazardKind::OutsideDomain => "outside_domain",
            HazardKind::InfiniteSlope => "infinite_slope",
            HazardKind::Overflow => "overflow",
            HazardKind::Cancellation => "cancellation",
        }
    }

    /// The kind of that name.
    pub fn of_name(name: &str) -> Option<HazardKind> {
        let all = HazardKind::ALL.into_iter();
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// Where the source has an operator that is not good at every argument.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name in the language; `/` is one.
    pub operator: &'static str,
    /// The argument that decides whether it is good.
    pub argument: NodeId,
    /// What to point at.
    pub range: SourceRange,
}

/// What the source says of a definition beside its mathematics.
#[derive(Clone, Debug, Default)]
pub struct Annotations {
    /// Delicate operators in order of evaluation. Their nodes are those of the graph that the definition was checked into, so
    /// a simplified loss has none.
    pub sites: Vec<Site>,
    /// The hazards that the author knows of: `#[acknowledge(…)]`.
    pub acknowledged: Vec<(HazardKind, SourceRange)>,
}
