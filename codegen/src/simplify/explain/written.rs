//! Expressions as they are written, each with the e-class that it is a member of.
//!
//! The constructors of the IR would put every expression into normal form at once, and most steps would
//! be invisible; here nodes are kept as rules see them. An e-node stands for many expressions, one for
//! every choice of members for its children, so it is written with a given expression in place of each child.

use std::collections::HashMap;

use egg::Id;

use super::super::convert::{to_enode, to_node};
use super::super::language::{ENode, Op};
use crate::ir::{Graph, Node, NodeId};

/// Expressions in one graph, outside the normal form.
pub(super) struct Written {
    pub(super) graph: Graph,
    /// The class of an expression. Only looked up.
    classes: HashMap<NodeId, Id>,
}

impl Written {
    /// No expressions yet; `graph` has the declarations.
    pub(super) fn new(graph: Graph) -> Self {
        Written {
            graph,
            classes: HashMap::new(),
        }
    }

    /// Writes a node over expressions. If it is known, it stays in its class.
    pub(super) fn write(&mut self, node: Node, class: Id) -> NodeId {
        let id = self.graph.as_written(node);
        self.classes.entry(id).or_insert(class);
        id
    }

    /// Writes an e-node over expressions.
    pub(super) fn write_enode(&mut self, node: &ENode, children: &[NodeId], class: Id) -> NodeId {
        let node = in_order(to_node(node, children));
        self.write(node, class)
    }

    /// The expression that an e-node over expressions is, if it was written.
    pub(super) fn find_enode(&self, node: &ENode, children: &[NodeId]) -> Option<NodeId> {
        self.graph.find(&in_order(to_node(node, children)))
    }

    pub(super) fn class(&self, id: NodeId) -> Option<Id> {
        self.classes.get(&id).copied()
    }

    /// Everything written so far, in order.
    pub(super) fn all(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.classes.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// The operator and the children of an expression, terms and factors in the order of their classes: two
    /// expressions whose operators and whose children's classes agree are equal by congruence.
    pub(super) fn shape(&self, id: NodeId) -> (Op, Vec<NodeId>) {
        let enode = to_enode(self.graph.node(id), &|child| Id::from(child.0 as usize));
        let children = enode.children.iter().map(|&child| to_expression(child));
        let class = |id: NodeId| self.class(id).map(usize::from);
        let mut children: Vec<NodeId> = children.collect();
        let op = match enode.op {
            Op::Sum(constant, coefficients) => {
                let mut terms: Vec<_> = children.into_iter().zip(coefficients).collect();
                terms.sort_by_key(|&(id, c)| (class(id), c, id));
                children = terms.iter().map(|t| t.0).collect();
                Op::Sum(constant, terms.iter().map(|t| t.1).collect())
            }
            Op::Product(exponents) => {
                let mut factors: Vec<_> = children.into_iter().zip(exponents).collect();
                factors.sort_by_key(|&(id, e)| (class(id), e, id));
                children = factors.iter().map(|f| f.0).collect();
                Op::Product(factors.iter().map(|f| f.1).collect())
            }
            op => op,
        };
        (op, children)
    }

    /// An expression with others in place of its children.
    pub(super) fn with_children(
        &mut self,
        id: NodeId,
        child: &mut dyn FnMut(NodeId) -> NodeId,
    ) -> NodeId {
        let enode = to_enode(self.graph.node(id), &|child| Id::from(child.0 as usize));
        let children = enode.children.iter().map(|&c| child(to_expression(c)));
        let children: Vec<NodeId> = children.collect();
        let node = in_order(to_node(&enode, &children));
        match self.class(id) {
            Some(class) => self.write(node, class),
            None => self.graph.as_written(node),
        }
    }

    /// An expression with `after` wherever `before` stands in it.
    pub(super) fn replace(&mut self, within: NodeId, before: NodeId, after: NodeId) -> NodeId {
        let mut replaced: HashMap<NodeId, NodeId> = HashMap::new();
        for id in self.graph.reachable(&[within]) {
            let new = if id == before {
                after
            } else if self
                .graph
                .node(id)
                .children()
                .iter()
                .any(|c| replaced[c] != *c)
            {
                self.with_children(id, &mut |child| replaced[&child])
            } else {
                id
            };
            replaced.insert(id, new);
        }
        replaced[&within]
    }
}

fn to_expression(id: Id) -> NodeId {
    NodeId(usize::from(id) as u32)
}

/// Terms and factors ascending, as everywhere.
fn in_order(node: Node) -> Node {
    match node {
        Node::Sum(constant, mut terms) => {
            terms.sort_unstable();
            Node::Sum(constant, terms)
        }
        Node::Product(mut factors) => {
            factors.sort_unstable();
            Node::Product(factors)
        }
        node => node,
    }
}
