//! What an audit found.

use core::fmt;

use loss_codegen::ir::eval::{Exact, Number};

use super::truth::{True, Truth};

/// The accuracy of one loss.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Name of the loss.
    pub name: &'static str,
    /// The value, then the gradients.
    pub outputs: Vec<Output>,
}

/// The accuracy of one result.
#[derive(Clone, Debug)]
pub struct Output {
    /// `value`, or `d` and the name of an input.
    pub name: String,
    /// Of the generated kernels.
    pub kernel: Accuracy,
    /// Of the definition computed as it stands.
    pub naive: Accuracy,
}

/// Errors over all elements at all inputs, in units in the last place of the results' natural scale.
#[derive(Clone, Debug, Default)]
pub struct Accuracy {
    errors: Vec<f64>,
    /// How many elements are NaN or infinite where the true result and all that the definition computes on the way to the
    /// value are within the range of floats.
    pub lost: usize,
    /// How many more are NaN or infinite where the true result is a float, but a logit, a norm or a square that the definition
    /// names is beyond the largest.
    pub beyond: usize,
    /// The largest error; 0 if there is none.
    pub worst: f64,
    /// Where the largest error is, or the first element that was lost.
    pub at: Option<Worst>,
}

/// One element.
#[derive(Clone, Debug)]
pub struct Worst {
    /// The pattern of the inputs.
    pub pattern: &'static str,
    /// What came out.
    pub found: f32,
    /// What is true.
    pub expected: f64,
}

impl Accuracy {
    /// The median error.
    pub fn median(&self) -> f64 {
        let mut sorted = self.errors.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }

    /// How many errors were measured.
    pub fn measured(&self) -> usize {
        self.errors.len()
    }

    fn add(&mut self, pattern: &'static str, found: f32, truth: &True, in_range: bool) {
        let expected = truth.value.to_f64();
        // Beyond the largest float nothing is asked for, nor where there is no true value.
        if !(expected as f32).is_finite() {
            return;
        }
        let at = Worst {
            pattern,
            found,
            expected,
        };
        let is_in_range = |scale: &Exact| *scale <= Exact::from_f64(f32::MAX.into());
        if !in_range || !truth.scale.as_ref().is_none_or(is_in_range) {
            self.beyond += usize::from(!found.is_finite());
            return;
        }
        if !found.is_finite() {
            if self.lost == 0 {
                self.at = Some(at);
            }
            self.lost += 1;
            return;
        }
        let Some(scale) = &truth.scale else {
            return;
        };
        let error = ulps(found, truth, scale);
        self.errors.push(error);
        if error > self.worst {
            self.worst = error;
            if self.lost == 0 {
                self.at = Some(at);
            }
        }
    }

    fn merge(&mut self, other: &Accuracy) {
        let is_worse = (other.lost > 0, other.worst) > (self.lost > 0, self.worst);
        if is_worse || self.at.is_none() {
            self.at.clone_from(&other.at);
        }
        self.errors.extend(&other.errors);
        self.lost += other.lost;
        self.beyond += other.beyond;
        self.worst = self.worst.max(other.worst);
    }
}

/// Whether an element is off by more than a unit of its scale.
pub(super) fn is_off(truth: &Truth, found: &[Vec<f32>]) -> bool {
    let outputs = truth.outputs.iter().zip(found);
    let mut elements = outputs.flat_map(|(truth, found)| truth.iter().zip(found));
    elements.any(|(truth, found)| {
        let scale = truth.scale.as_ref().filter(|_| found.is_finite());
        scale.is_some_and(|scale| ulps(*found, truth, scale) > 1.0)
    })
}

/// `|found − exact|` in units of ε · scale, the scale at least 2⁻¹²⁰, or of what rounding moves, whichever is larger.
fn ulps(found: f32, truth: &True, scale: &Exact) -> f64 {
    let error = Exact::from_f64(found.into()).sub(&truth.value);
    let least = Exact::power_of_two(-120);
    let unit = scale.larger(&least).mul(&Exact::power_of_two(-23));
    let unit = unit.larger(&truth.jump);
    error.div(&unit).to_f64().abs()
}

impl Audit {
    pub(super) fn new(name: &'static str, outputs: Vec<String>) -> Self {
        let outputs = outputs.into_iter().map(|name| Output {
            name,
            kernel: Accuracy::default(),
            naive: Accuracy::default(),
        });
        Audit {
            name,
            outputs: outputs.collect(),
        }
    }

    pub(super) fn add(
        &mut self,
        pattern: &'static str,
        truth: &Truth,
        naive: &[Vec<f32>],
        kernel: &[Vec<f32>],
    ) {
        for (i, output) in self.outputs.iter_mut().enumerate() {
            for (at, element) in truth.outputs[i].iter().enumerate() {
                output
                    .kernel
                    .add(pattern, kernel[i][at], element, truth.in_range);
                output
                    .naive
                    .add(pattern, naive[i][at], element, truth.in_range);
            }
        }
    }

    /// The accuracy of value and gradients together as the kernels compute them.
    pub fn kernel(&self) -> Accuracy {
        self.together(|output| &output.kernel)
    }

    /// Likewise of the naive program.
    pub fn naive(&self) -> Accuracy {
        self.together(|output| &output.naive)
    }

    fn together(&self, of: impl Fn(&Output) -> &Accuracy) -> Accuracy {
        let mut all = Accuracy::default();
        for output in &self.outputs {
            all.merge(of(output));
        }
        all
    }
}

impl fmt::Display for Accuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worst {:.1}, median {:.2}", self.worst, self.median())?;
        if self.lost > 0 {
            write!(f, ", {} lost", self.lost)?;
        }
        if self.beyond > 0 {
            write!(f, ", {} beyond", self.beyond)?;
        }
        if let Some(at) = &self.at {
            write!(f, " ({}: {:e} for {:e})", at.pattern, at.found, at.expected)?;
        }
        Ok(())
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: errors in ulp of the natural scale", self.name)?;
        for output in &self.outputs {
            writeln!(f, "    {}", output.name)?;
            writeln!(f, "        kernel {}", output.kernel)?;
            writeln!(f, "        naive  {}", output.naive)?;
        }
        Ok(())
    }
}
