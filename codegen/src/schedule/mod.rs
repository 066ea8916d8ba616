//! Scheduling: from expressions to loop nests.
//!
//! Correct first: anything that type-checks becomes buffers and loops. Fast where it
//! matters: what has the same rows is computed in one nest, so that a loss over [batch, class]
//! reads its row once from memory and writes its gradient once; what is a matrix product goes to a
//! matrix product; a one-hot in a gradient becomes a scatter.
//!
//! [`lower`] takes primitives apart into stable operations, [`store`] decides what is kept
//! in buffers and in which step each is filled, [`nest`] orders the work within a row, [`lanes`] decides whether many
//! rows are taken at once.

pub mod account;
mod contraction;
pub mod lanes;
pub mod low;
mod lower;
mod nest;
mod operations;
pub mod plan;
mod show;
mod store;
#[cfg(test)]
mod tests;

use crate::ir::{Gradient, Graph, Loss, NodeId, ParamId, Role};
use lower::Lowering;
pub use operations::{Count, Operations, operations};
use plan::{Output, Plan};

/// The plan of evaluation: the loss per sample.
pub fn forward(loss: &Loss) -> Plan {
    let outputs = [request(loss.value, &loss.batch, Output::Losses)];
    plan(&loss.graph, &loss.batch, &outputs)
}

/// The plan of evaluation together with the auxiliary outputs, if there are any.
pub fn auxiliary(loss: &Loss) -> Option<Plan> {
    if loss.auxiliary.is_empty() {
        return None;
    }
    let mut outputs = vec![request(loss.value, &loss.batch, Output::Losses)];
    for (i, auxiliary) in loss.auxiliary.iter().enumerate() {
        outputs.push(request(
            auxiliary.node,
            &auxiliary.axes,
            Output::Auxiliary(i),
        ));
    }
    Some(plan(&loss.graph, &loss.batch, &outputs))
}

/// The plan of the loss per sample together with all gradients.
pub fn backward(gradient: &Gradient) -> Plan {
    let loss = &gradient.loss;
    let mut outputs = vec![request(loss.value, &loss.batch, Output::Losses)];
    let (mut tensors, mut scalars) = (0, 0);
    for &(param, node) in &gradient.gradients {
        let output = if is_scalar(&loss.graph, param) {
            scalars += 1;
            Output::Learn(scalars - 1)
        } else {
            tensors += 1;
            Output::Gradient(tensors - 1)
        };
        outputs.push(request(node, &loss.graph.param(param).axes, output));
    }
    plan(&loss.graph, &loss.batch, &outputs)
}

/// The plan of the declared weight per sample.
pub fn weights(loss: &Loss) -> Option<Plan> {
    let weight = loss.weight?;
    Some(plan(
        &loss.graph,
        &loss.batch,
        &[request(weight, &loss.batch, Output::Weights)],
    ))
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
    store::schedule(graph, lowering.low, batch, &outputs)
}
