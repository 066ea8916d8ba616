//! Arbitrary precision: the number that floats are judged by.
//!
//! Every operation is rounded once to [`precision`] bits, 192 unless [`at_precision`] says otherwise. The
//! exponent has 32 bits, so nothing that a loss computes overflows or is subnormal: `e^−10000` is an ordinary
//! number here. `log1p` and `expm1` of a small argument carry as many bits more as cancellation takes.
//!
//! How many bits are enough depends on the expression: `1 − (1 − x)` at x = 1e-38 takes 127 before the first one that
//! counts. [`settled`] asks twice, with more bits the second time, until both answers agree (Ziv's strategy).

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;

use astro_float::{BigFloat, Consts, RoundingMode};

use super::{Number, Tensor};
use crate::ir::UnaryOp;
use crate::support::rational::Rational;

const ROUND: RoundingMode = RoundingMode::ToEven;

thread_local! {
    static PRECISION: Cell<usize> = const { Cell::new(192) };
    static CONSTS: RefCell<Consts> = RefCell::new(Consts::new().expect("memory for constants"));
}

/// The bits that operations of this thread are rounded to.
pub fn precision() -> usize {
    PRECISION.get()
}

/// What `compute` gives if operations are rounded to so many bits, a multiple of 64.
pub fn at_precision<R>(bits: usize, compute: impl FnOnce() -> R) -> R {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            PRECISION.set(self.0);
        }
    }
    let _restore = Restore(PRECISION.replace(bits));
    compute()
}

/// The bits that [`settled`] tries, one after the other.
const LADDER: [usize; 5] = [192, 320, 640, 1280, 2560];

/// The real arrays of `compute` with at least 60 correct bits each, as two precisions agree on them; those of the highest precision
/// if they never do, as where the true value is 0 and rounding leaves something.
pub fn settled(compute: impl Fn() -> Vec<Tensor<Exact>>) -> Vec<Tensor<Exact>> {
    let mut last = at_precision(LADDER[0], &compute);
    for bits in &LADDER[1..] {
        let next = at_precision(*bits, &compute);
        let agree = last.iter().zip(&next).all(|(a, b)| {
            let pairs = a.reals().iter().zip(b.reals());
            pairs.into_iter().all(|(a, b)| a.agrees(b, 60))
        });
        last = next;
        if agree {
            break;
        }
    }
    last
}

/// A real number to [`precision`] bits, ±∞ or NaN.
#[derive(Clone, Debug)]
pub struct Exact(BigFloat);

fn with_consts<R>(compute: impl FnOnce(&mut Consts) -> R) -> R {
    CONSTS.with_borrow_mut(compute)
}

impl Exact {
    /// Whether both are the same to `bits` bits, or both NaN.
    pub fn agrees(&self, other: &Self, bits: i32) -> bool {
        if self == other || (self.is_nan() && other.is_nan()) {
            return true;
        }
        let gap = self.0.sub(&other.0, precision(), ROUND);
        match (gap.exponent(), other.0.exponent()) {
            (Some(gap), Some(size)) => gap <= size - bits,
            _ => false,
        }
    }

    /// 2 to an integer.
    pub fn power_of_two(exponent: i32) -> Self {
        let mut one = BigFloat::from_word(1, precision());
        one.set_exponent(exponent + 1);
        Exact(one)
    }

    /// The exponent e with 2^(e − 1) ≤ |x| < 2^e; `None` for 0, ±∞ and NaN.
    pub fn exponent(&self) -> Option<i32> {
        if self.0.is_zero() {
            return None;
        }
        self.0.exponent()
    }

    fn integer(value: i128) -> BigFloat {
        // Exact whatever the precision: a rational of the compiler has parts of up to 127 bits.
        BigFloat::from_i128(value, precision().max(128))
    }

    fn elementary_at(&self, op: UnaryOp, bits: usize) -> BigFloat {
        let x = &self.0;
        with_consts(|c| match op {
            UnaryOp::Exp => x.exp(bits, ROUND, c),
            UnaryOp::Ln => x.ln(bits, ROUND, c),
            UnaryOp::Sqrt => x.sqrt(bits, ROUND),
            UnaryOp::Tanh => x.tanh(bits, ROUND, c),
            UnaryOp::Sin => x.sin(bits, ROUND, c),
            UnaryOp::Cos => x.cos(bits, ROUND, c),
            UnaryOp::Tan => x.tan(bits, ROUND, c),
            UnaryOp::Asin => x.asin(bits, ROUND, c),
            UnaryOp::Acos => x.acos(bits, ROUND, c),
            UnaryOp::Atan => x.atan(bits, ROUND, c),
            UnaryOp::Sinh => x.sinh(bits, ROUND, c),
            UnaryOp::Cosh => x.cosh(bits, ROUND, c),
            UnaryOp::Floor => x.floor(),
            UnaryOp::Ceil => x.ceil(),
            _ => unreachable!("{op:?} is made of others"),
        })
    }

    /// The bits to compute 1 + x with for a small x, or `None` if x is so small that `e^x − 1` and `ln(1 + x)` are x.
    fn bits_beside_one(&self) -> Option<usize> {
        let lost = match self.exponent() {
            Some(exponent) => (-exponent).max(0) as usize,
            None if self.is_zero() => return None,
            None => 0,
        };
        (lost < precision()).then(|| precision() + 64 * lost.div_ceil(64) + 64)
    }

    fn log1p(&self) -> Self {
        let Some(bits) = self.bits_beside_one() else {
            return self.clone();
        };
        let sum = self.0.add(&BigFloat::from_word(1, bits), bits, ROUND);
        Exact(with_consts(|c| sum.ln(precision(), ROUND, c)))
    }

    fn expm1(&self) -> Self {
        let Some(bits) = self.bits_beside_one() else {
            return self.clone();
        };
        let power = self.elementary_at(UnaryOp::Exp, bits);
        Exact(power.sub(&BigFloat::from_word(1, bits), precision(), ROUND))
    }

    /// Ties to even.
    fn round(&self) -> Self {
        let half = Self::power_of_two(-1);
        let up = self.add(&half);
        let floor = Exact(up.0.floor());
        let even = || {
            let half = floor.mul(&half);
            half.0.floor().cmp(&half.0) == Some(0)
        };
        if floor == up && !self.0.is_inf() && !even() {
            return floor.sub(&Self::one());
        }
        floor
    }

    /// `2/√π · e^−x² · Σ 2ⁿ x^(2n+1) / (2n+1)!!` (Abramowitz & Stegun 7.1.6): terms of one sign, so nothing
    /// cancels. Where `1 − erf |x| < e^−x²` is below the last bit it is ±1.
    fn erf(&self) -> Self {
        if self.is_zero() || self.is_nan() {
            return self.clone();
        }
        let square = self.mul(self);
        if square > Self::from_f64(precision() as f64) {
            return self.unary(UnaryOp::Sign);
        }
        let (mut term, mut sum) = (self.clone(), self.clone());
        let twice = square.add(&square);
        for n in 1.. {
            term = term.mul(&twice).div(&Self::from_f64((2 * n + 1) as f64));
            sum = sum.add(&term);
            if term.exponent() < sum.exponent().map(|e| e - precision() as i32) {
                break;
            }
        }
        let factor = Self::from_f64(2.0).div(&Self::pi().unary(UnaryOp::Sqrt));
        factor.mul(&square.neg().unary(UnaryOp::Exp)).mul(&sum)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.0.cmp(&other.0) == Some(0)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.0.cmp(&other.0).map(|sign| sign.cmp(&0))
    }
}

impl Number for Exact {
    fn from_rational(value: Rational) -> Self {
        let (n, d) = (value.numerator(), value.denominator());
        let (n, d) = (Self::integer(n), Self::integer(d));
        Exact(n.div(&d, precision(), ROUND))
    }

    fn from_f64(value: f64) -> Self {
        let bits = precision().max(64);
        if value == 0.0 || value.is_normal() || !value.is_finite() {
            return Exact(BigFloat::from_f64(value, bits));
        }
        // astro-float 0.9 reads a subnormal float as half of what it is.
        let mut normal = BigFloat::from_f64(value * 2f64.powi(64), bits);
        if let Some(exponent) = normal.exponent() {
            normal.set_exponent(exponent - 64);
        }
        Exact(normal)
    }

    fn to_f64(&self) -> f64 {
        let x = &self.0;
        if x.is_nan() {
            return f64::NAN;
        }
        let sign = if x.is_negative() { -1.0 } else { 1.0 };
        if x.is_inf() {
            return sign * f64::INFINITY;
        }
        let Some((words, _, _, exponent, _)) = x.as_raw_parts().filter(|_| !x.is_zero()) else {
            return 0.0 * sign;
        };
        // The value is 0.m · 2^exponent; the last word is the first. What lies below 64 bits only breaks ties.
        let top = words.last().copied().unwrap_or(0);
        let below = words[..words.len() - 1].iter().any(|&word| word != 0);
        let kept = (i64::from(exponent) + 1074).clamp(-1, 53);
        if kept < 0 {
            return 0.0 * sign;
        }
        let dropped = 64 - kept as u32;
        let whole = u128::from(top) >> dropped;
        let rest = u128::from(top) & ((1u128 << dropped) - 1);
        let half = 1u128 << (dropped - 1);
        let up = rest > half || (rest == half && (below || whole % 2 == 1));
        let integer = (whole + u128::from(up)) as f64;
        // In two steps: the power alone may be beyond f64 where the product is not.
        let scale = exponent - kept as i32;
        if scale > 1023 {
            return sign * f64::INFINITY;
        }
        let first = scale.max(-1000);
        sign * integer * 2f64.powi(first) * 2f64.powi(scale - first)
    }

    fn pi() -> Self {
        Exact(with_consts(|c| c.pi(precision(), ROUND)))
    }

    fn neg_infinity() -> Self {
        Exact(astro_float::INF_NEG)
    }

    fn add(&self, other: &Self) -> Self {
        Exact(self.0.add(&other.0, precision(), ROUND))
    }

    fn sub(&self, other: &Self) -> Self {
        Exact(self.0.sub(&other.0, precision(), ROUND))
    }

    fn mul(&self, other: &Self) -> Self {
        Exact(self.0.mul(&other.0, precision(), ROUND))
    }

    fn div(&self, other: &Self) -> Self {
        if other.is_zero() && !self.is_zero() && !self.is_nan() {
            // The sign of a zero means nothing here: a quotient by it is +∞ or −∞ by the numerator.
            let infinity = Self::neg_infinity();
            return if self.0.is_negative() {
                infinity
            } else {
                infinity.neg()
            };
        }
        Exact(self.0.div(&other.0, precision(), ROUND))
    }

    fn neg(&self) -> Self {
        Exact(self.0.neg())
    }

    fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    fn is_nan(&self) -> bool {
        self.0.is_nan()
    }

    fn elementary(&self, op: UnaryOp) -> Self {
        match op {
            UnaryOp::Exp if self.is_zero() => Self::one(),
            // An exponent of 32 bits is left at about 1.5e9: the result is then 0, not a tiny negative number.
            UnaryOp::Exp if *self < Self::from_f64(-1e9) => Self::zero(),
            UnaryOp::Log1p => self.log1p(),
            UnaryOp::Expm1 => self.expm1(),
            UnaryOp::Round => self.round(),
            UnaryOp::Erf => self.erf(),
            UnaryOp::Abs
            | UnaryOp::Sign
            | UnaryOp::Sigmoid
            | UnaryOp::Softplus
            | UnaryOp::SoftplusOverSigmoid
            | UnaryOp::Log1mExp
            | UnaryOp::LnCosh
            | UnaryOp::RecipOrZero => self.unary(op),
            _ => Exact(self.elementary_at(op, precision())),
        }
    }

    fn powf(&self, exponent: &Self) -> Self {
        let (zero, one) = (Self::zero(), Self::one());
        if exponent.is_zero() || *self == one {
            return one;
        }
        if self.is_zero() {
            return if *exponent > zero {
                zero
            } else {
                one.div(&zero)
            };
        }
        if *self < zero {
            let halved = exponent.mul(&Self::power_of_two(-1));
            let whole = |x: &Self| Exact(x.0.floor()) == *x;
            if !whole(exponent) {
                return Exact(astro_float::NAN);
            }
            let size = self.neg().powf(exponent);
            return if whole(&halved) { size } else { size.neg() };
        }
        if self.0.is_inf() || exponent.0.is_inf() {
            // e^(b ln a), with the limits of b ln a.
            return exponent
                .mul(&self.elementary(UnaryOp::Ln))
                .elementary(UnaryOp::Exp);
        }
        // A power may be a number of few bits, as 9^½ or x^1, which no precision tells from its neighbours: correct rounding would look
        // for a difference without end. So it is computed with more bits, of which the last may be wrong, and rounded.
        let bits = precision() + 64;
        let power = with_consts(|c| self.0.pow(&exponent.0, bits, RoundingMode::None, c));
        Exact(power.add(&BigFloat::from_word(0, 64), precision(), ROUND))
    }

    fn atan2(&self, x: &Self) -> Self {
        let zero = Self::zero();
        let quarter = Self::pi().mul(&Self::power_of_two(-1));
        if x.is_zero() {
            return match self.partial_cmp(&zero) {
                Some(Ordering::Less) => quarter.neg(),
                Some(Ordering::Greater) => quarter,
                _ => self.clone(),
            };
        }
        let within = self.div(x).elementary(UnaryOp::Atan);
        if *x > zero {
            within
        } else if *self < zero {
            within.sub(&Self::pi())
        } else {
            within.add(&Self::pi())
        }
    }
}
