//! Simplification: equality saturation over the value, the weight, the auxiliaries and all gradients
//! of a loss together.
//!
//! Differentiation leaves sums of products that nobody would write: the gradient of cross entropy is
//! `cot·softmax(z) − onehot·cot`. The rules ([`rules`]) add equal forms to one e-graph until nothing
//! new is found; two extractions then choose from it, one by numerical hazard and work for the
//! kernels, one by readability for the formulas. Both are built again through the constructors of
//! the IR.
//!
//! Invariants: the values do not change, except that limits are taken at removable singularities
//! and that the angle of a zero vector has no sine of its own (see `rules::trig`); the free axes of
//! every root stay within those it had; the result is a function of the definition alone. If anything
//! in here contradicts itself the input is handed on unchanged, which always lowers correctly.

mod analysis;
mod convert;
mod cost;
mod extract;
mod hazard;
mod hits;
mod interval;
mod language;
mod monomial;
pub mod rules;
mod saturate;
mod term;
#[cfg(test)]
mod tests;

use crate::ir::{Gradient, Node, NodeId, Simplified, UnaryOp};
use analysis::Egraph;
use cost::Aim;
use egg::Id;

pub use saturate::Stop;

/// What a simplification did, for tests and for whoever wonders about a derivation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Why saturation ended.
    pub stop: Stop,
    /// E-nodes at the end.
    pub nodes: usize,
    /// Iterations used.
    pub iterations: usize,
    /// The rules that told the e-graph something new, with how often they did.
    pub rules_fired: Vec<(&'static str, usize)>,
    /// Whether the input was handed on because something was contradictory: a bug in a rule.
    pub fell_back: bool,
}

/// Chooses forms for kernels and for formulas among all that the rules prove equal.
pub fn simplify(gradient: Gradient) -> Simplified {
    simplify_with_report(gradient).0
}

/// [`simplify`] with an account of what it did.
pub fn simplify_with_report(gradient: Gradient) -> (Simplified, Report) {
    let rules = rules::all();
    let roots = convert::roots(&gradient);
    let mut converted = convert::to_egraph(&gradient.loss.graph, &roots);
    let saturation = saturate::saturate(&mut converted.egraph, &rules);
    let (egraph, roots) = (&converted.egraph, &converted.roots);
    let kernel = Aim::Kernel(convert::batch_axes(&gradient));
    let sound = !egraph.analysis.contradiction;
    let chosen = |aim| {
        if sound {
            rebuild(&gradient, egraph, aim, roots)
        } else {
            None
        }
    };
    let (simplified, fell_back) = match (chosen(kernel), chosen(Aim::Formula)) {
        (Some(kernel), Some(formula)) => (Simplified { kernel, formula }, false),
        _ => {
            let kernel = gradient.clone();
            let formula = gradient;
            (Simplified { kernel, formula }, true)
        }
    };
    let fired = rules.iter().zip(saturation.fired);
    let report = Report {
        stop: saturation.stop,
        nodes: converted.egraph.total_size(),
        iterations: saturation.iterations,
        rules_fired: fired
            .filter(|(_, count)| *count > 0)
            .map(|(rule, count)| (rule.name, count))
            .collect(),
        fell_back,
    };
    (simplified, report)
}

/// The sums and logarithms of a simplified loss that still cancel at some inputs: nothing equal and better was found.
pub fn cancellations(kernel: &Gradient) -> Vec<NodeId> {
    let graph = &kernel.loss.graph;
    let all: Vec<NodeId> = graph.reachable(&convert::roots(kernel));
    let delicate =
        |id: &NodeId| matches!(graph.node(*id), Node::Sum(..) | Node::Unary(UnaryOp::Ln, _));
    let delicate: Vec<NodeId> = all.into_iter().filter(delicate).collect();
    let converted = convert::to_egraph(graph, &delicate);
    let egraph = &converted.egraph;
    delicate
        .into_iter()
        .zip(converted.roots)
        .filter(|&(_, class)| {
            egraph[class]
                .nodes
                .iter()
                .any(|node| hazard::cancels(egraph, node))
        })
        .map(|(id, _)| id)
        .collect()
}

/// The definition in the forms that cost least, if they are well scoped.
fn rebuild(gradient: &Gradient, egraph: &Egraph, aim: Aim, roots: &[Id]) -> Option<Gradient> {
    let (chosen, _) = extract::extract(egraph, aim, roots)?;
    let source = &gradient.loss.graph;
    let (graph, built) = convert::to_graph(source, egraph, &chosen, roots)?;
    let before = convert::roots(gradient);
    let scoped = |(&old, &new): (&crate::ir::NodeId, &crate::ir::NodeId)| {
        graph.free(new).is_subset(source.free(old))
    };
    if !before.iter().zip(&built).all(scoped) {
        return None;
    }
    Some(convert::with_roots(gradient, graph, &built))
}
