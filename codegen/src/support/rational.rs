//! Exact rational numbers.
//!
//! Constants in a loss stay exact until they are written into a kernel: `0.1` is 1/10, so folding
//! `0.1 + 0.2` gives 3/10 whatever the order, and two stages that fold differently still agree.
//! Floating-point folding would make equality depend on the order of operations.
//!
//! Invariant: `numerator / denominator` with `denominator > 0` and both coprime, neither equal to
//! `i128::MIN`. Equal values therefore have equal fields, which makes the derived `Eq` and `Hash`
//! right. Arithmetic that leaves `i128` gives `None`: the caller then leaves the operation alone.

use std::cmp::Ordering;
use std::fmt;

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

    /// The value of a Rust decimal literal such as `12`, `2.5`, `1_000`, `1e-6` or `-0.25`, exactly.
    ///
    /// `None` if the text is not one (type suffixes are refused) or the value needs more than 127
    /// bits in numerator or denominator, about 38 decimal digits.
    pub fn from_decimal(text: &str) -> Option<Rational> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.replace('_', "").parse().ok()?),
            None => (text, 0i32),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if !whole.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut digits: i128 = 0;
        let mut scale = exponent;
        for digit in whole.chars().filter(|c| *c != '_') {
            digits = push_digit(digits, digit)?;
        }
        // Trailing zeros carry no value but would overflow the scale of a long literal.
        for digit in fraction.trim_end_matches(['0', '_']).chars() {
            if digit != '_' {
                digits = push_digit(digits, digit)?;
                scale = scale.checked_sub(1)?;
            }
        }
        if digits == 0 {
            return Some(Rational::ZERO);
        }
        while scale < 0 && digits % 10 == 0 {
            digits /= 10;
            scale += 1;
        }
        let power = 10i128.checked_pow(scale.unsigned_abs())?;
        let value = if scale < 0 {
            Rational::new(digits, power)?
        } else {
            Rational::new(digits.checked_mul(power)?, 1)?
        };
        Some(if negative { value.negate() } else { value })
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

    /// The nearest `f64`, ties to even.
    ///
    /// The quotient is produced bit by bit to 55 significant bits and a sticky bit, so the only
    /// rounding is the final conversion; magnitudes lie within 2^±127, far from subnormals.
    pub fn to_f64(self) -> f64 {
        let divisor = self.denominator.unsigned_abs();
        let dividend = self.numerator.unsigned_abs();
        let mut quotient = dividend / divisor;
        let mut remainder = dividend % divisor;
        let mut exponent = 0i32;
        while remainder != 0 && quotient >> 55 == 0 {
            remainder *= 2;
            let bit = u128::from(remainder >= divisor);
            remainder -= bit * divisor;
            quotient = quotient * 2 + bit;
            exponent -= 1;
        }
        let sticky = u128::from(remainder != 0);
        let magnitude = (quotient | sticky) as f64 * 2f64.powi(exponent);
        if self.is_negative() {
            -magnitude
        } else {
            magnitude
        }
    }

    /// The finite decimal expansion such as `-0.25`, if there is one.
    pub fn to_decimal(self) -> Option<String> {
        let mut rest = self.denominator;
        let mut places = [0usize; 2];
        for (place, prime) in places.iter_mut().zip([2, 5]) {
            while rest % prime == 0 {
                rest /= prime;
                *place += 1;
            }
        }
        if rest != 1 {
            return None;
        }
        let places = places[0].max(places[1]);
        let scale = 10i128.checked_pow(u32::try_from(places).ok()?)?;
        let digits = self
            .numerator
            .unsigned_abs()
            .checked_mul((scale / self.denominator).unsigned_abs())?;
        let sign = if self.is_negative() { "-" } else { "" };
        if places == 0 {
            return Some(format!("{sign}{digits}"));
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        Some(format!("{sign}{whole}.{fraction}"))
    }
}

fn push_digit(digits: i128, digit: char) -> Option<i128> {
    let digit = digit.to_digit(10)?;
    digits.checked_mul(10)?.checked_add(i128::from(digit))
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

impl Ord for Rational {
    /// Exact: compares the continued fractions, so that no product can overflow.
    fn cmp(&self, other: &Rational) -> Ordering {
        let (mut a, mut b) = (*self, *other);
        let mut order_of_parts = true;
        loop {
            let (floor_a, floor_b) = (a.floor(), b.floor());
            let parts = floor_a.numerator.cmp(&floor_b.numerator);
            let rest_a = a.numerator.rem_euclid(a.denominator);
            let rest_b = b.numerator.rem_euclid(b.denominator);
            let order = match (parts, rest_a == 0, rest_b == 0) {
                (Ordering::Equal, false, false) => None,
                (Ordering::Equal, true, true) => Some(Ordering::Equal),
                (Ordering::Equal, true, false) => Some(Ordering::Less),
                (Ordering::Equal, false, true) => Some(Ordering::Greater),
                (unequal, _, _) => Some(unequal),
            };
            if let Some(order) = order {
                return if order_of_parts {
                    order
                } else {
                    order.reverse()
                };
            }
            // Fractional parts r/d compare opposite to their reciprocals d/r.
            a = Rational {
                numerator: a.denominator,
                denominator: rest_a,
            };
            b = Rational {
                numerator: b.denominator,
                denominator: rest_b,
            };
            order_of_parts = !order_of_parts;
        }
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Writes `3`, `-3` or `3/4`.
impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_integer() {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(numerator: i128, denominator: i128) -> Rational {
        Rational::new(numerator, denominator).unwrap()
    }

    #[test]
    fn lowest_terms_with_positive_denominator() {
        assert_eq!(q(6, -4), q(-3, 2));
        assert_eq!((q(6, -4).numerator(), q(6, -4).denominator()), (-3, 2));
        assert_eq!(q(0, -7), Rational::ZERO);
        assert_eq!(Rational::new(1, 0), None);
        assert_eq!(Rational::new(i128::MIN, 1), None);
    }

    #[test]
    fn decimal_literals_are_exact() {
        let cases = [
            ("0", q(0, 1)),
            ("12", q(12, 1)),
            ("2.5", q(5, 2)),
            ("-0.25", q(-1, 4)),
            ("1e-6", q(1, 1_000_000)),
            ("1.50E+2", q(150, 1)),
            ("1_000.000_1", q(10_000_001, 10_000)),
            ("64.", q(64, 1)),
            (
                "0.10000000000000000000000000000000000000000000000",
                q(1, 10),
            ),
            ("0e999", q(0, 1)),
        ];
        for (text, value) in cases {
            assert_eq!(Rational::from_decimal(text), Some(value), "{text}");
        }
        for text in [
            "", ".", "_1", "1f32", "e5", "1e", "1e400", "1e-39", "--1", "1.x",
        ] {
            assert_eq!(Rational::from_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic() {
        assert_eq!(q(1, 6).checked_add(q(1, 10)), Some(q(4, 15)));
        assert_eq!(q(1, 6).checked_sub(q(1, 6)), Some(Rational::ZERO));
        assert_eq!(q(2, 3).checked_mul(q(-9, 4)), Some(q(-3, 2)));
        assert_eq!(q(2, 3).checked_div(q(4, 9)), Some(q(3, 2)));
        assert_eq!(q(2, 3).checked_div(Rational::ZERO), None);
        assert_eq!(q(2, 3).checked_pow(-3), Some(q(27, 8)));
        assert_eq!(Rational::ZERO.checked_pow(0), Some(Rational::ONE));
        assert_eq!(q(9, 4).exact_sqrt(), Some(q(3, 2)));
        assert_eq!(q(2, 1).exact_sqrt(), None);
        assert_eq!(q(-7, 2).floor(), q(-4, 1));
        assert_eq!(q(-7, 2).ceil(), q(-3, 1));
    }

    #[test]
    fn overflow_gives_none() {
        let large = q(i128::MAX, 1);
        assert_eq!(large.checked_add(Rational::ONE), None);
        assert_eq!(large.checked_mul(Rational::TWO), None);
        assert_eq!(q(1, i128::MAX).checked_mul(large), Some(Rational::ONE));
        assert_eq!(Rational::TWO.checked_pow(127), None);
    }

    #[test]
    fn order_is_exact_where_products_overflow() {
        let almost = q(i128::MAX - 1, i128::MAX);
        assert!(almost < Rational::ONE);
        assert!(almost > q(i128::MAX - 2, i128::MAX - 1));
        assert!(q(-1, 2) < q(-1, 3) && q(1, 3) < q(1, 2) && q(-5, 2) < Rational::MINUS_ONE);
        assert_eq!(q(22, 7).cmp(&q(22, 7)), Ordering::Equal);
    }

    #[test]
    fn order_agrees_with_cross_products() {
        for a in -12..=12 {
            for b in 1..=9 {
                for c in -12..=12 {
                    for d in 1..=9 {
                        assert_eq!(q(a, b).cmp(&q(c, d)), (a * d).cmp(&(c * b)));
                    }
                }
            }
        }
    }

    #[test]
    fn conversion_to_f64_rounds_once() {
        for text in [
            "0.1",
            "0.3",
            "1e-6",
            "2.5",
            "64.0",
            "-0.35",
            "3.14159265358979323846",
            "9007199254740993",
            "0.99999999999999999999",
            "123456789012345678901234567890",
        ] {
            let exact = Rational::from_decimal(text).unwrap();
            assert_eq!(exact.to_f64(), text.parse::<f64>().unwrap(), "{text}");
        }
        assert_eq!(q(1, 3).to_f64(), 1.0 / 3.0);
    }

    #[test]
    fn decimal_text_comes_back() {
        for text in ["0", "-0.25", "0.000001", "12", "1000.0001"] {
            let value = Rational::from_decimal(text).unwrap();
            assert_eq!(value.to_decimal().as_deref(), Some(text));
        }
        assert_eq!(q(1, 3).to_decimal(), None);
        assert_eq!(q(-3, 4).to_string(), "-3/4");
    }
}
