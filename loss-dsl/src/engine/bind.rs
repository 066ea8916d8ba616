//! Every check of a call, and the extent of every dimension.
//!
//! The first array that has a dimension sets its extent, later ones must agree. Where an axis is sharded, ranks agree first that each can
//! make its part of the call. If every array that
//! carries the single batch axis has the same k axes more than declared, these extend the batch.

use super::agree::{self, Place, Request};
use super::bound::Bound;
use super::target;
use crate::error::Error;
use crate::input::{Input, Inputs};
use crate::loss::Loss;
use crate::options::Options;
use crate::rt::{Float, Stored};
use crate::spec::{ParameterKind, ParameterSpec, Spec};
use crate::value::{GradientTargets, Upstream};

/// Checks a call, of which all ranks make their part if an axis is sharded.
pub(super) fn bind<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    request: &Request<'_, '_, F>,
    targets: Option<&GradientTargets<'_, F>>,
) -> Result<Bound<F>, Error> {
    let spec = L::spec();
    let shapes = shapes(loss, inputs);
    let check_targets = || targets.map_or(Ok(()), |t| target::check(spec, inputs, t));
    let Some(axis) = loss.spread_axis() else {
        let bound = bind_arrays(spec, loss.options(), inputs, shapes?, None)?;
        check_targets()?;
        return Ok(bound);
    };
    let shapes = shapes.and_then(|shapes| check_targets().map(|()| shapes));
    let extents = shapes.as_ref().map(|shapes| &*shapes.0);
    let place = agree::agree(loss, axis, inputs, request, extents)?;
    let bound = bind_arrays(spec, loss.options(), inputs, shapes?, Some(place));
    // What else can be wrong is wrong on all ranks, but for labels that are parts.
    let is_part = |p: &ParameterSpec| {
        matches!(p.kind, ParameterKind::Label { .. }) && p.axes.contains(&axis.dim)
    };
    match spec.arrays().any(is_part) {
        true => agree::agree_on(&axis.ranks, bound),
        false => bound,
    }
}

/// Checks that all ranks can pull back through the call that they have bound, by the same gradient.
pub(super) fn agree_again<L: Loss, F: Float>(
    loss: &L,
    inputs: &Inputs<'_, F>,
    bound: &Bound<F>,
    upstream: &Upstream<'_, F>,
    checked: Result<(), Error>,
) -> Result<(), Error> {
    let Some(axis) = loss.spread_axis() else {
        return checked;
    };
    let request = Request {
        method: "pull back",
        upstream: Some(upstream),
    };
    let checked = checked.as_ref().map(|()| &*bound.dims);
    agree::agree(loss, axis, inputs, &request, checked).map(|_| ())
}

/// The extents of dimensions and of trailing axes.
type Shapes<'i> = (Vec<usize>, &'i [usize]);

/// Checks what is wrong or right whatever the extent of a sharded axis is on other ranks.
fn shapes<'i, L: Loss, F: Float>(loss: &L, inputs: &'i Inputs<'_, F>) -> Result<Shapes<'i>, Error> {
    let spec = L::spec();
    check_scalars(spec, &loss.scalar_values())?;
    check_kinds(spec, inputs)?;
    let (trailing, _) = trailing_axes(spec, inputs)?;
    let sharded = loss.spread_axis().map(|axis| axis.dim);
    Ok((extents(spec, inputs, sharded)?, trailing))
}

/// Checks that scalars are finite and where they may be.
pub(super) fn check_scalars(spec: &'static Spec, values: &[f64]) -> Result<(), Error> {
    for (parameter, &value) in spec.scalars().zip(values) {
        if let ParameterKind::Scalar { domain, .. } = parameter.kind
            && !(value.is_finite() && domain.is_none_or(|domain| domain.contains(value)))
        {
            return Err(Error::Scalar {
                name: parameter.name,
                value,
                domain,
            });
        }
    }
    Ok(())
}

fn bind_arrays<F: Float>(
    spec: &'static Spec,
    options: &Options,
    inputs: &Inputs<'_, F>,
    (extents, trailing): Shapes<'_>,
    place: Option<Place>,
) -> Result<Bound<F>, Error> {
    let mut bound = Bound::new(spec, extents, trailing, place);
    bound.bind_labels(options, inputs)?;
    check_sample_weights(options, &bound)?;
    for (index, (parameter, input)) in spec.arrays().zip(inputs.as_slice()).enumerate() {
        match (parameter.kind, input) {
            (ParameterKind::Tensor { .. }, Input::Real(array)) => {
                bound.bind_tensor(parameter, index, &array.view(), |numbers| numbers);
            }
            (ParameterKind::Tensor { .. }, Input::F16(array)) => {
                bound.bind_tensor(parameter, index, array, |halves| {
                    Stored::F16(&halves).to_vec()
                });
            }
            (ParameterKind::Tensor { .. }, Input::Bf16(array)) => {
                bound.bind_tensor(parameter, index, array, |halves| {
                    Stored::Bf16(&halves).to_vec()
                });
            }
            (ParameterKind::Mask, _) => bound.bind_mask(parameter, index, input),
            _ => {}
        }
    }
    Ok(bound)
}

fn check_kinds<F: Float>(spec: &'static Spec, inputs: &Inputs<'_, F>) -> Result<(), Error> {
    let expected: Vec<_> = spec.arrays().map(|p| p.name).collect();
    if expected.len() != inputs.as_slice().len() {
        return Err(Error::InputCount {
            found: inputs.as_slice().len(),
            expected,
        });
    }
    for (parameter, input) in spec.arrays().zip(inputs.as_slice()) {
        let expected = match (parameter.kind, input) {
            (ParameterKind::Tensor { .. }, Input::Labels(_) | Input::Mask(_)) => {
                "an array of real numbers"
            }
            (
                ParameterKind::Label { .. } | ParameterKind::Identity,
                Input::Real(_) | Input::F16(_) | Input::Bf16(_) | Input::Mask(_),
            ) => "an array of integer labels",
            _ => continue,
        };
        let found = match input {
            Input::Real(_) | Input::F16(_) | Input::Bf16(_) => "an array of real numbers",
            Input::Labels(_) => "an array of integers",
            Input::Mask(_) => "an array of booleans",
        };
        return Err(Error::InputKind {
            input: parameter.name,
            found,
            expected,
        });
    }
    Ok(())
}

/// The extents of the trailing axes, and the parameter that sets them.
fn trailing_axes<'i, F: Float>(
    spec: &'static Spec,
    inputs: &'i Inputs<'_, F>,
) -> Result<(&'i [usize], &'static str), Error> {
    let batch = spec.extensible_batch();
    let mut set: Option<(&[usize], &'static str)> = None;
    for (parameter, input) in spec.arrays().zip(inputs.as_slice()) {
        let (shape, declared) = (input.shape(), parameter.axes.len());
        let extensible = batch.is_some_and(|batch| parameter.axes.contains(&batch));
        let wrong_rank = |trailing| Error::Rank {
            input: parameter.name,
            shape: shape.to_vec(),
            axes: spec.axis_names(parameter.axes),
            trailing,
        };
        match set {
            _ if !extensible && shape.len() != declared => return Err(wrong_rank(None)),
            _ if !extensible => {}
            None if shape.len() < declared => return Err(wrong_rank(None)),
            None => set = Some((&shape[declared..], parameter.name)),
            Some((trailing, set_by)) => {
                let count = trailing.len();
                if shape.len() != declared + count {
                    return Err(wrong_rank((count > 0).then_some((count, set_by))));
                }
                check_trailing(parameter, shape, trailing, set_by)?;
            }
        }
    }
    Ok(set.unwrap_or_default())
}

fn check_trailing(
    parameter: &'static ParameterSpec,
    shape: &[usize],
    trailing: &[usize],
    set_by: &'static str,
) -> Result<(), Error> {
    let found = &shape[parameter.axes.len()..];
    match found
        .iter()
        .zip(trailing)
        .position(|(found, expected)| found != expected)
    {
        None => Ok(()),
        Some(at) => Err(Error::Extent {
            input: parameter.name,
            axis: format!("number {}", parameter.axes.len() + at),
            shape: shape.to_vec(),
            expected: trailing[at],
            set_by,
        }),
    }
}

/// The extent of each dimension, without trailing axes.
fn extents<F: Float>(
    spec: &'static Spec,
    inputs: &Inputs<'_, F>,
    sharded: Option<usize>,
) -> Result<Vec<usize>, Error> {
    let mut dims: Vec<Option<(usize, &'static str)>> = vec![None; spec.dims.len()];
    for (parameter, input) in spec.arrays().zip(inputs.as_slice()) {
        for (&dim, &extent) in parameter.axes.iter().zip(input.shape()) {
            let axis = spec.dims[dim].name;
            let shape = || input.shape().to_vec();
            match dims[dim] {
                None if extent == 0 && !spec.dims[dim].batch && sharded != Some(dim) => {
                    return Err(Error::EmptyAxis {
                        input: parameter.name,
                        axis,
                        shape: shape(),
                    });
                }
                None => dims[dim] = Some((extent, parameter.name)),
                Some((expected, set_by)) if expected != extent => {
                    let (input, axis) = (parameter.name, axis.to_owned());
                    return Err(Error::Extent {
                        input,
                        axis,
                        shape: shape(),
                        expected,
                        set_by,
                    });
                }
                Some(_) => {}
            }
        }
    }
    Ok(dims
        .into_iter()
        .map(|set| set.map_or(0, |(extent, _)| extent))
        .collect())
}

fn check_sample_weights<F: Float>(options: &Options, bound: &Bound<F>) -> Result<(), Error> {
    let expected = bound.array_shape(bound.value_axes());
    match &options.sample_weights {
        Some(weights) if bound.is_scalar() || weights.shape() != expected => {
            Err(Error::SampleWeights {
                shape: weights.shape().to_vec(),
                expected,
            })
        }
        _ => Ok(()),
    }
}
