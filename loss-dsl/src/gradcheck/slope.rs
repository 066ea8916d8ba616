//! The slope of a function at a point, from values around it.
//!
//! # Method
//! Central differences at steps h, h/2, h/4, … have errors a·h² + b·h⁴ + …; a Neville tableau cancels
//! these term by term (Ridders 1982). Each entry's uncertainty is its distance from the entries that
//! it was made of plus the rounding error ε·|f|/h, and the entry of the least uncertainty wins. Differences to one side
//! have errors in all powers of h and are treated likewise.
//!
//! There is a kink where the one-sided slopes differ by more than ten times their uncertainties and by
//! more than 1e-4 of their size.

/// Number of steps, each half the one before.
const STEPS: usize = 12;

/// The measured slope of a function at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// From both sides.
    pub central: f64,
    /// How far `central` may be off.
    pub uncertainty: f64,
    /// To the left and to the right, if these differ.
    pub kink: Option<(f64, f64)>,
}

impl Slope {
    /// How far `analytic` is from the slope; at a kink, from the interval of the slopes to its sides. Infinite
    /// if either is not a number.
    pub fn distance(&self, analytic: f64) -> f64 {
        let distance = match self.kink {
            None => (analytic - self.central).abs(),
            Some((a, b)) => (a.min(b) - analytic).max(analytic - a.max(b)).max(0.0),
        };
        if analytic.is_nan() || distance.is_nan() {
            f64::INFINITY
        } else {
            distance
        }
    }
}

/// Measures the slope of `f` at `x` by extrapolated differences, from 25 values. The first step is 2⁻⁶ of
/// max(|x|, 1). Steps at which `f` is NaN are skipped; the slope is NaN if none is left.
///
/// ```
/// let slope = loss_dsl::slope(|x| x.sin(), 0.5);
/// assert!((slope.central - 0.5_f64.cos()).abs() < 1e-12);
/// assert!(loss_dsl::slope(f64::abs, 0.0).kink.is_some());
/// ```
pub fn slope(mut f: impl FnMut(f64) -> f64, x: f64) -> Slope {
    let middle = f(x);
    let first = x.abs().max(1.0) / 64.0;
    let samples: Vec<Sample> = (0..STEPS)
        .map(|step| {
            let h = first / f64::from(1 << step);
            let (low, high) = (x - h, x + h);
            Sample {
                low,
                high,
                f_low: f(low),
                f_high: f(high),
            }
        })
        .collect();
    let central = extrapolate(
        samples
            .iter()
            .map(|s| difference(s.low, s.f_low, s.high, s.f_high)),
        4.0,
    );
    let left = extrapolate(
        samples
            .iter()
            .map(|s| difference(s.low, s.f_low, x, middle)),
        2.0,
    );
    let right = extrapolate(
        samples
            .iter()
            .map(|s| difference(x, middle, s.high, s.f_high)),
        2.0,
    );
    let gap = (left.0 - right.0).abs();
    let is_kink = gap > 10.0 * (left.1 + right.1) && gap > 1e-4 * left.0.abs().max(right.0.abs());
    Slope {
        central: central.0,
        uncertainty: central.1,
        kink: is_kink.then_some((left.0, right.0)),
    }
}

struct Sample {
    low: f64,
    high: f64,
    f_low: f64,
    f_high: f64,
}

/// A difference quotient and its rounding error.
fn difference(low: f64, f_low: f64, high: f64, f_high: f64) -> (f64, f64) {
    // The step that was taken, not the one that was wished for: x ± h is rounded.
    let step = high - low;
    (
        (f_high - f_low) / step,
        f64::EPSILON * (f_low.abs() + f_high.abs()) / step,
    )
}

/// The limit of difference quotients whose error terms shrink by `ratio`, `ratio`², … as the step is
/// halved, and its uncertainty.
fn extrapolate(quotients: impl Iterator<Item = (f64, f64)>, ratio: f64) -> (f64, f64) {
    let mut best = (f64::NAN, f64::INFINITY);
    let mut above: Vec<f64> = Vec::new();
    for (quotient, rounding) in quotients {
        if quotient.is_nan() {
            above.clear();
            continue;
        }
        let mut row = vec![quotient];
        let mut factor = 1.0;
        for (order, &coarse) in above.iter().enumerate() {
            factor *= ratio;
            let fine = row[order];
            let entry = fine + (fine - coarse) / (factor - 1.0);
            let uncertainty = (entry - fine).abs().max((entry - coarse).abs()) + rounding;
            if uncertainty < best.1 {
                best = (entry, uncertainty);
            }
            row.push(entry);
        }
        above = row;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_functions_are_measured_to_ten_digits() {
        type Case = (fn(f64) -> f64, f64, f64);
        let cases: [Case; 5] = [
            (f64::exp, 0.3, 0.3_f64.exp()),
            (f64::sin, 1e3, 1e3_f64.cos()),
            (
                |x| (64.0 * x).tanh(),
                0.01,
                64.0 / (0.64_f64.cosh().powi(2)),
            ),
            (|x| x * x, 0.0, 0.0),
            (|x| 1e8 + x, 5.0, 1.0),
        ];
        for (f, x, expected) in cases {
            let slope = slope(f, x);
            let off = (slope.central - expected).abs();
            assert!(
                off <= 1e-10 * expected.abs().max(1.0) || off <= slope.uncertainty,
                "{x}: {slope:?}, {expected}"
            );
            assert_eq!(slope.kink, None, "{x}: {slope:?}");
        }
    }

    #[test]
    fn a_kink_is_seen_with_both_slopes() {
        let slope = slope(|x: f64| x.max(0.0) + 3.0 * x, 0.0);
        let (left, right) = slope.kink.expect("relu has a kink at 0");
        assert!(
            (left - 3.0).abs() < 1e-9 && (right - 4.0).abs() < 1e-9,
            "{slope:?}"
        );
    }

    #[test]
    fn a_kink_nearby_is_not_one_here() {
        let slope = slope(|x: f64| x.abs(), 1e-3);
        assert_eq!(slope.kink, None);
        assert!((slope.central - 1.0).abs() < 1e-9, "{slope:?}");
    }

    #[test]
    fn steps_outside_the_domain_are_skipped() {
        let found = slope(|x: f64| x.sqrt(), 0.01);
        assert!((found.central - 5.0).abs() < 1e-7, "{found:?}");
        assert!(slope(|_| f64::NAN, 1.0).central.is_nan());
    }
}
