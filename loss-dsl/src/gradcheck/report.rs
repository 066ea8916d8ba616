//! What the gradient checker found.

use core::fmt;

use super::slope::Slope;

/// One element of a gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientEntry {
    /// Name of the tensor or scalar.
    pub parameter: &'static str,
    /// Where in the tensor; empty for a scalar.
    pub index: Vec<usize>,
    /// What the loss says.
    pub analytic: f64,
    /// What differences of the value say.
    pub numeric: f64,
    /// How far `numeric` may be off.
    pub uncertainty: f64,
    /// The slopes to the left and to the right, where they disagree.
    pub kink: Option<(f64, f64)>,
    /// |analytic − numeric|, or at a kink the distance of `analytic` from the interval of the one-sided
    /// slopes, over the parameter's [scale](GradientReport::scale). Infinite if it is not a number.
    pub error: f64,
}

impl fmt::Display for GradientEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            parameter,
            index,
            analytic,
            numeric,
            uncertainty,
            kink,
            error,
        } = self;
        let place = if index.is_empty() {
            String::new()
        } else {
            format!("{index:?}")
        };
        write!(
            f,
            "{parameter}{place}: analytic {analytic:.12e}, numeric {numeric:.12e} ± {uncertainty:.0e}, "
        )?;
        write!(f, "error {error:.1e}")?;
        match kink {
            Some((left, right)) => write!(f, ", kink with slopes {left:.6e} and {right:.6e}"),
            None => Ok(()),
        }
    }
}

/// A measured slope beside the analytic one.
pub(super) struct Measured {
    pub(super) index: Vec<usize>,
    pub(super) analytic: f64,
    pub(super) slope: Slope,
}

/// Every element of every gradient, analytic and numeric.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientReport {
    value: f64,
    entries: Vec<GradientEntry>,
    scales: Vec<(&'static str, f64)>,
}

impl GradientReport {
    pub(super) fn new(value: f64) -> Self {
        Self {
            value,
            entries: Vec::new(),
            scales: Vec::new(),
        }
    }

    /// Adds all elements of one parameter.
    pub(super) fn add(&mut self, parameter: &'static str, measured: Vec<Measured>) {
        let sizes = measured
            .iter()
            .flat_map(|m| [m.analytic.abs(), m.slope.central.abs()]);
        let largest = sizes.filter(|size| size.is_finite()).fold(0.0, f64::max);
        let scale = largest.max(1e-6 * self.value.abs()).max(f64::MIN_POSITIVE);
        self.scales.push((parameter, scale));
        self.entries
            .extend(measured.into_iter().map(|m| entry(parameter, m, scale)));
    }

    /// The number whose slopes were measured.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// All elements: tensors in declaration order, each row-major, then learned scalars.
    pub fn entries(&self) -> &[GradientEntry] {
        &self.entries
    }

    /// What the errors of a parameter are relative to: the largest slope of any of its elements,
    /// analytic or numeric, but not less than a millionth of the value.
    pub fn scale(&self, parameter: &str) -> Option<f64> {
        self.scales
            .iter()
            .find(|(name, _)| *name == parameter)
            .map(|(_, scale)| *scale)
    }

    /// The element of the largest error.
    pub fn worst(&self) -> Option<&GradientEntry> {
        self.entries
            .iter()
            .max_by(|a, b| a.error.total_cmp(&b.error))
    }

    /// The largest error, 0 if there are no elements.
    pub fn max_error(&self) -> f64 {
        self.worst().map_or(0.0, |worst| worst.error)
    }

    /// The elements at which the value has a kink.
    pub fn kinks(&self) -> impl Iterator<Item = &GradientEntry> {
        self.entries.iter().filter(|entry| entry.kink.is_some())
    }
}

fn entry(parameter: &'static str, measured: Measured, scale: f64) -> GradientEntry {
    let Measured {
        index,
        analytic,
        slope,
    } = measured;
    let Slope {
        central: numeric,
        uncertainty,
        kink,
    } = slope;
    GradientEntry {
        parameter,
        index,
        analytic,
        numeric,
        uncertainty,
        kink,
        error: slope.distance(analytic) / scale,
    }
}

impl fmt::Display for GradientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "value {:.12e}", self.value)?;
        for (parameter, scale) in &self.scales {
            let own = || {
                self.entries
                    .iter()
                    .filter(|entry| entry.parameter == *parameter)
            };
            let worst = own().map(|entry| entry.error).fold(0.0, f64::max);
            let kinks = own().filter(|entry| entry.kink.is_some()).count();
            writeln!(
                f,
                "{parameter}: {} elements, largest error {worst:.1e} of {scale:.3e}, {kinks} kinks",
                own().count()
            )?;
        }
        match self.worst() {
            Some(worst) => write!(f, "worst: {worst}"),
            None => write!(f, "no gradients"),
        }
    }
}
