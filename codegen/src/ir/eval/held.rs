//! Evaluation with what is detached held fixed: the function whose slope a gradient is.
//!
//! The gradient of a loss with [`Node::Detach`] is not the slope of its value but that of the value with every
//! detached expression held at what it is at the point in question. [`Held`] takes those values there, and
//! [`eval_holding`] evaluates elsewhere with them.

use super::{Environment, Number, Tensor, eval_all, evaluate};
use crate::ir::{Graph, Node, NodeId, ParamId};

/// The values of detached expressions at one point.
#[derive(Clone, PartialEq, Debug)]
pub struct Held<T>(pub(super) Vec<(NodeId, Tensor<T>)>);

impl<T: Number> Held<T> {
    /// Of all detached expressions below `nodes`, at `env`.
    ///
    /// # Panics
    /// As [`eval_all`].
    pub fn below(graph: &Graph, env: &Environment, nodes: &[NodeId]) -> Self {
        let mut detached = graph.reachable(nodes);
        detached.retain(|&id| matches!(graph.node(id), Node::Detach(_)));
        let values = eval_all(graph, env, &detached);
        Held(detached.into_iter().zip(values).collect())
    }

    /// Nothing: what is detached moves like anything else.
    pub fn nothing() -> Self {
        Held(Vec::new())
    }

    /// Whether nothing is detached.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// As [`eval_all`], with detached expressions as they were held.
///
/// # Panics
/// As [`eval_all`].
pub fn eval_holding<T: Number>(
    graph: &Graph,
    env: &Environment,
    nodes: &[NodeId],
    held: &Held<T>,
) -> Vec<Tensor<T>> {
    eval_seeded(graph, env, nodes, held, &|_, _, value| T::from_f64(value))
}

/// As [`eval_holding`], with every element of a real parameter as `seed` makes it from (parameter, element, its value in
/// `env`): moved by less than `f64` resolves, or with a slope ([`Dual`](super::Dual)).
///
/// # Panics
/// As [`eval_all`].
pub fn eval_seeded<T: Number>(
    graph: &Graph,
    env: &Environment,
    nodes: &[NodeId],
    held: &Held<T>,
    seed: &dyn Fn(ParamId, usize, f64) -> T,
) -> Vec<Tensor<T>> {
    evaluate(graph, env, nodes, held, seed, &mut |_, _| {})
}

/// As [`eval_seeded`], with the value of every node as `adjust` leaves it before others see it: rounded, or moving by itself.
///
/// # Panics
/// As [`eval_all`].
pub fn eval_adjusted<T: Number>(
    graph: &Graph,
    env: &Environment,
    nodes: &[NodeId],
    held: &Held<T>,
    seed: &dyn Fn(ParamId, usize, f64) -> T,
    adjust: &mut dyn FnMut(NodeId, &mut Tensor<T>),
) -> Vec<Tensor<T>> {
    evaluate(graph, env, nodes, held, seed, adjust)
}
