//! All numbers that a call of a loss yields, and how far two sets of them are apart.

use loss_dsl::{Float, GradientTargets, Reduction, Value};
use ndarray::{ArrayD, IxDyn};

use super::any::{AnyLoss, Number};
use super::arrays::Arrays;

/// Losses per sample, gradients for a cotangent per sample, auxiliary outputs.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Name and elements of each array.
    pub arrays: Vec<(String, ArrayD<f64>)>,
}

/// What the generated kernels of `loss` make of `arrays`, computed with numbers `F`; gradients go into buffers that hold
/// NaN, in the layout of `arrays`.
///
/// # Panics
/// If the call is refused.
pub fn generated<F: Number>(loss: &AnyLoss, arrays: &Arrays, cotangent: &ArrayD<f64>) -> Outcome {
    let loss = loss.clone().with_reduction(Reduction::None);
    let inputs = arrays.inputs::<F>();
    let spec = loss.spec();
    let (value, auxiliary) = loss.evaluate_auxiliary(&inputs).expect("a correct call");
    let mut list = vec![("value".to_owned(), elements(&value))];
    let names = spec.auxiliary.iter().map(|output| output.name.to_owned());
    list.extend(names.zip(auxiliary.iter().map(widened)));
    let differentiable: Vec<bool> = spec
        .arrays()
        .map(|p| spec.differentiable().any(|d| d.name == p.name))
        .collect();
    let mut buffers: Vec<ArrayD<F>> = (0..differentiable.len())
        .filter(|&at| differentiable[at])
        .map(|at| arrays.number(&arrays.real(at).mapv(|_| f64::NAN)))
        .collect();
    let mut learned = vec![F::NAN; spec.learned().count()];
    let targets = GradientTargets {
        tensors: buffers
            .iter_mut()
            .map(|buffer| buffer.view_mut().into())
            .collect(),
        scalars: learned.iter_mut().collect(),
    };
    let cotangent = cotangent.mapv(F::from_f64);
    let upstream = AnyLoss::upstream(&value, &cotangent);
    loss.pull_back_into(&inputs, upstream, targets)
        .expect("a correct call");
    let names = spec.differentiable().map(|p| format!("d{}", p.name));
    list.extend(names.zip(buffers.iter().map(widened)));
    for (parameter, slope) in spec.learned().zip(learned) {
        let slope = ArrayD::from_elem(IxDyn(&[]), slope.to_f64());
        list.push((format!("d{}", parameter.name), slope));
    }
    Outcome { arrays: list }
}

/// The losses per sample in f64, of no axes for a scalar loss.
pub fn elements<F: Float>(value: &Value<F>) -> ArrayD<f64> {
    match value {
        Value::Total(total) => ArrayD::from_elem(IxDyn(&[]), total.to_f64()),
        Value::PerSample(values) => widened(values),
    }
}

/// The same numbers in f64.
pub fn widened<F: Float>(array: &ArrayD<F>) -> ArrayD<f64> {
    array.mapv(F::to_f64)
}

impl Outcome {
    /// An array by name.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn get(&self, name: &str) -> &ArrayD<f64> {
        let found = self.arrays.iter().find(|(own, _)| own == name);
        &found.unwrap_or_else(|| panic!("no array {name}")).1
    }

    /// The largest error of any array against its namesake, relative to that one's largest element (absolute if all of
    /// it is rounding of an exact 0); and the array's name. A NaN is right where a NaN is expected, and
    /// likewise infinities.
    pub fn error(&self, expected: &Outcome) -> (f64, String) {
        let names = |outcome: &Outcome| -> Vec<String> {
            outcome
                .arrays
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        assert_eq!(names(self), names(expected));
        let errors = self.arrays.iter().zip(&expected.arrays);
        errors
            .map(|((name, found), (_, expected))| (scaled_error(found, expected), name.clone()))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .expect("a value at least")
    }
}

fn scaled_error(found: &ArrayD<f64>, expected: &ArrayD<f64>) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let finite = expected.iter().filter(|e| e.is_finite());
    let largest = finite.fold(0.0_f64, |scale, e| scale.max(e.abs()));
    let scale = if largest < 1e-13 { 1.0 } else { largest };
    let error = |(f, e): (&f64, &f64)| {
        if f == e || f.is_nan() && e.is_nan() {
            0.0
        } else if f.is_finite() && e.is_finite() {
            (f - e).abs() / scale
        } else {
            f64::INFINITY
        }
    };
    found.iter().zip(expected).map(error).fold(0.0, f64::max)
}
