//! Leaves: constants, parameters, positions, extents.

use crate::ir::{AxisId, DimId, Graph, Index, Kind, Node, NodeId, ParamId};
use crate::support::rational::Rational;

impl Graph {
    /// An exact constant.
    pub fn rational(&mut self, value: Rational) -> NodeId {
        self.intern(Node::Rational(value))
    }

    /// An integer constant.
    pub fn integer(&mut self, value: i64) -> NodeId {
        self.rational(Rational::from_int(value))
    }

    /// The constant 0.
    pub fn zero(&mut self) -> NodeId {
        self.integer(0)
    }

    /// The constant 1.
    pub fn one(&mut self) -> NodeId {
        self.integer(1)
    }

    /// π.
    pub fn pi(&mut self) -> NodeId {
        self.intern(Node::Pi)
    }

    /// −∞, the value of what a filter leaves out of a `max` or `lse`.
    pub fn neg_infinity(&mut self) -> NodeId {
        self.intern(Node::NegInfinity)
    }

    /// A constant truth value.
    pub fn truth(&mut self, value: bool) -> NodeId {
        self.intern(Node::Bool(value))
    }

    /// A constant position on a dimension.
    pub fn place(&mut self, dim: DimId, position: u32) -> NodeId {
        self.intern(Node::Place(dim, position))
    }

    /// A run-time scalar.
    pub fn scalar(&mut self, param: ParamId) -> NodeId {
        self.intern(Node::Scalar(param))
    }

    /// A run-time boolean.
    pub fn flag(&mut self, param: ParamId) -> NodeId {
        self.intern(Node::Flag(param))
    }

    /// The extent of a dimension as a number.
    pub fn size(&mut self, dim: DimId) -> NodeId {
        self.intern(Node::Size(dim))
    }

    /// The position on an axis.
    pub fn position(&mut self, axis: AxisId) -> NodeId {
        self.intern(Node::Position(axis))
    }

    /// A position as a real number.
    pub fn number(&mut self, place: NodeId) -> NodeId {
        match self.node(place) {
            Node::Place(_, position) => {
                let position = i64::from(*position);
                self.integer(position)
            }
            _ => self.intern(Node::Number(place)),
        }
    }

    /// An element of a parameter's array. An index that is an axis' position is that axis.
    pub fn load(&mut self, param: ParamId, index: Vec<Index>) -> NodeId {
        let index = index
            .into_iter()
            .map(|i| match i {
                Index::At(id) => match self.node(id) {
                    Node::Position(axis) => Index::Axis(*axis),
                    _ => i,
                },
                Index::Axis(_) => i,
            })
            .collect();
        self.intern(Node::Load(param, index))
    }

    /// A parameter's array at its declared axes.
    pub fn load_whole(&mut self, param: ParamId) -> NodeId {
        let index = self
            .param(param)
            .axes
            .iter()
            .map(|&axis| Index::Axis(axis))
            .collect();
        self.load(param, index)
    }

    /// The node with no gradient through it.
    pub fn detach(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Rational(_) | Node::Pi | Node::Size(_) | Node::Detach(_) => a,
            _ if self.kind(a) != Kind::Real => a,
            _ => self.intern(Node::Detach(a)),
        }
    }

    /// The value of a constant node.
    pub fn as_rational(&self, id: NodeId) -> Option<Rational> {
        match self.node(id) {
            Node::Rational(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether the node is the constant 0.
    pub fn is_zero(&self, id: NodeId) -> bool {
        self.as_rational(id).is_some_and(Rational::is_zero)
    }
}
