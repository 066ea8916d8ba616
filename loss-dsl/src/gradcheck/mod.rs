//! Is a gradient right? Every element of it against differences of the value.
//!
//! For each element of each differentiable tensor and each learned scalar, the slope of the value is
//! measured in double precision by extrapolated differences and compared with what the loss says.
//! Where the slopes to the left and to the right disagree there is a kink: that is reported, and any
//! slope between the two counts as right there.
//!
//! A loss with `detach` is *meant* to have a gradient that is not the slope of its value; the checker
//! reports the difference. [`slope`] is how slopes are measured, for checks of one's own.

mod report;
mod slope;

pub use report::{GradientEntry, GradientReport};
pub use slope::{Slope, slope};

use ndarray::{ArrayD, Dimension, IxDyn};

use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::loss::Loss;
use crate::value::{Gradients, Upstream, Value};
use report::Measured;

/// Compares every element of every gradient with the slope of the value.
///
/// `inputs` is a tuple of references to arrays in declaration order, or [`Inputs`]. With
/// [`Reduction::None`](crate::Reduction::None), what is differentiated is Σₙ cₙ ℓₙ with cotangents cₙ
/// that all differ, so that a kernel which mixes up samples is found out.
///
/// The value is computed some 25 times for each element: use small inputs.
///
/// # Errors
/// As [`Loss::evaluate`]; and for a sharded loss, whose ranks would not make as many calls: check it where it is whole.
pub fn check_gradients<'a, L: Loss>(
    loss: &L,
    inputs: impl Into<Inputs<'a, f64>>,
) -> Result<GradientReport, Error> {
    if loss.spread_axis().is_some() {
        return Err(Error::CheckOfShards { loss: L::NAME });
    }
    let mut inputs = inputs.into();
    for input in inputs.as_mut_slice() {
        // What is stored in 16 bits could not be moved by a small step.
        if let Input::F16(_) | Input::Bf16(_) = input
            && let Some(numbers) = input.numbers()
        {
            *input = Input::Real(numbers.into_owned().into());
        }
    }
    let value = loss.evaluate(&inputs)?;
    let cotangent = value.per_sample().map(distinct_cotangents);
    let gradients = analytic(loss, &inputs, cotangent.as_ref())?;
    let mut report = GradientReport::new(weighted(&value, cotangent.as_ref()));
    let arrays = L::spec().arrays().enumerate();
    let tensors = arrays.filter(|(_, p)| p.is_differentiable());
    for ((at, parameter), gradient) in tensors.zip(&gradients.tensors) {
        report.add(
            parameter.name,
            along_tensor(loss, &inputs, at, gradient, cotangent.as_ref()),
        );
    }
    for (parameter, &gradient) in L::spec().learned().zip(&gradients.scalars) {
        report.add(
            parameter.name,
            vec![along_scalar(
                loss,
                &inputs,
                parameter.name,
                gradient,
                cotangent.as_ref(),
            )],
        );
    }
    Ok(report)
}

/// ½ plus the fractional part of n times the golden ratio: all different, none near 0.
fn distinct_cotangents(values: &ArrayD<f64>) -> ArrayD<f64> {
    let golden = |n: usize| 0.5 + (n as f64 * 0.618_033_988_749_894_9).fract();
    let cotangents: Vec<f64> = (0..values.len()).map(golden).collect();
    let shaped = ArrayD::from_shape_vec(values.raw_dim(), cotangents);
    shaped.expect("as many cotangents as values")
}

fn analytic<L: Loss>(
    loss: &L,
    inputs: &Inputs<'_, f64>,
    cotangent: Option<&ArrayD<f64>>,
) -> Result<Gradients<f64>, Error> {
    let (_, saved) = loss.save::<f64, ()>(inputs.clone())?;
    saved.pull_back(match cotangent {
        Some(cotangent) => Upstream::PerSample(cotangent.view()),
        None => Upstream::Scalar(1.0),
    })
}

/// The number that is differentiated.
fn weighted(value: &Value<f64>, cotangent: Option<&ArrayD<f64>>) -> f64 {
    match (value, cotangent) {
        (Value::PerSample(values), Some(cotangent)) => (values * cotangent).sum(),
        _ => value.total(),
    }
}

/// That number as a function of inputs; NaN where they are refused (a scalar outside its domain).
fn objective<L: Loss>(loss: &L, inputs: &Inputs<'_, f64>, cotangent: Option<&ArrayD<f64>>) -> f64 {
    loss.evaluate(inputs)
        .map_or(f64::NAN, |value| weighted(&value, cotangent))
}

fn along_tensor<L: Loss>(
    loss: &L,
    inputs: &Inputs<'_, f64>,
    at: usize,
    gradient: &ArrayD<f64>,
    cotangent: Option<&ArrayD<f64>>,
) -> Vec<Measured> {
    let mut moved = inputs.clone();
    let indices: Vec<IxDyn> = gradient.indexed_iter().map(|(index, _)| index).collect();
    let measure = |index: IxDyn| {
        let x = element(&mut moved, at, &index).map_or(f64::NAN, |slot| *slot);
        let mut set = |to: f64| {
            if let Some(slot) = element(&mut moved, at, &index) {
                *slot = to;
            }
            objective(loss, &moved, cotangent)
        };
        let slope = slope(&mut set, x);
        set(x);
        Measured {
            analytic: gradient[&index],
            index: index.as_array_view().to_vec(),
            slope,
        }
    };
    indices.into_iter().map(measure).collect()
}

/// One element of an input, which becomes a copy of its own.
fn element<'i>(inputs: &'i mut Inputs<'_, f64>, at: usize, index: &IxDyn) -> Option<&'i mut f64> {
    match &mut inputs.as_mut_slice()[at] {
        Input::Real(array) => array.get_mut(index.clone()),
        _ => None,
    }
}

fn along_scalar<L: Loss>(
    loss: &L,
    inputs: &Inputs<'_, f64>,
    name: &str,
    analytic: f64,
    cotangent: Option<&ArrayD<f64>>,
) -> Measured {
    let mut moved = loss.clone();
    let place = L::spec().scalars().position(|p| p.name == name);
    let x = place
        .and_then(|place| loss.scalar_values().get(place).copied())
        .unwrap_or(f64::NAN);
    let mut set = |to: f64| {
        moved.set_scalar(name, to);
        objective(&moved, inputs, cotangent)
    };
    Measured {
        index: Vec::new(),
        analytic,
        slope: slope(&mut set, x),
    }
}
