//! Simplification: equality saturation over the value, the weight, the auxiliaries and all gradients
//! of a loss together.
//!
//! Differentiation leaves sums of products that nobody would write: the gradient of cross entropy is
//! `cot·softmax(z) − onehot·cot`. The rules ([`rules`]) add equal forms to one e-graph until nothing
//! new is found; two extractions then choose from it, one by numerical hazard and work for the
//! kernels, one by readability for the formulas. Both are built again through the constructors of
//! the IR, which flattens products of products and sums of sums; no rule does that in general. What is
//! new by that is simplified again, from the chosen form alone (Kourta et al. 2022, "Caviar", call this
//! pulsing), until the rules have seen all that is chosen. A kernel is always simplified twice: a
//! rule that reads a class in few of its forms may see more where there are only few. So simplifying
//! a kernel changes nothing.
//!
//! Invariants: the values do not change, except that limits are taken at removable singularities
//! and that the angle of a zero vector has no sine of its own (see `rules::trig`); the free axes of
//! every root stay within those it had; the result is a function of the definition alone. If anything
//! in here contradicts itself the input is handed on unchanged, which always lowers correctly.

mod analysis;
mod convert;
mod cost;
pub mod explain;
mod extract;
mod hazard;
mod hits;
mod language;
mod monomial;
mod order;
mod proof;
pub mod rules;
mod saturate;
mod term;
#[cfg(test)]
mod tests;

use crate::ir::{Gradient, Graph, Node, NodeId, Simplified, UnaryOp};
use convert::Converted;
use cost::Aim;
use egg::Id;
use language::ENode;
use rules::Rule;
use saturate::{Saturation, Witness, saturate};

pub use extract::Extraction;
pub use saturate::{Budget, Stop};

/// The most times that a form is simplified.
const ROUNDS: usize = 5;

/// How a simplification is to go about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How far saturation may go.
    pub budget: Budget,
    /// How forms are chosen.
    pub extraction: Extraction,
}

/// What a simplification did, for tests and for whoever wonders about a derivation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Why saturation ended; if it did not saturate every time, why not.
    pub stop: Stop,
    /// E-nodes at the end, of the e-graph of the literal gradients.
    pub nodes: usize,
    /// Iterations used on it.
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
    simplify_with(gradient, Options::default())
}

/// [`simplify_with_report`] by other means than the usual.
pub fn simplify_with(gradient: Gradient, options: Options) -> (Simplified, Report) {
    let rules = rules::all();
    let first = Round::new(&gradient, &rules, options, None);
    let kernel = Aim::Kernel(convert::batch_axes(&gradient));
    let mut report = Report {
        stop: first.saturation.stop,
        nodes: first.converted.egraph.total_size(),
        iterations: first.saturation.iterations,
        rules_fired: vec![],
        fell_back: false,
    };
    let mut fired = first.saturation.fired.clone();
    let mut settled = |aim: Aim| {
        let mut form = first.choose(&gradient, aim)?;
        let mut is_settled = first.is_last(1, aim, &form);
        for number in 2.. {
            if is_settled {
                break;
            }
            let round = Round::new(&form, &rules, options, None);
            if round.saturation.stop != Stop::Saturated {
                report.stop = round.saturation.stop;
            }
            for (all, more) in fired.iter_mut().zip(&round.saturation.fired) {
                *all += more;
            }
            form = round.choose(&form, aim)?;
            is_settled = round.is_last(number, aim, &form);
        }
        Some(form)
    };
    let (simplified, fell_back) = match (settled(kernel), settled(Aim::Formula)) {
        (Some(kernel), Some(formula)) => (Simplified { kernel, formula }, false),
        _ => {
            let kernel = gradient.clone();
            let formula = gradient;
            (Simplified { kernel, formula }, true)
        }
    };
    let named = rules.iter().zip(fired).filter(|(_, count)| *count > 0);
    report.rules_fired = named.map(|(rule, count)| (rule.name, count)).collect();
    report.fell_back = fell_back;
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

/// A definition with all that the rules prove equal to its expressions.
struct Round {
    converted: Converted,
    saturation: Saturation,
    extraction: Extraction,
}

impl Round {
    /// Saturates, before a witness if there is one.
    fn new(
        gradient: &Gradient,
        rules: &[&Rule],
        options: Options,
        witness: Option<&mut dyn Witness>,
    ) -> Self {
        let roots = convert::roots(gradient);
        let mut converted = convert::to_egraph(&gradient.loss.graph, &roots);
        let saturation = saturate(&mut converted.egraph, rules, options.budget, witness);
        Round {
            converted,
            saturation,
            extraction: options.extraction,
        }
    }

    /// The definition in the forms that cost least, if nothing contradicts itself and they are well scoped.
    fn choose(&self, gradient: &Gradient, aim: Aim) -> Option<Gradient> {
        let chosen = self.chosen(aim)?;
        let (graph, built) = self.rebuilt(gradient, &chosen)?;
        Some(convert::with_roots(gradient, graph, &built))
    }

    /// The e-nodes that cost least, in the order in which they are to be built.
    fn chosen(&self, aim: Aim) -> Option<Vec<(Id, &ENode)>> {
        let (egraph, roots) = (&self.converted.egraph, &self.converted.roots);
        if egraph.analysis.contradiction {
            return None;
        }
        let (chosen, _) = extract::extract(egraph, aim, roots, self.extraction)?;
        Some(match aim {
            Aim::Kernel(_) => order::by_structure(egraph, &chosen),
            Aim::Formula => order::by_age(egraph, &chosen),
        })
    }

    /// The roots in a graph of their own, if none depends on an axis that it did not depend on before.
    fn rebuilt(
        &self,
        gradient: &Gradient,
        chosen: &[(Id, &ENode)],
    ) -> Option<(Graph, Vec<NodeId>)> {
        let (egraph, roots) = (&self.converted.egraph, &self.converted.roots);
        let source = &gradient.loss.graph;
        let (graph, built) = convert::to_graph(source, egraph, chosen, roots)?;
        let before = convert::roots(gradient);
        let scoped = |(&old, &new): (&NodeId, &NodeId)| graph.free(new).is_subset(source.free(old));
        before
            .iter()
            .zip(&built)
            .all(scoped)
            .then_some((graph, built))
    }

    /// Whether a form that this round has chosen, being the `number`-th, needs no further one: it has no expression that the
    /// rules have not seen, and a kernel has been simplified twice.
    fn is_last(&self, number: usize, aim: Aim, form: &Gradient) -> bool {
        let enough = number > 1 || matches!(aim, Aim::Formula);
        let (egraph, graph) = (&self.converted.egraph, &form.loss.graph);
        number == ROUNDS || (enough && convert::holds(egraph, graph, &convert::roots(form)))
    }
}
