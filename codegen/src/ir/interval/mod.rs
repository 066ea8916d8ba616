//! Interval arithmetic: what values an expression can have.
//!
//! A condition on a rewrite must be a proof, and these intervals are the source of such proofs: for an
//! operator f, `f(A)` here *encloses* the set {f(a) : a ∈ A}. Arithmetic is that of the real numbers, which
//! has neither overflow nor underflow; ends that come out of a rounded operation are moved outwards by one float.
//!
//! Values are *extended* reals. Inputs are finite, so [`Range::REAL`] is open at both ends. −∞ is the
//! logit that a filter leaves out, and the limits follow from it (e^−∞ = 0, ln 0 = −∞, 1/0 = ∞); an infinite end is
//! **closed** if the infinity can be attained and **open** if all values are finite. Where an expression
//! is not defined (0 · ∞, ∞ − ∞, ln −1) it has no value that would have to be enclosed. Zero has no sign.
//!
//! Of transcendental functions only signs and limits are bounded, never rounded values: no two platforms need to agree
//! on a last bit for the compiler to give the same result on both.

mod arithmetic;
mod functions;
#[cfg(test)]
mod tests;

pub(crate) use functions::{binary, reduce, softmax, unary};

/// An interval of extended real numbers: the declared values of a parameter, or what is proven of an expression.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Whether `lo` itself is excluded.
    pub lo_open: bool,
    /// Whether `hi` itself is excluded.
    pub hi_open: bool,
}

impl Range {
    /// Any real number: no infinity.
    pub const REAL: Range = Range {
        lo: f64::NEG_INFINITY,
        hi: f64::INFINITY,
        lo_open: true,
        hi_open: true,
    };
    /// Any real number and both infinities.
    pub const EXTENDED: Range = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
    /// Any real number ≥ 0.
    pub const NONNEGATIVE: Range = Range {
        lo: 0.0,
        lo_open: false,
        ..Range::REAL
    };
    /// Any real number > 0.
    pub const POSITIVE: Range = Range {
        lo: 0.0,
        ..Range::REAL
    };
    /// The extent of a dimension.
    pub(crate) const SIZE: Range = Range {
        lo: 1.0,
        ..Range::NONNEGATIVE
    };
    /// From 0 to 1, ends included.
    pub const UNIT: Range = Range::closed(0.0, 1.0);

    /// The numbers from `lo` to `hi`, ends included.
    pub const fn closed(lo: f64, hi: f64) -> Self {
        Range {
            lo,
            hi,
            lo_open: false,
            hi_open: false,
        }
    }

    /// The values with their signs changed.
    #[must_use]
    pub fn negate(self) -> Self {
        Range {
            lo: -self.hi,
            hi: -self.lo,
            lo_open: self.hi_open,
            hi_open: self.lo_open,
        }
    }

    /// The smallest interval around both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        let lower = self.lower().outermost(other.lower(), |a, b| a < b);
        let upper = self.upper().outermost(other.upper(), |a, b| a > b);
        Range::between(lower, upper)
    }

    /// The values in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let lower = self.lower().innermost(other.lower(), |a, b| a > b);
        let upper = self.upper().innermost(other.upper(), |a, b| a < b);
        Range::between(lower, upper)
    }

    /// Whether it holds no number.
    pub fn is_empty(self) -> bool {
        self.lo > self.hi || (self.lo == self.hi && (self.lo_open || self.hi_open))
    }

    /// Whether it holds the number.
    pub fn contains(self, value: f64) -> bool {
        let above = value > self.lo || (value == self.lo && !self.lo_open);
        let below = value < self.hi || (value == self.hi && !self.hi_open);
        above && below
    }

    /// Whether all values are > 0.
    pub fn is_positive(self) -> bool {
        self.lo > 0.0 || (self.lo == 0.0 && self.lo_open)
    }

    /// Whether all values are ≥ 0.
    pub fn is_nonnegative(self) -> bool {
        self.lo >= 0.0
    }

    /// Whether no value is 0.
    pub fn excludes_zero(self) -> bool {
        self.is_positive() || self.negate().is_positive()
    }

    /// Whether all values are in [0, 1].
    pub fn is_fraction(self) -> bool {
        self.lo >= 0.0 && self.hi <= 1.0
    }

    /// Whether no value is infinite.
    pub fn is_finite(self) -> bool {
        !self.contains(f64::NEG_INFINITY) && !self.contains(f64::INFINITY)
    }

    fn lower(self) -> End {
        End {
            at: self.lo,
            open: self.lo_open,
        }
    }

    fn upper(self) -> End {
        End {
            at: self.hi,
            open: self.hi_open,
        }
    }

    fn between(lower: End, upper: End) -> Range {
        Range {
            lo: lower.at,
            hi: upper.at,
            lo_open: lower.open,
            hi_open: upper.open,
        }
    }
}

/// One end of an interval.
#[derive(Clone, Copy, Debug)]
struct End {
    at: f64,
    /// Whether the end itself is excluded.
    open: bool,
}

impl End {
    const fn open(at: f64) -> End {
        End { at, open: true }
    }

    const fn closed(at: f64) -> End {
        End { at, open: false }
    }

    fn outermost(self, other: End, beyond: fn(f64, f64) -> bool) -> End {
        let open = self.open && other.open;
        match (beyond(self.at, other.at), beyond(other.at, self.at)) {
            (true, _) => self,
            (_, true) => other,
            _ => End { open, ..self },
        }
    }

    fn innermost(self, other: End, within: fn(f64, f64) -> bool) -> End {
        let open = self.open || other.open;
        match (within(self.at, other.at), within(other.at, self.at)) {
            (true, _) => self,
            (_, true) => other,
            _ => End { open, ..self },
        }
    }
}
