//! Decimal literals, exactly; the nearest floating-point number; printing.

use super::Rational;
use std::fmt;

impl Rational {
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
