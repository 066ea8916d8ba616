//! What an expression is evaluated at: extents and parameters.

use crate::ir::{AxisId, Graph, ParamId, Role};

/// The value of one parameter.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Value {
    /// Not given; only a parameter that nothing needs may stay so.
    #[default]
    Absent,
    /// A real tensor or the cotangent, row-major over the declared axes.
    Real(Vec<f64>),
    /// Positions, row-major over the declared axes. One outside of the dimension reads NaN.
    Label(Vec<usize>),
    /// Truth values, row-major over the declared axes.
    Mask(Vec<bool>),
    /// A run-time scalar.
    Scalar(f64),
    /// A run-time boolean.
    Flag(bool),
}

/// Extents and parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Environment {
    /// The extent of each dimension, by [`DimId`](crate::ir::DimId).
    pub dims: Vec<usize>,
    /// The value of each parameter, by [`ParamId`].
    pub values: Vec<Value>,
}

impl Environment {
    /// Extents by dimension; scalars and flags at their defaults, all else absent.
    ///
    /// # Panics
    /// If there are not as many extents as dimensions.
    pub fn new(graph: &Graph, dims: &[usize]) -> Self {
        assert_eq!(dims.len(), graph.dim_count(), "an extent per dimension");
        let values = graph
            .params()
            .iter()
            .map(|param| match param.role {
                Role::Scalar { default, .. } => Value::Scalar(default),
                Role::Flag(default) => Value::Flag(default),
                Role::Tensor { .. }
                | Role::Label(_)
                | Role::Identity
                | Role::Mask
                | Role::Static(_)
                | Role::Cotangent => Value::Absent,
            })
            .collect();
        Environment {
            dims: dims.to_vec(),
            values,
        }
    }

    /// The same with one parameter set.
    #[must_use]
    pub fn with(mut self, param: ParamId, value: Value) -> Self {
        self.set(param, value);
        self
    }

    /// Sets a parameter. Parameters declared after [`Environment::new`] (the cotangent) may be set too.
    pub fn set(&mut self, param: ParamId, value: Value) {
        let at = usize::from(param.0);
        if self.values.len() <= at {
            self.values.resize(at + 1, Value::Absent);
        }
        self.values[at] = value;
    }

    /// The extent of an axis.
    pub fn extent(&self, graph: &Graph, axis: AxisId) -> usize {
        self.dims[usize::from(graph.axis(axis).dim.0)]
    }

    /// How many elements the array of a parameter has.
    pub fn len_of(&self, graph: &Graph, param: ParamId) -> usize {
        let axes = graph.param(param).axes.iter();
        axes.map(|&axis| self.extent(graph, axis)).product()
    }

    /// The elements of a real parameter; of a scalar, its one element.
    ///
    /// # Panics
    /// If it is absent or not real.
    pub fn real(&self, param: ParamId) -> &[f64] {
        match &self.values[usize::from(param.0)] {
            Value::Real(elements) => elements,
            Value::Scalar(value) => std::slice::from_ref(value),
            other => panic!("parameter {} is not real but {other:?}", param.0),
        }
    }

    pub(super) fn real_mut(&mut self, param: ParamId) -> &mut [f64] {
        match &mut self.values[usize::from(param.0)] {
            Value::Real(elements) => elements,
            Value::Scalar(value) => std::slice::from_mut(value),
            other => panic!("parameter {} is not real but {other:?}", param.0),
        }
    }

    pub(super) fn scalar(&self, param: ParamId) -> f64 {
        match self.values[usize::from(param.0)] {
            Value::Scalar(value) => value,
            ref other => panic!("parameter {} is not a scalar but {other:?}", param.0),
        }
    }

    pub(super) fn flag(&self, param: ParamId) -> bool {
        match self.values[usize::from(param.0)] {
            Value::Flag(value) => value,
            ref other => panic!("parameter {} is not a flag but {other:?}", param.0),
        }
    }

    pub(super) fn label(&self, param: ParamId) -> &[usize] {
        match &self.values[usize::from(param.0)] {
            Value::Label(elements) => elements,
            other => panic!("parameter {} is not a label but {other:?}", param.0),
        }
    }

    pub(super) fn mask(&self, param: ParamId) -> &[bool] {
        match &self.values[usize::from(param.0)] {
            Value::Mask(elements) => elements,
            other => panic!("parameter {} is not a mask but {other:?}", param.0),
        }
    }

    pub(super) fn check(&self, graph: &Graph) {
        for (param, value) in graph.param_ids().zip(&self.values) {
            let given = match value {
                Value::Real(elements) => elements.len(),
                Value::Label(elements) => elements.len(),
                Value::Mask(elements) => elements.len(),
                Value::Absent | Value::Scalar(_) | Value::Flag(_) => continue,
            };
            let name = &graph.param(param).name;
            let wanted = self.len_of(graph, param);
            assert_eq!(given, wanted, "{name} has {given} elements, not {wanted}");
        }
    }
}
