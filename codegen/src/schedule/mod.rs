//! Scheduling: from expressions to loop nests.
//!
//! Correct first: anything that type-checks becomes buffers and loops. Fast where it
//! matters: what has the same rows is computed in one nest, so that a loss over [batch, class]
//! reads its row once from memory and writes its gradient once; what is a matrix product goes to a
//! matrix product; a one-hot in a gradient becomes a scatter.
//!
//! [`lower`] takes primitives apart into stable operations, [`store`] decides what is kept
//! in buffers and in which step each is filled, [`nest`] orders the work within a row, [`lanes`] decides whether many
//! rows are taken at once, [`sharded`] plans for an axis whose positions are spread over ranks.

pub mod account;
mod contraction;
pub mod lanes;
pub mod low;
mod lower;
mod nest;
mod operations;
pub mod plan;
mod sharded;
mod show;
mod store;
#[cfg(test)]
mod tests;

use crate::ir::{Gradient, Graph, Loss, NodeId, ParamId, Role};
use lower::Lowering;
pub use operations::{Count, Operations, operations};
use plan::{Output, Plan};
pub use sharded::ShardedPlans;

/// The plans of a loss.
#[derive(Clone, Debug)]
pub struct Plans {
    /// Evaluation: the loss per sample.
    pub forward: Plan,
    /// Evaluation with the auxiliary outputs, if there are any.
    pub auxiliary: Option<Plan>,
    /// The loss per sample with all gradients.
    pub backward: Plan,
    /// The declared weight per sample.
    pub weights: Option<Plan>,
}

impl Plans {
    /// Schedules the kernels of a loss.
    pub fn new(gradient: &Gradient) -> Self {
        let loss = &gradient.loss;
        let plan = |requests: Vec<Request>| plan(&loss.graph, &loss.batch, &requests);
        Plans {
            forward: plan(values(loss)),
            auxiliary: auxiliary(loss).map(plan),
            backward: plan(gradients(gradient)),
            weights: weights(loss).map(plan),
        }
    }
}

/// The plan of evaluation: the loss per sample.
#[cfg(test)]
fn forward(loss: &Loss) -> Plan {
    plan(&loss.graph, &loss.batch, &values(loss))
}

/// The plan of the loss per sample together with all gradients.
pub fn backward(gradient: &Gradient) -> Plan {
    let loss = &gradient.loss;
    plan(&loss.graph, &loss.batch, &gradients(gradient))
}

/// The loss per sample.
fn values(loss: &Loss) -> Vec<Request> {
    vec![request(loss.value, &loss.batch, Output::Losses)]
}

/// The loss per sample and the auxiliary outputs, if there are any.
fn auxiliary(loss: &Loss) -> Option<Vec<Request>> {
    let mut requests = values(loss);
    for (i, auxiliary) in loss.auxiliary.iter().enumerate() {
        let output = Output::Auxiliary(i);
        requests.push(request(auxiliary.node, &auxiliary.axes, output));
    }
    (requests.len() > 1).then_some(requests)
}

/// The loss per sample and all gradients.
fn gradients(gradient: &Gradient) -> Vec<Request> {
    let loss = &gradient.loss;
    let mut requests = values(loss);
    let (mut tensors, mut scalars) = (0, 0);
    for &(param, node) in &gradient.gradients {
        let output = if is_scalar(&loss.graph, param) {
            scalars += 1;
            Output::Learn(scalars - 1)
        } else {
            tensors += 1;
            Output::Gradient(tensors - 1)
        };
        requests.push(request(node, &loss.graph.param(param).axes, output));
    }
    requests
}

/// The declared weight per sample.
fn weights(loss: &Loss) -> Option<Vec<Request>> {
    let weight = loss.weight?;
    Some(vec![request(weight, &loss.batch, Output::Weights)])
}

fn is_scalar(graph: &Graph, param: ParamId) -> bool {
    matches!(graph.param(param).role, Role::Scalar { .. })
}

/// An output that is asked for.
#[derive(Clone, Debug)]
struct Request {
    node: NodeId,
    axes: Vec<crate::ir::AxisId>,
    output: Output,
}

fn request(node: NodeId, axes: &[crate::ir::AxisId], output: Output) -> Request {
    Request {
        node,
        axes: axes.to_vec(),
        output,
    }
}

fn plan(graph: &Graph, batch: &[crate::ir::AxisId], requests: &[Request]) -> Plan {
    let (low, outputs) = lowered(graph, requests);
    store::schedule(graph, low, batch, &outputs)
}

fn lowered(graph: &Graph, requests: &[Request]) -> (low::Low, Vec<store::Wanted>) {
    let roots: Vec<NodeId> = requests.iter().map(|r| r.node).collect();
    let mut lowering = Lowering::new(graph, &roots);
    let outputs: Vec<_> = requests
        .iter()
        .map(|r| store::Wanted {
            node: lowering.lower(r.node),
            axes: r.axes.clone(),
            output: r.output,
        })
        .collect();
    (lowering.low, outputs)
}
