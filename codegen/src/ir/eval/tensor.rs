//! The value of a node as an array.

use super::{Environment, Number, Point, for_each_point};
use crate::ir::{AxisId, Graph, MAX_AXES};

/// The elements of a node's array.
#[derive(Clone, PartialEq, Debug)]
pub enum Elements<T> {
    /// Real numbers.
    Real(Vec<T>),
    /// Truth values.
    Truth(Vec<bool>),
    /// Positions on a dimension.
    Place(Vec<usize>),
}

/// The value of a node: an array over its free axes, row-major.
#[derive(Clone, PartialEq, Debug)]
pub struct Tensor<T> {
    /// The free axes of the node, ascending.
    pub axes: Vec<AxisId>,
    /// Their extents.
    pub shape: Vec<usize>,
    /// The elements, the last axis fastest.
    pub elements: Elements<T>,
}

impl<T: Number> Tensor<T> {
    /// The elements of a real node.
    ///
    /// # Panics
    /// If the node is a truth value or a position.
    pub fn reals(&self) -> &[T] {
        match &self.elements {
            Elements::Real(elements) => elements,
            Elements::Truth(_) | Elements::Place(_) => panic!("not a real node"),
        }
    }

    /// The elements of a truth value.
    ///
    /// # Panics
    /// If the node is a real number or a position.
    pub fn truths(&self) -> &[bool] {
        match &self.elements {
            Elements::Truth(elements) => elements,
            Elements::Real(_) | Elements::Place(_) => panic!("not a truth value"),
        }
    }

    /// The elements of a node of positions.
    ///
    /// # Panics
    /// If the node is a real number or a truth value.
    pub fn places(&self) -> &[usize] {
        match &self.elements {
            Elements::Place(elements) => elements,
            Elements::Real(_) | Elements::Truth(_) => panic!("not a position"),
        }
    }

    /// The one element of a real node without free axes.
    ///
    /// # Panics
    /// If the node has free axes or is not real.
    pub fn scalar(&self) -> T {
        assert!(self.axes.is_empty(), "not a scalar");
        self.reals()[0].clone()
    }

    /// The real elements in the array order `axes` (row-major, extents from `env`), repeated along
    /// those that the node does not depend on: how a gradient that came out constant along an axis
    /// still fills its parameter's array.
    ///
    /// # Panics
    /// If a free axis of the node is not in `axes`, or the node is not real.
    pub fn laid_out(&self, graph: &Graph, env: &Environment, axes: &[AxisId]) -> Vec<T> {
        assert!(self.axes.iter().all(|axis| axes.contains(axis)));
        let mut elements = Vec::new();
        for_each_point(graph, env, axes, [0; MAX_AXES], &mut |point| {
            elements.push(self.reals()[self.offset(point)].clone());
        });
        elements
    }

    pub(super) fn offset(&self, point: &Point) -> usize {
        self.axes
            .iter()
            .zip(&self.shape)
            .fold(0, |offset, (axis, extent)| {
                offset * extent + point[usize::from(axis.0)]
            })
    }
}
