//! Hazards: what could not be made stable.
//!
//! Simplification finds the form of a loss that is good at all inputs, where there is one. Where there is none, a result
//! can still be infinite, NaN or without correct digits for inputs that are within their declared ranges: a logarithm
//! of what may be 0, a quotient by what may be 0, `acos` of a cosine that comes from outside, whose slope
//! `−1/√(1 − c²)` is infinite at c = ±1. This stage lists them, for the derivation to show and for the author to be
//! warned about; `where` on an input proves that a point is out of reach, and `#[acknowledge(…)]` says that the author knows.
//!
//! What goes wrong is a matter of one node and the values of its arguments, so the search is a walk over the kernel:
//!
//! * `singular` has the singular points of every operator. Whether an argument can reach one is asked of its interval and of
//!   the conditions that it stands under: `if n > 0 { x / n } else { 0 }` is no hazard (`guard`, `proof`).
//! * `overflow` follows exponentials to a quotient, a difference or a logarithm that is no good at infinity; those that
//!   are shares of a softmax are bounded (`share`).
//! * Cancellation is what simplification still sees in the form that it chose ([`cancellations`]).
//!
//! Points at which the language has agreed on a value are no hazards: a zero vector has the unit vector 0, the slope of a norm at 0
//! is 0, a mean over nothing is 0. Neither are jumps.
//!
//! A pole of a derivative is that of its function: `1/p` in the gradient of `ln(p)` is no second hazard. A pole that
//! only gradients have is an infinite slope. `ln(n)` of every class and `ln(n)` at the label are one hazard (`instance`).
//!
//! Invariant: the list is a function of the kernel, however the loss was written. The source only adds the places.

mod guard;
mod instance;
mod overflow;
mod proof;
mod share;
mod singular;
mod site;
#[cfg(test)]
mod tests;
mod words;

use std::cell::Cell;

use crate::ir::{Gradient, Graph, HazardKind, Node, NodeId};
use crate::render::Rendered;
use crate::simplify::cancellations;
use crate::support::{Diagnostics, SourceRange};
use instance::is_instance;
use overflow::Growth;
use proof::{Known, Linear, STEPS};
use singular::{Place, Shown, Singularity};
use site::Sites;

/// An output of a loss.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// The loss.
    Value,
    /// The weight of a sample.
    Weight,
    /// What the definition returns besides, by name.
    Auxiliary(String),
    /// The gradient of a parameter, by name.
    Gradient(String),
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Output::Value => f.write_str("value"),
            Output::Weight => f.write_str("weight"),
            Output::Auxiliary(name) => f.write_str(name),
            Output::Gradient(name) => write!(f, "∂/∂{name}"),
        }
    }
}

/// One hazard of a loss.
#[derive(Clone, Debug)]
pub struct Hazard {
    /// What it is.
    pub kind: HazardKind,
    /// The part of the loss that goes wrong.
    pub expression: Rendered,
    /// At which inputs.
    pub condition: Rendered,
    /// Which outputs suffer.
    pub outputs: Vec<Output>,
    /// What to do about it.
    pub remedy: String,
    /// The operator in the source, where that is known.
    pub range: Option<SourceRange>,
    /// Whether the author knows of it.
    pub acknowledged: bool,
}

impl Hazard {
    /// What the author is told.
    pub fn warning(&self) -> String {
        let outputs: Vec<String> = self.outputs.iter().map(Output::to_string).collect();
        format!(
            "`{}` {} where {} (in {}); {}, or acknowledge it: #[acknowledge({})]",
            self.expression.text,
            words::fault(self.kind),
            self.condition.text,
            outputs.join(", "),
            self.remedy,
            self.kind.name(),
        )
    }
}

/// The hazards of a kernel, in order of kind and of outputs. The literal loss tells where in the source they are.
pub fn hazards(literal: &Gradient, kernel: &Gradient) -> Vec<Hazard> {
    let mut graph = kernel.loss.graph.clone();
    let sites = Sites::new(&literal.loss, &mut graph);
    let annotations = &literal.loss.annotations;
    let mut found = Vec::new();
    for (singularity, outputs) in singularities(kernel) {
        let operator = words::operator(&graph, singularity.shown);
        let site = sites.find(operator, singularity.argument);
        let (expression, condition) = words::formulas(&mut graph, &singularity);
        let acknowledged = annotations.acknowledged.iter();
        found.push(Hazard {
            kind: singularity.kind,
            expression,
            condition,
            outputs,
            remedy: words::remedy(&graph, &singularity),
            range: site.map(|site| annotations.sites[site].range),
            acknowledged: acknowledged.into_iter().any(|a| a.0 == singularity.kind),
        });
    }
    found.sort_by_key(|hazard| hazard.kind);
    found
}

/// Reports what is acknowledged but no hazard of the loss.
pub fn refuse_needless(literal: &Gradient, hazards: &[Hazard], diagnostics: &mut Diagnostics) {
    let loss = &literal.loss;
    for &(kind, range) in &loss.annotations.acknowledged {
        if hazards.iter().any(|hazard| hazard.kind == kind) {
            continue;
        }
        let message = format!("`{}` has no hazard `{}`", loss.name, kind.name());
        diagnostics.error_with_help(
            range,
            message,
            "remove it: what is acknowledged must be there",
        );
    }
}

/// The singular points of all outputs, with the outputs that have them.
fn singularities(kernel: &Gradient) -> Vec<(Singularity, Vec<Output>)> {
    let graph = &kernel.loss.graph;
    let cancelling = cancellations(kernel);
    let mut found: Vec<(Singularity, Vec<Output>)> = Vec::new();
    for (output, root) in outputs(kernel) {
        let is_gradient = matches!(output, Output::Gradient(_));
        let mut growth = Growth::default();
        for (index, conditions) in guard::conditions(graph, &[root]).iter().enumerate() {
            let Some(conditions) = conditions else {
                continue;
            };
            let id = NodeId(index as u32);
            let known = Known {
                graph,
                conditions,
                steps: &Cell::new(STEPS),
            };
            let mut here = singular::of(known, id);
            here.extend(growth.add(known, id));
            here.extend(cancelling.contains(&id).then(|| cancellation(id)));
            for mut singularity in here {
                if is_gradient {
                    singularity.kind = of_slope(singularity.kind);
                }
                let same = |other: &Singularity, outputs: &[Output]| {
                    let of_function = is_gradient && !matches!(outputs[0], Output::Gradient(_));
                    (of_function || other.kind == singularity.kind)
                        && (is_instance(graph, singularity.argument, other.argument)
                            || is_instance(graph, other.argument, singularity.argument))
                        || of_function && is_same_pole(graph, &singularity, other)
                };
                if let Some((known, outputs)) = found.iter_mut().find(|f| same(&f.0, &f.1)) {
                    // The more general of two is shown.
                    if known.kind == singularity.kind
                        && known.argument != singularity.argument
                        && is_instance(graph, known.argument, singularity.argument)
                    {
                        *known = singularity;
                    }
                    if outputs.last() != Some(&output) {
                        outputs.push(output.clone());
                    }
                } else {
                    found.push((singularity, vec![output.clone()]));
                }
            }
        }
    }
    found
}

/// Whether a slope goes wrong where its function does: `1/(1 + x)` and `ln(1 + x)`, `1/x` and `ln(x y)`.
fn is_same_pole(graph: &Graph, slope: &Singularity, function: &Singularity) -> bool {
    let root = |s: &Singularity| Linear::root(graph, s.argument, s.place.number()?);
    let is_factor = matches!(
        graph.node(function.argument),
        Node::Product(factors) if factors.iter().any(|f| f.0 == slope.argument)
    );
    is_factor || root(slope).is_some_and(|form| Some(form) == root(function))
}

/// A pole of a slope.
fn of_slope(kind: HazardKind) -> HazardKind {
    match kind {
        HazardKind::LogOfZero | HazardKind::DivisionByZero => HazardKind::InfiniteSlope,
        HazardKind::OutsideDomain
        | HazardKind::InfiniteSlope
        | HazardKind::Overflow
        | HazardKind::Cancellation => kind,
    }
}

fn cancellation(id: NodeId) -> Singularity {
    Singularity {
        kind: HazardKind::Cancellation,
        shown: Shown::Node(id),
        argument: id,
        place: Place::At(0),
    }
}

fn outputs(kernel: &Gradient) -> Vec<(Output, NodeId)> {
    let loss = &kernel.loss;
    let auxiliary = loss.auxiliary.iter();
    let auxiliary = auxiliary.map(|a| (Output::Auxiliary(a.name.clone()), a.node));
    let gradients = kernel.gradients.iter().map(|&(param, node)| {
        let name = loss.graph.param(param).name.clone();
        (Output::Gradient(name), node)
    });
    [(Output::Value, loss.value)]
        .into_iter()
        .chain(loss.weight.map(|weight| (Output::Weight, weight)))
        .chain(auxiliary)
        .chain(gradients)
        .collect()
}
