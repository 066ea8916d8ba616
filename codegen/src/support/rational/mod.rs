//! Exact rational numbers.
//!
//! Constants in a loss stay exact until they are written into a kernel: `0.1` is 1/10, so folding
//! `0.1 + 0.2` gives 3/10 whatever the order, and two stages that fold differently still agree.
//! Floating-point folding would make equality depend on the order of operations.
//!
//! Invariant: `numerator / denominator` with `denominator > 0` and both coprime, neither equal to
//! `i128::MIN`. Equal values therefore have equal fields, which makes the derived `Eq` and `Hash`
//! right. Arithmetic that leaves `i128` gives `None`: the caller then leaves the operation alone.
//!
//! Arithmetic is here; `order` compares, `decimal` reads and writes.

mod decimal;
mod order;
#[cfg(test)]
mod tests;

/// A rational number in lowest terms.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}
impl Rational {
    /// 0.
    pub const ZERO: Rational = Rational::whole(0);
    /// 1.
    pub const ONE: Rational = Rational::whole(1);
    /// 2.
    pub const TWO: Rational = Rational::whole(2);
    /// 1/2.
    pub const HALF: Rational = Rational {
        numerator: 1,
        denominator: 2,
    };
    /// −1.
    pub const MINUS_ONE: Rational = Rational::whole(-1);

    const fn whole(value: i128) -> Rational {
        Rational {
            numerator: value,
            denominator: 1,
        }
    }

    /// `numerator / denominator`; `None` for a zero denominator or a part equal to `i128::MIN`.
    pub fn new(numerator: i128, denominator: i128) -> Option<Rational> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        // Both fit in a u128 and the divisor is at most the smaller of them, hence below 2^127.
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()) as i128;
        let sign = denominator.signum();
        Some(Rational {
            numerator: numerator / divisor * sign,
            denominator: denominator / divisor * sign,
        })
    }

    /// The integer `value`.
    pub const fn from_int(value: i64) -> Rational {
        Rational::whole(value as i128)
    }

    /// The numerator, carrying the sign.
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator, positive.
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Whether the value is an integer.
    pub const fn is_integer(self) -> bool {
        self.denominator == 1
    }

    /// Whether the value is 0.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether the value is 1.
    pub const fn is_one(self) -> bool {
        self.numerator == 1 && self.denominator == 1
    }

    /// −1, 0 or 1.
    pub const fn signum(self) -> i32 {
        self.numerator.signum() as i32
    }

    /// Whether the value is below 0.
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Whether the value is above 0.
    pub const fn is_positive(self) -> bool {
        self.numerator > 0
    }

    /// The value as an `i64`, if it is an integer that fits.
    pub fn to_integer(self) -> Option<i64> {
        if self.is_integer() {
            i64::try_from(self.numerator).ok()
        } else {
            None
        }
    }

    /// −self.
    #[must_use]
    pub const fn negate(self) -> Rational {
        Rational {
            numerator: -self.numerator,
            denominator: self.denominator,
        }
    }

    /// |self|.
    #[must_use]
    pub const fn abs(self) -> Rational {
        Rational {
            numerator: self.numerator.abs(),
            denominator: self.denominator,
        }
    }

    /// self + other, or `None` on overflow.
    pub fn checked_add(self, other: Rational) -> Option<Rational> {
        // Over the least common denominator, so that sums of like fractions do not overflow early.
        let divisor = gcd(
            self.denominator.unsigned_abs(),
            other.denominator.unsigned_abs(),
        ) as i128;
        let left = self
            .numerator
            .checked_mul(other.denominator / divisor)?
            .checked_add(other.numerator.checked_mul(self.denominator / divisor)?)?;
        Rational::new(
            left,
            self.denominator.checked_mul(other.denominator / divisor)?,
        )
    }

    /// self − other, or `None` on overflow.
    pub fn checked_sub(self, other: Rational) -> Option<Rational> {
        self.checked_add(other.negate())
    }

    /// self · other, or `None` on overflow.
    pub fn checked_mul(self, other: Rational) -> Option<Rational> {
        // Cross-reduced first: the products are then already in lowest terms.
        let left = Rational::new(self.numerator, other.denominator)?;
        let right = Rational::new(other.numerator, self.denominator)?;
        Rational::new(
            left.numerator.checked_mul(right.numerator)?,
            left.denominator.checked_mul(right.denominator)?,
        )
    }

    /// self / other, or `None` on overflow or for `other` = 0.
    pub fn checked_div(self, other: Rational) -> Option<Rational> {
        self.checked_mul(other.checked_recip()?)
    }

    /// 1 / self, or `None` for 0.
    pub fn checked_recip(self) -> Option<Rational> {
        Rational::new(self.denominator, self.numerator)
    }

    /// self to the power `exponent`, or `None` on overflow or for 0 to a negative power. 0⁰ = 1.
    pub fn checked_pow(self, exponent: i32) -> Option<Rational> {
        let base = if exponent < 0 {
            self.checked_recip()?
        } else {
            self
        };
        let count = exponent.unsigned_abs();
        Rational::new(
            base.numerator.checked_pow(count)?,
            base.denominator.checked_pow(count)?,
        )
    }

    /// √self if it is rational, else `None`.
    pub fn exact_sqrt(self) -> Option<Rational> {
        if self.is_negative() {
            return None;
        }
        let root = |value: i128| {
            let root = value.isqrt();
            (root * root == value).then_some(root)
        };
        Rational::new(root(self.numerator)?, root(self.denominator)?)
    }

    /// The largest integer not above self.
    #[must_use]
    pub const fn floor(self) -> Rational {
        Rational::whole(self.numerator.div_euclid(self.denominator))
    }

    /// The smallest integer not below self.
    #[must_use]
    pub const fn ceil(self) -> Rational {
        self.negate().floor().negate()
    }
}

/// The greatest common divisor; `gcd(0, n) = n`.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl From<i64> for Rational {
    fn from(value: i64) -> Rational {
        Rational::from_int(value)
    }
}
