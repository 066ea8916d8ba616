//! The forms that are handed from stage to stage.

use super::{Annotations, AxisId, DimId, Graph, NodeId, ParamId, Range};
use crate::support::rational::Rational;

/// What a parameter is.
#[derive(Clone, PartialEq, Debug)]
pub enum Role {
    /// A real tensor.
    Tensor {
        /// Whether a gradient is wanted.
        differentiable: bool,
    },
    /// Positions on a dimension.
    Label(DimId),
    /// Names of what samples belong to: compared with each other, nothing else.
    Identity,
    /// Truth values.
    Mask,
    /// A run-time scalar.
    Scalar {
        /// Whether a gradient is wanted.
        learn: bool,
        /// Value of the field in `Default`; 1 if the definition gives none.
        default: f64,
    },
    /// A run-time boolean with its default.
    Flag(bool),
    /// A compile-time integer, already replaced by its value; kept for the interface.
    Static(i64),
    /// ∂total/∂loss, an implicit parameter over the batch axes.
    Cotangent,
}

impl Role {
    /// Whether it arrives as an array.
    pub fn is_array(&self) -> bool {
        match self {
            Role::Tensor { .. } | Role::Label(_) | Role::Identity | Role::Mask => true,
            Role::Scalar { .. } | Role::Flag(_) | Role::Static(_) | Role::Cotangent => false,
        }
    }
}

/// A parameter of a definition.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// The axes of its array, in array order; empty for scalars.
    pub axes: Vec<AxisId>,
    /// Declared values.
    pub range: Range,
    /// Its documentation.
    pub doc: String,
}

/// A named output besides the value (`pub let`, `next`).
#[derive(Clone, PartialEq, Debug)]
pub struct Auxiliary {
    /// Its name.
    pub name: String,
    /// Its expression.
    pub node: NodeId,
    /// Array order of its axes.
    pub axes: Vec<AxisId>,
    /// The scalar that has this value after a step (`next t = …`).
    pub next: Option<ParamId>,
}

/// A checked definition.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The name of the type.
    pub name: String,
    /// Documentation of the definition, without markers.
    pub doc: String,
    /// The definition, tidily printed.
    pub source: String,
    /// Axes, dimensions, parameters and expressions.
    pub graph: Graph,
    /// The loss per batch position.
    pub value: NodeId,
    /// The axes of `value` in array order: the batch axes.
    pub batch: Vec<AxisId>,
    /// The summand of the weighted mean's denominator: the declared per-sample weight (already a factor of
    /// `value`), or what was declared in its place.
    pub weight: Option<NodeId>,
    /// Further outputs.
    pub auxiliary: Vec<Auxiliary>,
    /// What the source says besides.
    pub annotations: Annotations,
}

/// A loss with the vector-Jacobian product of every differentiable parameter.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// The loss; its graph holds the gradients too.
    pub loss: Loss,
    /// The implicit parameter ∂total/∂loss.
    pub cotangent: ParamId,
    /// Σ_batch cotangent · ∂loss/∂parameter, as a function of the parameter's declared axes, for the
    /// differentiable tensors and learnt scalars in order of declaration.
    pub gradients: Vec<(ParamId, NodeId)>,
}

/// The same after simplification.
#[derive(Clone, Debug)]
pub struct Simplified {
    /// What the kernels compute.
    pub kernel: Gradient,
    /// The same values in the form to be read.
    pub formula: Gradient,
}

impl Param {
    /// The value of a static parameter.
    pub fn static_value(&self) -> Option<Rational> {
        match self.role {
            Role::Static(value) => Some(Rational::from_int(value)),
            Role::Tensor { .. }
            | Role::Label(_)
            | Role::Identity
            | Role::Mask
            | Role::Scalar { .. }
            | Role::Flag(_)
            | Role::Cotangent => None,
        }
    }
}
