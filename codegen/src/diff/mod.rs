//! Reverse-mode differentiation of the expression graph.
//!
//! The cotangent v̄ of a node v is ∂total/∂v as an expression with exactly the free axes of
//! v. One sweep from the loss to the leaves gives every cotangent at once:
//!
//! ```text
//! v̄ = Σ over the parents u of v, and over the axes that ū has and v lacks, of ū · ∂u/∂v
//! ```
//!
//! so the adjoint of a broadcast is a sum and the adjoint of a sum is a broadcast, by
//! the same rule. The seed is the implicit parameter *cotangent*, one number per batch
//! position: a gradient is always a vector-Jacobian product, never that of a fixed mean.
//!
//! A cotangent may come out the same along an axis of its node. It still stands for one number at each position: what is sent on to a
//! child without that axis is their sum, which is the extent times the number.
//!
//! Primitives that were recognised before (softmax, unit vector, angle …) have their
//! closed-form adjoints in [`adjoint`]; loads at a label or at renamed axes are
//! transposed in [`input`].

mod adjoint;
mod input;
#[cfg(test)]
mod tests;

use crate::ir::{
    AxisSet, Gradient, Graph, Loss, Node, NodeId, Param, ParamId, Range, Reducer, Role,
};
use crate::support::rational::Rational;

/// Differentiates a loss with respect to every real tensor and every `learn` scalar.
pub fn gradient(mut loss: Loss) -> Gradient {
    let cotangent = loss.graph.declare_param(Param {
        name: "cotangent".to_owned(),
        role: Role::Cotangent,
        axes: loss.batch.clone(),
        range: Range::REAL,
        doc: String::new(),
    });
    let seed = loss.graph.load_whole(cotangent);
    let wanted: Vec<ParamId> = loss
        .graph
        .param_ids()
        .filter(|&id| is_differentiable(loss.graph.param(id)))
        .collect();
    let mut sweep = Sweep::new(&mut loss.graph, loss.value);
    sweep.run(loss.value, seed);
    let contributions = sweep.inputs;
    let gradients = wanted
        .into_iter()
        .map(|param| {
            let parts: Vec<_> = contributions
                .iter()
                .filter(|part| part.0 == param)
                .map(|part| part.1)
                .collect();
            (param, sum_of(&mut loss.graph, &parts))
        })
        .collect();
    Gradient {
        loss,
        cotangent,
        gradients,
    }
}

fn is_differentiable(param: &Param) -> bool {
    matches!(
        param.role,
        Role::Tensor {
            differentiable: true
        } | Role::Scalar { learn: true, .. }
    )
}

fn sum_of(graph: &mut Graph, parts: &[NodeId]) -> NodeId {
    let terms: Vec<_> = parts.iter().map(|&part| (part, Rational::ONE)).collect();
    graph.sum(Rational::ZERO, &terms)
}

/// The state of one sweep.
struct Sweep<'g> {
    graph: &'g mut Graph,
    /// Whether a node depends on something that is differentiated; by id, for the nodes that were
    /// there at the start.
    active: Vec<bool>,
    /// What the parents of a node have sent to it so far.
    incoming: Vec<Vec<NodeId>>,
    /// Contributions to the gradients of parameters, over the declared axes.
    inputs: Vec<(ParamId, NodeId)>,
    /// The free axes of the node whose cotangent is being sent on.
    scope: AxisSet,
}

impl<'g> Sweep<'g> {
    fn new(graph: &'g mut Graph, value: NodeId) -> Self {
        let len = graph.len();
        let mut active = vec![false; len];
        for id in graph.reachable(&[value]) {
            active[id.0 as usize] = match graph.node(id) {
                Node::Scalar(param) | Node::Load(param, _) => {
                    is_differentiable(graph.param(*param))
                }
                Node::Detach(_) | Node::Compare(..) => false,
                node => node.children().iter().any(|child| active[child.0 as usize]),
            };
        }
        Sweep {
            graph,
            active,
            incoming: vec![vec![]; len],
            inputs: vec![],
            scope: AxisSet::EMPTY,
        }
    }

    fn run(&mut self, value: NodeId, seed: NodeId) {
        self.send(value, seed);
        for id in (0..self.incoming.len() as u32).rev().map(NodeId) {
            let parts = std::mem::take(&mut self.incoming[id.0 as usize]);
            if parts.is_empty() {
                continue;
            }
            let cotangent = sum_of(self.graph, &parts);
            if !self.graph.is_zero(cotangent) {
                self.scope = self.graph.free(id);
                self.pull_back(id, cotangent);
            }
        }
    }

    /// Whether anything below the node is differentiated.
    fn is_active(&self, id: NodeId) -> bool {
        self.active[id.0 as usize]
    }

    /// Sends a contribution to a child: summed over the axes that the child lacks.
    fn send(&mut self, child: NodeId, contribution: NodeId) {
        if !self.is_active(child) {
            return;
        }
        let axes = self.graph.free(contribution).union(self.scope);
        let extra = axes.minus(self.graph.free(child));
        let contribution = self.graph.reduce(Reducer::Sum, extra, contribution);
        self.incoming[child.0 as usize].push(contribution);
    }
}
