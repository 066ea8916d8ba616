//! What can be wrong with a call.

use std::fmt;

use burn::tensor::DType;

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The loss refuses shapes, labels or settings.
    Loss {
        /// Name of the loss.
        loss: &'static str,
        /// What is wrong.
        error: loss_dsl::Error,
    },
    /// A tensor of a backend that there are no kernels for.
    Backend {
        /// Name of the parameter.
        input: String,
        /// What burn says of it.
        found: String,
    },
    /// Elements of a type that has no meaning for the parameter.
    Type {
        /// Name of the parameter.
        input: String,
        /// The type.
        found: DType,
        /// What would have a meaning.
        expected: &'static str,
    },
    /// Tensors of `f64` and of other types in one call.
    MixedTypes {
        /// A parameter in `f64`.
        double: &'static str,
        /// One in another type.
        other: &'static str,
        /// That type.
        found: DType,
    },
    /// A learned scalar that the loss has not.
    NoSuchScalar {
        /// Name of the loss.
        loss: &'static str,
        /// The name that was given.
        scalar: String,
        /// Those that it learns.
        learned: Vec<&'static str>,
    },
    /// A learned scalar or a value that has not the shape that is asked for.
    Shape {
        /// What it is.
        what: String,
        /// Its shape.
        found: Vec<usize>,
        /// What is asked for.
        expected: String,
    },
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Loss { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loss { loss, error } => write!(f, "{loss}: {error}"),
            Self::Backend { input, found } => {
                write!(
                    f,
                    "`{input}` is not on flex, the backend that there are kernels for: {found}"
                )
            }
            Self::Type {
                input,
                found,
                expected,
            } => {
                write!(f, "`{input}` is {found:?}, where {expected} is expected")
            }
            Self::MixedTypes {
                double,
                other,
                found,
            } => {
                write!(
                    f,
                    "`{double}` is F64 and `{other}` is {found:?}, where all are F64 or none is: convert one with `cast`"
                )
            }
            Self::NoSuchScalar {
                loss,
                scalar,
                learned,
            } => {
                write!(
                    f,
                    "{loss} learns no scalar `{scalar}`; it learns {learned:?}"
                )
            }
            Self::Shape {
                what,
                found,
                expected,
            } => {
                write!(
                    f,
                    "{what} is of shape {found:?}, where {expected} is expected"
                )
            }
        }
    }
}
