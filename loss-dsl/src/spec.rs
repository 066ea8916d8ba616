//! The signature of a loss as data: its dimensions, parameters and outputs.
//!
//! Generated code fills one static [`Spec`] per loss; the engine checks and lays out every call from
//! it, so that no loss has shape-checking code of its own. Dimensions are numbered by their place in
//! [`Spec::dims`]; two axes of a definition that index the same dimension (`axis M like N`) share a
//! number.

use core::fmt;

/// The signature of one loss.
#[derive(Debug)]
pub struct Spec {
    /// Name of the loss.
    pub name: &'static str,
    /// All dimensions that some parameter or output has.
    pub dims: &'static [DimSpec],
    /// All parameters in declaration order, except compile-time constants.
    pub parameters: &'static [ParameterSpec],
    /// Dimensions of the value: the batch axes, one loss per position. Empty for a scalar loss.
    pub value_axes: &'static [usize],
    /// Outputs besides the value (`pub let`), in declaration order.
    pub auxiliary: &'static [AuxiliarySpec],
    /// Whether the kernels address the batch axis by [`Tensor::at`](crate::Tensor) alone, so that
    /// it may stand for a pair of array axes; other losses get trailing axes through a permuted copy.
    pub splittable: bool,
    /// Whether samples interact (contrastive losses). An ignored sample of a coupled loss has no
    /// loss of its own but still takes part in those of the others.
    pub coupled: bool,
}

/// One dimension.
#[derive(Debug)]
pub struct DimSpec {
    /// Name of the axis in the definition.
    pub name: &'static str,
    /// Whether positions on it are samples. A batch dimension may have extent 0, others may not;
    /// and a single batch dimension may come with trailing array axes.
    pub batch: bool,
}

/// One parameter.
#[derive(Debug)]
pub struct ParameterSpec {
    /// Name in the definition.
    pub name: &'static str,
    /// What it is.
    pub kind: ParameterKind,
    /// Dimension of each of its axes; empty for scalars and flags.
    pub axes: &'static [usize],
}

impl ParameterSpec {
    /// Whether it is a tensor that has a gradient.
    pub fn is_differentiable(&self) -> bool {
        self.kind
            == ParameterKind::Tensor {
                differentiable: true,
            }
    }
}

/// The kinds of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// Real data.
    Tensor {
        /// Whether a gradient is computed for it.
        differentiable: bool,
    },
    /// Positions on an axis.
    Label {
        /// The dimension whose extent bounds the labels.
        range: usize,
    },
    /// Integers of any value that say what a sample belongs to; they are only compared with each other.
    Identity,
    /// Booleans.
    Mask,
    /// A run-time scalar, kept in a field of the loss.
    Scalar {
        /// Value in `Default`.
        default: f64,
        /// Whether a gradient is computed for it.
        learn: bool,
        /// Where it may lie; every scalar must be finite besides.
        domain: Option<Domain>,
    },
    /// A run-time boolean, kept in a field of the loss.
    Flag {
        /// Value in `Default`.
        default: bool,
    },
}

/// An interval. Infinite bounds mean that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Whether the lower bound itself is excluded.
    pub low_open: bool,
    /// Whether the upper bound itself is excluded.
    pub high_open: bool,
}

impl Domain {
    /// Whether `value` lies in the interval; never for NaN.
    pub fn contains(&self, value: f64) -> bool {
        let above = if self.low_open {
            value > self.low
        } else {
            value >= self.low
        };
        let below = if self.high_open {
            value < self.high
        } else {
            value <= self.high
        };
        above && below
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.low_open { '(' } else { '[' };
        let close = if self.high_open { ')' } else { ']' };
        write!(f, "{open}{}, {}{close}", self.low, self.high)
    }
}

/// One auxiliary output.
#[derive(Debug)]
pub struct AuxiliarySpec {
    /// Name in the definition.
    pub name: &'static str,
    /// Dimension of each of its axes.
    pub axes: &'static [usize],
    /// The scalar that has this value after a step (`next t = …`).
    pub next: Option<&'static str>,
}

impl Spec {
    /// Parameters that arrive as arrays (tensors, labels, masks), in declaration order.
    pub fn arrays(&self) -> impl Iterator<Item = &'static ParameterSpec> {
        self.parameters.iter().filter(|p| {
            matches!(
                p.kind,
                ParameterKind::Tensor { .. }
                    | ParameterKind::Label { .. }
                    | ParameterKind::Identity
                    | ParameterKind::Mask
            )
        })
    }

    /// Tensors that have a gradient, in declaration order.
    pub fn differentiable(&self) -> impl Iterator<Item = &'static ParameterSpec> {
        self.parameters.iter().filter(|p| p.is_differentiable())
    }

    /// Run-time scalars, in declaration order.
    pub fn scalars(&self) -> impl Iterator<Item = &'static ParameterSpec> {
        self.parameters
            .iter()
            .filter(|p| matches!(p.kind, ParameterKind::Scalar { .. }))
    }

    /// Scalars that have a gradient, in declaration order.
    pub fn learned(&self) -> impl Iterator<Item = &'static ParameterSpec> {
        self.parameters
            .iter()
            .filter(|p| matches!(p.kind, ParameterKind::Scalar { learn: true, .. }))
    }

    /// Names of the dimensions `axes`.
    pub(crate) fn axis_names(&self, axes: &[usize]) -> Vec<&'static str> {
        axes.iter().map(|&dim| self.dims[dim].name).collect()
    }

    /// The dimension that may come with trailing axes: the only batch dimension, where no parameter
    /// has it twice.
    pub(crate) fn extensible_batch(&self) -> Option<usize> {
        let mut batch = (0..self.dims.len()).filter(|&dim| self.dims[dim].batch);
        let only = batch.next().filter(|_| batch.next().is_none())?;
        let twice = |p: &ParameterSpec| p.axes.iter().filter(|&&dim| dim == only).count() > 1;
        (!self.parameters.iter().any(twice)).then_some(only)
    }
}
