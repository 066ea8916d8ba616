//! What simplification must find, that it keeps every value, and that its rules are identities.

mod catalogue;
mod soundness;

use super::{Report, simplify_with_report};
use crate::ir::{Gradient, Graph, Loss, NodeId, Simplified};
use crate::support::Diagnostics;
use crate::{diff, sema, syntax};

/// The losses of a `loss!` body.
fn losses(source: &str) -> Vec<Loss> {
    let mut diagnostics = Diagnostics::new();
    let tokens = source.parse().expect("tokens");
    let definitions = syntax::parse(tokens, &mut diagnostics);
    let losses = sema::analyse(&definitions, &mut diagnostics);
    let messages: Vec<_> = diagnostics.iter().map(|found| found.text()).collect();
    assert!(messages.is_empty(), "{source}\n{messages:#?}");
    losses.into_iter().flatten().collect()
}

/// One loss, differentiated and simplified.
fn simplified(source: &str) -> (Gradient, Simplified, Report) {
    let loss = losses(source).pop().expect("a loss");
    let gradient = diff::gradient(loss);
    let (simplified, report) = simplify_with_report(gradient.clone());
    (gradient, simplified, report)
}

/// The gradient of a parameter by name.
fn gradient_of(gradient: &Gradient, name: &str) -> NodeId {
    let graph: &Graph = &gradient.loss.graph;
    let found = gradient
        .gradients
        .iter()
        .find(|g| graph.param(g.0).name == name);
    found.expect("a differentiated parameter").1
}
