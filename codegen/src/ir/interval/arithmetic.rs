//! Sums, products and integer powers of intervals.

use super::{End, Range};
use crate::support::rational::Rational;

impl Range {
    /// The interval of one exact number.
    pub(crate) fn of(value: Rational) -> Range {
        let near = value.to_f64();
        // A multiple of 2⁻²⁰ that is not large is a float itself.
        let scaled = value.checked_mul(Rational::from_int(1 << 20));
        if scaled.is_some_and(|s| s.is_integer() && s.to_f64().abs() < 2f64.powi(53)) {
            return Range::closed(near, near);
        }
        // The nearest float of a number that is not 0 keeps its sign.
        Range {
            lo: near.next_down(),
            hi: near.next_up(),
            lo_open: true,
            hi_open: true,
        }
    }

    /// An interval around this one whose ends have four significant bits: there are few of those, so that a
    /// chain of ever smaller ones is short.
    #[must_use]
    pub(crate) fn coarse(self) -> Range {
        const REST: u64 = (1 << 49) - 1;
        // Of the size of an end, the float towards 0 or away from it.
        let towards = |at: f64| f64::from_bits(at.to_bits() & !REST);
        let away = |at: f64| {
            let rest = at.to_bits() & REST;
            if rest == 0 || !at.is_finite() {
                at
            } else {
                f64::from_bits((at.to_bits() | REST) + 1)
            }
        };
        Range {
            lo: if self.lo < 0.0 {
                away(self.lo)
            } else {
                towards(self.lo)
            },
            hi: if self.hi > 0.0 {
                away(self.hi)
            } else {
                towards(self.hi)
            },
            ..self
        }
    }

    /// π.
    pub(crate) fn pi() -> Range {
        let near = std::f64::consts::PI;
        Range::closed(near.next_down(), near.next_up())
    }

    /// `a + b`.
    #[must_use]
    pub(crate) fn plus(self, other: Range) -> Range {
        let lower = sum(self.lower(), other.lower());
        let upper = sum(other.upper().negate(), self.upper().negate()).negate();
        Range::between(lower, upper)
    }

    /// `k · a`.
    #[must_use]
    pub(crate) fn scaled(self, by: Rational) -> Range {
        if by.is_one() {
            self
        } else if by == Rational::MINUS_ONE {
            self.negate()
        } else {
            self.times(Range::of(by))
        }
    }

    /// `a · b`: the hull of the products of ends.
    #[must_use]
    pub(crate) fn times(self, other: Range) -> Range {
        let mut lower: Option<End> = None;
        let mut upper: Option<End> = None;
        for a in [self.lower(), self.upper()] {
            for b in [other.lower(), other.upper()] {
                let low = product(a, b);
                let high = product(a, b.negate()).negate();
                lower = Some(lower.map_or(low, |end| end.outermost(low, |a, b| a < b)));
                upper = Some(upper.map_or(high, |end| end.outermost(high, |a, b| a > b)));
            }
        }
        match (lower, upper) {
            (Some(lower), Some(upper)) => Range::between(lower, upper),
            _ => Range::EXTENDED,
        }
    }

    /// `|a|`.
    #[must_use]
    pub(crate) fn magnitude(self) -> Range {
        if self.is_nonnegative() {
            return self;
        }
        if self.hi <= 0.0 {
            return self.negate();
        }
        let furthest = self.negate().upper().outermost(self.upper(), |a, b| a > b);
        Range::between(End::closed(0.0), furthest)
    }

    /// `a^k` for an integer k. Powers are monotone: odd ones everywhere, even ones in |a|.
    #[must_use]
    pub(crate) fn to_power(self, exponent: i32) -> Range {
        if exponent == 1 {
            return self;
        }
        if exponent < 0 {
            return self.to_power(exponent.saturating_abs()).reciprocal();
        }
        let base = if exponent % 2 == 0 {
            self.magnitude()
        } else {
            self
        };
        let end = |end: End| {
            let mut square = Range::closed(end.at, end.at);
            let mut power = Range::closed(1.0, 1.0);
            let mut left = exponent;
            while left > 0 {
                if left % 2 == 1 {
                    power = power.times(square);
                }
                square = square.times(square);
                left /= 2;
            }
            power
        };
        let (lower, upper) = (end(base.lower()).lower(), end(base.upper()).upper());
        let within = |power: End, of: End| End {
            open: power.open || of.open,
            ..power
        };
        Range::between(within(lower, base.lower()), within(upper, base.upper()))
    }

    /// `1 / a`.
    #[must_use]
    pub(crate) fn reciprocal(self) -> Range {
        if self.is_nonnegative() {
            let end = |end: End| match end.at {
                0.0 => Range {
                    lo_open: end.open,
                    hi_open: end.open,
                    ..Range::closed(f64::INFINITY, f64::INFINITY)
                },
                f64::INFINITY => Range {
                    lo_open: end.open,
                    hi_open: end.open,
                    ..Range::closed(0.0, 0.0)
                },
                x => {
                    let quotient = 1.0 / x;
                    let exact = quotient.mul_add(x, -1.0) == 0.0 && quotient.is_normal();
                    let step = |next: f64, at: f64| if exact { at } else { next };
                    Range {
                        lo: step(quotient.next_down().max(0.0), quotient),
                        hi: step(quotient.next_up(), quotient),
                        lo_open: end.open || !exact,
                        hi_open: end.open || !exact,
                    }
                }
            };
            let (lower, upper) = (end(self.upper()), end(self.lower()));
            return Range::between(lower.lower(), upper.upper());
        }
        // 1/0 is ∞, as zero has no sign: also at the upper end of an interval.
        if self.negate().is_positive() {
            return self.negate().reciprocal().negate();
        }
        Range::EXTENDED
    }
}

impl End {
    fn negate(self) -> End {
        End {
            at: -self.at,
            ..self
        }
    }
}

/// Whether the end of a sum or product is excluded, if it is infinite: unless an operand attains its infinity.
fn excludes_infinity(a: End, b: End) -> bool {
    let never = |end: End| end.at.is_finite() || end.open;
    never(a) && never(b)
}

/// The lower end of a sum.
fn sum(a: End, b: End) -> End {
    let total = a.at + b.at;
    if total.is_nan() {
        return End::closed(f64::NEG_INFINITY);
    }
    if a.at.is_infinite() || b.at.is_infinite() {
        let open = excludes_infinity(a, b);
        return End { at: total, open };
    }
    // What rounding took away (Knuth's TwoSum).
    let part = total - a.at;
    let lost = (a.at - (total - part)) + (b.at - part);
    if lost == 0.0 {
        let open = a.open || b.open;
        End { at: total, open }
    } else {
        End::open(total.next_down())
    }
}

/// The lower end of what the product of two ends contributes.
fn product(a: End, b: End) -> End {
    if a.at == 0.0 || b.at == 0.0 {
        // 0 is attained if either factor attains it.
        let attained = |end: End| end.at == 0.0 && !end.open;
        let open = !attained(a) && !attained(b);
        return End { at: 0.0, open };
    }
    let value = a.at * b.at;
    if a.at.is_infinite() || b.at.is_infinite() {
        let open = excludes_infinity(a, b);
        return End { at: value, open };
    }
    // The error of a product is a float itself, unless it underflows.
    let lost = a.at.mul_add(b.at, -value);
    if lost == 0.0 && value.abs() > 1e-250 && value.is_finite() {
        let open = a.open || b.open;
        return End { at: value, open };
    }
    let positive = (a.at > 0.0) == (b.at > 0.0);
    let below = value.next_down();
    // Of factors that are not 0 the product is not 0.
    End::open(if positive { below.max(0.0) } else { below })
}
