//! The arena: hash-consed nodes with what is known of each.
//!
//! Invariant: a node's children have smaller ids, so the order of ids is a
//! topological order. Two nodes that are built alike have the same id.

use std::collections::HashMap;

use super::range::range_of;
use super::{
    Axis, AxisId, AxisSet, DimId, Index, Kind, MAX_AXES, Node, NodeId, Param, ParamId, Range,
    Recognition, Role,
};

/// What is known of a node without looking at it again.
#[derive(Clone, Copy, Debug)]
struct Facts {
    free: AxisSet,
    kind: Kind,
    range: Range,
}

/// Axes, dimensions, parameters and hash-consed expressions of one definition.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    facts: Vec<Facts>,
    // Only looked up, never iterated: output cannot depend on hash order.
    ids: HashMap<Node, NodeId>,
    axes: Vec<Axis>,
    dims: Vec<String>,
    params: Vec<Param>,
    overflowed: bool,
    literal: bool,
    /// See [`recognition`](super::recognition).
    pub(super) recognised: Vec<Recognition>,
}

impl Graph {
    /// A graph without parameters.
    pub fn new() -> Self {
        Graph::default()
    }

    /// A graph that takes definitions at their word: its constructors recognise no primitives, so that `ln(1 + exp(x))` stays
    /// the logarithm of a sum. What a naive program computes, to be compared with.
    pub fn literal() -> Self {
        Graph {
            literal: true,
            ..Graph::default()
        }
    }

    /// Whether primitives are left unrecognised.
    pub(super) fn is_literal(&self) -> bool {
        self.literal
    }

    /// Declares an axis that names a dimension of its own.
    pub fn declare_axis(&mut self, name: &str) -> AxisId {
        let dim = DimId(self.dims.len() as u8);
        self.dims.push(name.to_owned());
        self.push_axis(name.to_owned(), dim)
    }

    /// Declares a further axis over the dimension of `like`.
    pub fn declare_axis_like(&mut self, name: &str, like: AxisId) -> AxisId {
        self.push_axis(name.to_owned(), self.axis(like).dim)
    }

    fn push_axis(&mut self, name: String, dim: DimId) -> AxisId {
        assert!(
            self.axes.len() < MAX_AXES,
            "a definition has at most {MAX_AXES} axes"
        );
        self.axes.push(Axis { name, dim });
        AxisId((self.axes.len() - 1) as u8)
    }

    /// An axis over `dim` outside `avoid`: one that exists, or a new one with a primed name.
    pub fn spare_axis(&mut self, dim: DimId, avoid: AxisSet) -> AxisId {
        let known = (0..self.axes.len() as u8).map(AxisId);
        if let Some(axis) = known
            .into_iter()
            .find(|&a| self.axis(a).dim == dim && !avoid.contains(a))
        {
            return axis;
        }
        let mut name = format!("{}'", self.dim_name(dim));
        while self.axes.iter().any(|axis| axis.name == name) {
            name.push('\'');
        }
        self.push_axis(name, dim)
    }

    /// Declares a parameter.
    pub fn declare_param(&mut self, param: Param) -> ParamId {
        self.params.push(param);
        ParamId((self.params.len() - 1) as u16)
    }

    /// The parameters in order of declaration.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// The ids of the parameters in order of declaration.
    pub fn param_ids(&self) -> impl Iterator<Item = ParamId> + use<> {
        (0..self.params.len() as u16).map(ParamId)
    }

    /// A parameter.
    pub fn param(&self, id: ParamId) -> &Param {
        &self.params[usize::from(id.0)]
    }

    /// An axis.
    pub fn axis(&self, id: AxisId) -> &Axis {
        &self.axes[usize::from(id.0)]
    }

    /// All axes, by id.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The name of a dimension: that of its first axis.
    pub fn dim_name(&self, id: DimId) -> &str {
        &self.dims[usize::from(id.0)]
    }

    /// How many dimensions there are.
    pub fn dim_count(&self) -> usize {
        self.dims.len()
    }

    /// The expression of a node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// How many nodes there are; ids are below it.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The axes that a node is a function of.
    pub fn free(&self, id: NodeId) -> AxisSet {
        self.facts[id.0 as usize].free
    }

    /// What a node stands for.
    pub fn kind(&self, id: NodeId) -> Kind {
        self.facts[id.0 as usize].kind
    }

    /// An interval that contains every value of a real node.
    pub fn range(&self, id: NodeId) -> Range {
        self.facts[id.0 as usize].range
    }

    /// Whether an exact constant left the range of exact arithmetic; the graph is then not to be used.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(super) fn set_overflowed(&mut self) {
        self.overflowed = true;
    }

    /// The nodes that `roots` need, children first.
    pub fn reachable(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.0 as usize], true) {
                stack.extend(self.node(id).children());
            }
        }
        (0..self.nodes.len() as u32)
            .map(NodeId)
            .filter(|id| seen[id.0 as usize])
            .collect()
    }

    /// Nodes of kind index over `dim`, by id: where a gather may point.
    pub(super) fn places(&self, dim: DimId) -> Vec<NodeId> {
        (0..self.nodes.len() as u32)
            .map(NodeId)
            .filter(|&id| self.kind(id) == Kind::Index(dim))
            .collect()
    }

    /// Adds a node as it is. Only the constructors in [`build`](super::build) call this: they
    /// keep the normal form.
    pub(super) fn intern(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.ids.get(&node) {
            return id;
        }
        let facts = Facts {
            free: self.free_of(&node),
            kind: self.kind_of(&node),
            range: range_of(self, &node),
        };
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.facts.push(facts);
        self.ids.insert(node, id);
        id
    }

    /// Adds a node as it is written: for telling what the normal form does, never for computing.
    pub(crate) fn as_written(&mut self, node: Node) -> NodeId {
        self.intern(node)
    }

    /// The id of a node, if the graph has it.
    pub(crate) fn find(&self, node: &Node) -> Option<NodeId> {
        self.ids.get(node).copied()
    }

    fn free_of(&self, node: &Node) -> AxisSet {
        match node {
            Node::Position(axis) => AxisSet::of(*axis),
            Node::Load(_, index) => index.iter().fold(AxisSet::EMPTY, |set, i| {
                set.union(match i {
                    Index::Axis(axis) => AxisSet::of(*axis),
                    Index::At(id) => self.free(*id),
                })
            }),
            Node::Reduce(_, axes, body) => self.free(*body).minus(*axes),
            Node::Softmax(s) => {
                let bound = [Some(s.body), s.hit]
                    .into_iter()
                    .flatten()
                    .fold(AxisSet::EMPTY, |set, id| set.union(self.free(id)));
                self.free(s.value).union(bound.minus(s.axes))
            }
            Node::Unit { axes, value, body } => {
                self.free(*value).union(self.free(*body).minus(*axes))
            }
            Node::Angle { axes, a, b } => self.free(*a).union(self.free(*b)).minus(*axes),
            Node::Rational(_)
            | Node::Pi
            | Node::NegInfinity
            | Node::Bool(_)
            | Node::Place(..)
            | Node::Scalar(_)
            | Node::Flag(_)
            | Node::Size(_)
            | Node::Number(_)
            | Node::Sum(..)
            | Node::Product(_)
            | Node::Unary(..)
            | Node::Binary(..)
            | Node::Compare(..)
            | Node::Not(_)
            | Node::And(..)
            | Node::Select(..)
            | Node::Detach(_) => node
                .children()
                .into_iter()
                .fold(AxisSet::EMPTY, |set, id| set.union(self.free(id))),
        }
    }

    fn kind_of(&self, node: &Node) -> Kind {
        match node {
            Node::Bool(_) | Node::Flag(_) | Node::Compare(..) | Node::Not(_) | Node::And(..) => {
                Kind::Bool
            }
            Node::Place(dim, _) => Kind::Index(*dim),
            Node::Position(axis) => Kind::Index(self.axis(*axis).dim),
            Node::Load(param, _) => match self.param(*param).role {
                Role::Label(dim) => Kind::Index(dim),
                Role::Identity => Kind::Identity,
                Role::Mask => Kind::Bool,
                Role::Tensor { .. }
                | Role::Scalar { .. }
                | Role::Flag(_)
                | Role::Static(_)
                | Role::Cotangent => Kind::Real,
            },
            Node::Select(_, a, _) | Node::Detach(a) => self.kind(*a),
            Node::Rational(_)
            | Node::Pi
            | Node::NegInfinity
            | Node::Scalar(_)
            | Node::Size(_)
            | Node::Number(_)
            | Node::Sum(..)
            | Node::Product(_)
            | Node::Unary(..)
            | Node::Binary(..)
            | Node::Reduce(..)
            | Node::Softmax(_)
            | Node::Unit { .. }
            | Node::Angle { .. } => Kind::Real,
        }
    }
}
