//! What rules may ask to be proven of a class.
//!
//! An identity holds on a domain: `√(a + r²) − r = a/(√(a + r²) + r)` for r > 0. A rule lists such
//! [`Condition`]s in its row and fires only where each [`Property`] *holds*: where it follows from what is known of
//! the class (`analysis::Known`), which comes from declared ranges, from intervals and from the axes that are free.
//! "Not known to be false" is no proof.
//!
//! Here are only conditions of soundness. That a form is shorter, or does not cancel, is why a rule is wanted; a rule that
//! looks for it says so in its `why`. The tests can *lift* a property, which is then taken as proven without a look: the rule
//! has to become wrong, or the condition was not needed.

use std::fmt;

use egg::Id;

use super::analysis::Egraph;
use crate::ir::{AxisSet, Range};
use crate::support::rational::Rational;

/// Something that can be proven of a class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Property {
    /// All values are > 0.
    Positive,
    /// No value is 0.
    NonZero,
    /// No value is infinite.
    Finite,
    /// Finite, and no larger than a polynomial in the inputs: no pole and no exponential, which in floats is infinite early.
    Tame,
    /// It does not depend on some axes, so that it may leave a reduction over them.
    Lacks,
    /// It does not depend on some axes, so that it may enter a reduction over them.
    NotCaptured,
    /// It is a constant in [0, π].
    InUpperHalfTurn,
}

/// A property that a rule asks of what its left side calls `of`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Condition {
    /// The name in the formula of the left side.
    pub of: &'static str,
    /// What has to be proven of it.
    pub property: Property,
}

impl Condition {
    pub(crate) const fn new(of: &'static str, property: Property) -> Condition {
        Condition { of, property }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of;
        match self.property {
            Property::Positive => write!(f, "{of} > 0"),
            Property::NonZero => write!(f, "{of} ≠ 0"),
            Property::Finite => write!(f, "{of} is finite"),
            Property::Tame => write!(f, "{of} is finite and grows like a polynomial at most"),
            Property::Lacks | Property::NotCaptured => write!(f, "{of}"),
            Property::InUpperHalfTurn => write!(f, "{of} is a constant in [0, π]"),
        }
    }
}

impl Property {
    /// Whether it is proven of every value in an interval.
    fn of_range(self, range: Range) -> bool {
        match self {
            Property::Positive => range.is_positive(),
            Property::NonZero => range.excludes_zero(),
            Property::Finite => range.is_finite(),
            Property::Tame
            | Property::Lacks
            | Property::NotCaptured
            | Property::InUpperHalfTurn => false,
        }
    }

    /// Whether it is proven of a class.
    pub(crate) fn holds(self, egraph: &Egraph, id: Id) -> bool {
        let known = &egraph[id].data;
        self.decide(
            egraph,
            self.of_range(known.range) || (self == Property::Tame && known.tame),
        )
    }

    /// Whether it is proven of a number.
    pub(crate) fn holds_of(self, egraph: &Egraph, value: Rational) -> bool {
        self.decide(egraph, self.of_range(Range::of(value)))
    }

    /// The decision on a proof: what has been lifted is taken as proven.
    fn decide(self, egraph: &Egraph, proven: bool) -> bool {
        #[cfg(test)]
        egraph.analysis.asked.borrow_mut().insert(self);
        #[cfg(test)]
        let proven = proven || egraph.analysis.lifted == Some(self);
        #[cfg(not(test))]
        let _ = egraph;
        proven
    }
}

/// Whether a class is proven not to depend on axes that it is to be freed of.
pub(crate) fn lacks(egraph: &Egraph, id: Id, axes: AxisSet) -> bool {
    Property::Lacks.decide(egraph, egraph[id].data.free.is_disjoint(axes))
}

/// Whether a class is proven not to depend on axes that are bound where it is to go.
pub(crate) fn is_not_captured(egraph: &Egraph, id: Id, axes: AxisSet) -> bool {
    Property::NotCaptured.decide(egraph, egraph[id].data.free.is_disjoint(axes))
}

/// Whether a constant is proven to lie in [0, π], as a number or as a multiple of π.
pub(crate) fn in_upper_half_turn(egraph: &Egraph, value: Rational, of_pi: bool) -> bool {
    let top = Rational::from_int(if of_pi { 1 } else { 3 });
    let proven = value >= Rational::ZERO && value <= top;
    Property::InUpperHalfTurn.decide(egraph, proven)
}
