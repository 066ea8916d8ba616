//! Plans for an axis whose positions are spread over ranks.
//!
//! Every total over the axis is a monoid: a sum, a maximum, or the pair of a maximum and a sum of exponentials less it. A plan in tiles
//! already goes over the axis piece by piece, with totals that go on from tile to tile; so a shard is a range of tiles, and what
//! remains is to join the totals of the ranks after each walk. What a label picks is its owner's to compute (`store::owner`), what has
//! the axis stays where it is, and everything else is computed alike on every rank. Nothing here depends on the loss.

use super::plan::Plan;
use super::{Plans, Request, auxiliary, gradients, lowered, store, values, weights};
use crate::ir::{AxisId, Gradient, Loss, Role};

/// The plans of a loss where an axis is sharded.
#[derive(Clone, Debug)]
pub struct ShardedPlans {
    /// The axis.
    pub axis: AxisId,
    /// The plans.
    pub plans: Plans,
}

impl ShardedPlans {
    /// Plans for the axis of the loss that may be sharded, if there is one: the axis of the tiles that a matrix product is cut into;
    /// otherwise one that labels are positions on; otherwise the first that is not of the batch.
    pub fn new(gradient: &Gradient, local: &Plans) -> Option<Self> {
        let loss = &gradient.loss;
        let mut candidates: Vec<AxisId> = local.backward.tile.into_iter().collect();
        candidates.extend(labelled(loss));
        candidates.extend((0..loss.graph.axes().len() as u8).map(AxisId));
        let mut tried = vec![];
        for axis in candidates {
            if tried.contains(&axis) || !may_be_sharded(loss, axis) {
                continue;
            }
            tried.push(axis);
            if let Some(plans) = plans(gradient, local, axis) {
                return Some(Self { axis, plans });
            }
        }
        None
    }
}

fn plans(gradient: &Gradient, local: &Plans, axis: AxisId) -> Option<Plans> {
    let loss = &gradient.loss;
    let plan = |requests: Vec<Request>, local: &Plan| {
        let (low, outputs) = lowered(&loss.graph, &requests);
        let is_cut = local.tile == Some(axis);
        store::schedule_sharded(&loss.graph, &low, &loss.batch, &outputs, axis, is_cut)
    };
    let optional = |requests: Option<Vec<Request>>, local: &Option<Plan>| {
        let both = requests.zip(local.as_ref());
        both.map_or(Some(None), |(requests, local)| {
            plan(requests, local).map(Some)
        })
    };
    Some(Plans {
        forward: plan(values(loss), &local.forward)?,
        auxiliary: optional(auxiliary(loss), &local.auxiliary)?,
        backward: plan(gradients(gradient), &local.backward)?,
        weights: optional(weights(loss), &local.weights)?,
    })
}

/// The axes that labels are positions on.
fn labelled(loss: &Loss) -> impl Iterator<Item = AxisId> {
    let graph = &loss.graph;
    graph.params().iter().filter_map(|param| match param.role {
        Role::Label(dim) => {
            let mut axes = (0..graph.axes().len() as u8).map(AxisId);
            axes.find(|&axis| graph.axis(axis).dim == dim)
        }
        _ => None,
    })
}

/// Whether the axis is not of the batch, and the only one of its dimension.
fn may_be_sharded(loss: &Loss, axis: AxisId) -> bool {
    let graph = &loss.graph;
    let dim = graph.axis(axis).dim;
    let others = (0..graph.axes().len() as u8).map(AxisId);
    let alone = others.filter(|&a| graph.axis(a).dim == dim).count() == 1;
    let of_batch = loss.batch.iter().any(|&a| graph.axis(a).dim == dim);
    let is_given = graph.params().iter().any(|p| p.axes.contains(&axis));
    alone && !of_batch && is_given
}
