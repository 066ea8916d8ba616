//! Reference functions in double-double arithmetic, for tests.
//!
//! A value is an unevaluated sum of two `f64`, good for about 30 decimal digits (T. J. Dekker 1971,
//! "A floating-point technique for extending the available precision"). Exponentials are Taylor
//! series of a small argument, squared back; logarithms are one Newton step from the `f64` result,
//! which doubles its digits.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `.0 + .1`, the second at most half an ulp of the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct DoubleDouble(pub(super) f64, pub(super) f64);

const ONE: DoubleDouble = DoubleDouble(1.0, 0.0);
const LN_2: DoubleDouble = DoubleDouble(std::f64::consts::LN_2, 2.3190468138462996e-17);

fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let sum = a + b;
    let v = sum - a;
    DoubleDouble(sum, (a - (sum - v)) + (b - v))
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        Self(value, 0.0)
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let high = two_sum(self.0, other.0);
        let low = two_sum(self.1, other.1);
        let sum = two_sum(high.0, high.1 + low.0);
        two_sum(sum.0, sum.1 + low.1)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product);
        two_sum(product, error + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self - other * first.into();
        let second = rest.0 / other.0;
        let rest = rest - other * second.into();
        two_sum(first, second) + (rest.0 / other.0).into()
    }
}

impl DoubleDouble {
    fn scaled(self, factor: f64) -> Self {
        Self(self.0 * factor, self.1 * factor)
    }

    /// e^x − 1 for |x| below about 0.35.
    fn expm1_small(self) -> Self {
        const HALVINGS: i32 = 6;
        let x = self.scaled(2f64.powi(-HALVINGS));
        let mut term = ONE;
        let mut sum = DoubleDouble(0.0, 0.0);
        for i in 1..=14 {
            term = term * x / f64::from(i).into();
            sum = sum + term;
        }
        for _ in 0..HALVINGS {
            // e^2y − 1 = p·(2 + p) for p = e^y − 1.
            sum = sum * (sum + 2.0.into());
        }
        sum
    }

    /// e^x, for results in the normal range.
    pub(super) fn exp(self) -> Self {
        let n = (self.0 / LN_2.0).round();
        let r = self - LN_2 * n.into();
        let scale = |n: f64| 2f64.powi(n as i32);
        (r.expm1_small() + ONE)
            .scaled(scale((n / 2.0).floor()))
            .scaled(scale(n - (n / 2.0).floor()))
    }

    /// e^x − 1.
    pub(super) fn expm1(self) -> Self {
        if self.0.abs() < 0.35 {
            self.expm1_small()
        } else {
            self.exp() - ONE
        }
    }

    /// ln x: y = ln x in `f64`, then y + ln(x·e^−y).
    pub(super) fn ln(self) -> Self {
        let y = DoubleDouble::from(self.0.ln());
        let r = self * (-y).exp() - ONE;
        y + r - (r * r).scaled(0.5)
    }

    /// ln(1 + x): y = ln(1 + x) in `f64`, then y + ln(1 + (x − E)/(1 + E)) with E = e^y − 1.
    pub(super) fn log1p(self) -> Self {
        let y = DoubleDouble::from(self.0.ln_1p());
        let e = y.expm1();
        let r = (self - e) / (ONE + e);
        y + r - (r * r).scaled(0.5)
    }

    pub(super) fn sigmoid(self) -> Self {
        if self.0 < 0.0 {
            let e = self.exp();
            e / (ONE + e)
        } else {
            ONE / (ONE + (-self).exp())
        }
    }

    pub(super) fn softplus(self) -> Self {
        if self.0 < 0.0 {
            self.exp().log1p()
        } else {
            self + (-self).exp().log1p()
        }
    }

    pub(super) fn tanh(self) -> Self {
        let e = (self + self).expm1();
        e / (e + 2.0.into())
    }

    pub(super) fn log1mexp(self) -> Self {
        if self.0 > -LN_2.0 {
            (-self.expm1()).ln()
        } else {
            (-self.exp()).log1p()
        }
    }

    /// The Maclaurin series; good for |x| below about 2.
    pub(super) fn erf(self) -> Self {
        // 2/√π.
        const SCALE: DoubleDouble =
            DoubleDouble(std::f64::consts::FRAC_2_SQRT_PI, 1.533545961316588e-17);
        let square = self * self;
        let mut power = self;
        let mut sum = self;
        for k in 1..80 {
            power = -power * square / f64::from(k).into();
            sum = sum + power / f64::from(2 * k + 1).into();
        }
        SCALE * sum
    }
}

#[test]
fn known_values_to_thirty_digits() {
    let check = |got: DoubleDouble, high: f64, low: f64| {
        let error = (got - DoubleDouble(high, low)).0 / high;
        assert!(error.abs() < 1e-29, "{error:e}");
    };
    // From 40-digit arithmetic.
    check(ONE.exp(), std::f64::consts::E, 1.4456468917292502e-16);
    check(
        DoubleDouble(10.0, 0.0).ln(),
        std::f64::consts::LN_10,
        -2.1707562233822494e-16,
    );
    let x = DoubleDouble(1e-5, 0.0);
    assert!((x.expm1().log1p() - x).0.abs() < 1e-34);
}
