//! What can be wrong with a call. Every error is found before anything is written.

use core::fmt;

use crate::spec::Domain;

/// Why a call was refused. Nothing that the caller passed has been changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The number of arrays is not the number of array parameters.
    InputCount {
        /// How many were passed.
        found: usize,
        /// The parameters, in order.
        expected: Vec<&'static str>,
    },
    /// An array of the wrong kind of elements (say labels where real numbers are declared).
    InputKind {
        /// Name of the parameter.
        input: &'static str,
        /// What was passed.
        found: &'static str,
        /// What is declared.
        expected: &'static str,
    },
    /// The wrong number of array axes.
    Rank {
        /// Name of the parameter.
        input: &'static str,
        /// The shape that came.
        shape: Vec<usize>,
        /// The declared axes.
        axes: Vec<&'static str>,
        /// How many trailing axes are expected besides, and the parameter that set this.
        trailing: Option<(usize, &'static str)>,
    },
    /// An extent that contradicts another parameter's.
    Extent {
        /// Name of the parameter.
        input: &'static str,
        /// Name of the axis, or `number k` for trailing axes, counted from 0 in the shape.
        axis: String,
        /// The shape that came.
        shape: Vec<usize>,
        /// The extent that the axis should have.
        expected: usize,
        /// The parameter that set the extent.
        set_by: &'static str,
    },
    /// An axis without positions that is not a batch axis.
    EmptyAxis {
        /// Name of the parameter.
        input: &'static str,
        /// Name of the axis.
        axis: &'static str,
        /// The shape that came.
        shape: Vec<usize>,
    },
    /// A label that is not a position on its axis (nor the ignored one).
    LabelOutOfRange {
        /// Name of the parameter.
        input: &'static str,
        /// Where in the array.
        position: Vec<usize>,
        /// The label.
        value: i128,
        /// Name of the axis that it should index.
        axis: &'static str,
        /// Extent of that axis: labels run from 0 up to this, exclusive.
        classes: usize,
    },
    /// A scalar that is not finite or outside its domain.
    Scalar {
        /// Name of the scalar.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its domain, if one is declared.
        domain: Option<Domain>,
    },
    /// Sample weights that don't have the shape of the per-sample losses.
    SampleWeights {
        /// The shape that came.
        shape: Vec<usize>,
        /// The shape of the per-sample losses; empty for a scalar loss, which has no sample weights.
        expected: Vec<usize>,
    },
    /// An ignored label is set, but no label of the loss belongs to single samples.
    IgnoreIndex {
        /// Name of the loss.
        loss: &'static str,
    },
    /// The number of gradient buffers is not the number of differentiable parameters.
    GradientCount {
        /// How many were passed.
        found: usize,
        /// The differentiable parameters, in order.
        expected: Vec<&'static str>,
    },
    /// A gradient buffer that is not shaped like its input.
    GradientShape {
        /// Name of the parameter.
        input: &'static str,
        /// The buffer's shape.
        shape: Vec<usize>,
        /// The input's shape.
        expected: Vec<usize>,
    },
    /// An axis that cannot be sharded.
    NotSharded {
        /// Name of the loss.
        loss: &'static str,
        /// The axis that was asked for.
        axis: String,
        /// The axis that can be, if there is one.
        possible: Option<&'static str>,
    },
    /// A check of gradients where an axis is sharded.
    CheckOfShards {
        /// Name of the loss.
        loss: &'static str,
    },
    /// Shards that have other positions together than the axis should have.
    ShardedExtent {
        /// The axis.
        axis: &'static str,
        /// How many all ranks have together.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// What another rank found wrong with a sharded call, or this one.
    OnRank {
        /// The rank; the lowest, if there are several.
        rank: usize,
        /// What is wrong there.
        message: String,
    },
    /// Ranks that do not make the same call.
    Disagreement {
        /// The lowest rank that does something else than rank 0.
        rank: usize,
        /// What is different.
        what: String,
    },
    /// An upstream gradient that is not shaped like the value.
    Upstream {
        /// The shape that came; `None` for a scalar.
        shape: Option<Vec<usize>>,
        /// The value's shape; `None` for a scalar.
        expected: Option<Vec<usize>>,
    },
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InputCount { found, expected } => {
                write!(
                    f,
                    "{found} arrays given, {} expected: {}",
                    expected.len(),
                    expected.join(", ")
                )
            }
            Self::InputKind {
                input,
                found,
                expected,
            } => {
                write!(f, "`{input}`: {found} given, {expected} expected")
            }
            Self::Rank {
                input,
                shape,
                axes,
                trailing,
            } => rank(f, input, shape, axes, *trailing),
            Self::Extent {
                input,
                axis,
                shape,
                expected,
                set_by,
            } => write!(
                f,
                "`{input}`: shape {shape:?} given, but axis {axis} has extent {expected}, set by `{set_by}`"
            ),
            Self::EmptyAxis { input, axis, shape } => {
                write!(
                    f,
                    "`{input}`: shape {shape:?} given, but axis {axis} must not be empty"
                )
            }
            Self::LabelOutOfRange {
                input,
                position,
                value,
                axis,
                classes,
            } => write!(
                f,
                "`{input}`: label {value} at {position:?} is not a position on axis {axis}, which has extent {classes}"
            ),
            Self::Scalar {
                name,
                value,
                domain: Some(domain),
            } if value.is_finite() => {
                write!(f, "`{name}`: {value} given, but it must lie in {domain}")
            }
            Self::Scalar { name, value, .. } => {
                write!(f, "`{name}`: {value} given, but it must be finite")
            }
            Self::SampleWeights { shape, expected } => {
                write!(
                    f,
                    "sample weights: shape {shape:?} given, the losses have shape {expected:?}"
                )
            }
            Self::IgnoreIndex { loss } => {
                write!(
                    f,
                    "an ignored label is set, but no label of {loss} belongs to single samples"
                )
            }
            Self::GradientCount { found, expected } => {
                write!(
                    f,
                    "{found} gradient buffers given, {} expected: {}",
                    expected.len(),
                    expected.join(", ")
                )
            }
            Self::GradientShape {
                input,
                shape,
                expected,
            } => {
                write!(
                    f,
                    "gradient of `{input}`: shape {shape:?} given, the input has shape {expected:?}"
                )
            }
            Self::NotSharded {
                loss,
                axis,
                possible,
            } => {
                write!(f, "axis {axis} of {loss} cannot be sharded: ")?;
                match possible {
                    Some(possible) => write!(f, "of its axes, {possible} can"),
                    None => write!(
                        f,
                        "none can, since each is of the batch or has its dimension in common with another"
                    ),
                }
            }
            Self::CheckOfShards { loss } => write!(
                f,
                "gradients of {loss} can be checked where it has all of its arrays, not where it has a part of them"
            ),
            Self::ShardedExtent {
                axis,
                found,
                expected,
            } => write!(
                f,
                "axis {axis}: all ranks together have {found} positions, {expected} expected"
            ),
            Self::OnRank { rank, message } => write!(f, "rank {rank}: {message}"),
            Self::Disagreement { rank, what } => {
                write!(f, "rank {rank} and rank 0 differ: {what}")
            }
            Self::Upstream { shape, expected } => {
                write!(
                    f,
                    "upstream gradient: {} given, {} expected",
                    upstream(shape),
                    upstream(expected)
                )
            }
        }
    }
}

fn rank(
    f: &mut fmt::Formatter<'_>,
    input: &str,
    shape: &[usize],
    axes: &[&str],
    trailing: Option<(usize, &'static str)>,
) -> fmt::Result {
    write!(
        f,
        "`{input}`: shape {shape:?} given, axes [{}] expected",
        axes.join(", ")
    )?;
    match trailing {
        Some((count, set_by)) => write!(f, " and {count} trailing ones as `{set_by}` has"),
        None => Ok(()),
    }
}

fn upstream(shape: &Option<Vec<usize>>) -> String {
    match shape {
        Some(shape) => format!("one of shape {shape:?}"),
        None => "a scalar".to_owned(),
    }
}
