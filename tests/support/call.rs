//! One call of a loss by names: for tests that set two losses beside each other.

use loss_dsl::Reduction;
use ndarray::ArrayD;

use super::any::{AnyLoss, Number};
use super::arrays::{Array, Arrays};
use super::library;
use super::outcome::{Outcome, generated};

/// A loss with its settings and arrays.
#[derive(Debug, Clone)]
pub struct Call {
    /// The loss.
    pub loss: AnyLoss,
    /// Its arrays in declaration order.
    pub arrays: Arrays,
}

/// A built-in loss with some scalars set, and arrays by the names of its parameters.
///
/// # Panics
/// If the loss lacks a name that is given, or an array is missing.
pub fn call(name: &str, scalars: &[(&str, f64)], arrays: &[(&str, &Array)]) -> Call {
    let loss = scalars
        .iter()
        .fold(library::loss(name), |loss, &(scalar, value)| {
            loss.with_scalar(scalar, value)
        });
    let spec = loss.spec();
    let known = |given: &str| spec.arrays().any(|p| p.name == given);
    for (given, _) in arrays {
        assert!(known(given), "{name} has no {given}");
    }
    let array = |own: &str| {
        let found = arrays.iter().find(|(given, _)| *given == own);
        found
            .unwrap_or_else(|| panic!("{name} lacks {own}"))
            .1
            .clone()
    };
    let list = spec.arrays().map(|p| array(p.name)).collect();
    Call {
        arrays: Arrays::new(list),
        loss,
    }
}

impl Call {
    /// With the flag `name` at `value`.
    #[must_use]
    pub fn flag(mut self, name: &str, value: bool) -> Self {
        self.loss = self.loss.with_flag(name, value);
        self
    }

    /// Losses per sample, and gradients of their sum.
    ///
    /// # Panics
    /// If the call is refused.
    pub fn run<F: Number>(&self) -> Outcome {
        let per_sample = self.loss.clone().with_reduction(Reduction::None);
        let value = per_sample.evaluate(&self.arrays.inputs::<F>());
        let ones = super::outcome::elements(&value.expect("a correct call")).mapv(|_| 1.0);
        generated::<F>(&self.loss, &self.arrays, &ones)
    }

    /// The losses per sample.
    pub fn value(&self) -> ArrayD<f64> {
        self.run::<f64>().get("value").clone()
    }

    /// The gradient of the sum by the input or learned scalar `name`.
    pub fn gradient(&self, name: &str) -> ArrayD<f64> {
        self.run::<f64>().get(&format!("d{name}")).clone()
    }
}

/// The largest error of any array that both calls yield, the second multiplied by `factor`; relative to the largest
/// element of that array.
///
/// # Panics
/// If not even the values have one shape.
pub fn distance(left: &Call, factor: f64, right: &Call) -> f64 {
    let (left, right) = (left.run::<f64>(), right.run::<f64>());
    let has = |outcome: &Outcome, name: &str| outcome.arrays.iter().any(|(own, _)| own == name);
    let shared = |outcome: &Outcome, other: &Outcome, factor: f64| {
        let arrays = outcome.arrays.iter().filter(|(name, _)| has(other, name));
        Outcome {
            arrays: arrays
                .map(|(name, array)| (name.clone(), array * factor))
                .collect(),
        }
    };
    shared(&left, &right, 1.0)
        .error(&shared(&right, &left, factor))
        .0
}
