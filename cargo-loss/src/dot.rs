//! Expressions as a graph for Graphviz: a node an operation, an edge from what it is made of.

use std::fmt::Write;

use loss_codegen::ir::{CompareOp, Gradient, Graph, Node, NodeId, SoftmaxForm};
use loss_codegen::render;
use loss_codegen::render::symbol::display_name;

/// The value and the gradients of a loss.
pub(crate) fn graph(gradient: &Gradient) -> String {
    let loss = &gradient.loss;
    let graph = &loss.graph;
    let mut roots = vec![("L".to_owned(), loss.value)];
    for &(param, node) in &gradient.gradients {
        roots.push((
            format!("∂/∂{}", display_name(&graph.param(param).name)),
            node,
        ));
    }
    let nodes: Vec<NodeId> = roots.iter().map(|root| root.1).collect();
    // Writing into a string does not fail.
    let mut text = String::new();
    let _ = writeln!(text, "digraph {} {{", quoted(&loss.name));
    text.push_str(
        "    rankdir = BT;\n    node [fontname = \"sans-serif\", shape = box, style = rounded];\n",
    );
    for id in graph.reachable(&nodes) {
        let axes = graph.show_axes(graph.free(id));
        let label = format!("{}\n[{axes}]", operation(graph, id));
        let shape = if graph.node(id).children().is_empty() {
            ", style = filled"
        } else {
            ""
        };
        let _ = writeln!(text, "    n{} [label = {}{shape}];", id.0, quoted(&label));
        for child in graph.node(id).children() {
            let _ = writeln!(text, "    n{} -> n{};", child.0, id.0);
        }
    }
    for (at, (name, id)) in roots.iter().enumerate() {
        let _ = writeln!(
            text,
            "    root{at} [label = {}, shape = plaintext];",
            quoted(name)
        );
        let _ = writeln!(text, "    n{} -> root{at};", id.0);
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// What a node does, without what it does it to.
fn operation(graph: &Graph, id: NodeId) -> String {
    match graph.node(id) {
        Node::Sum(constant, terms) => {
            let coefficients: Vec<String> = terms.iter().map(|term| term.1.to_string()).collect();
            let scaled = coefficients.iter().any(|c| c != "1");
            let constant = if constant.is_zero() {
                String::new()
            } else {
                format!(" + {constant}")
            };
            if scaled {
                format!("+ ({}){constant}", coefficients.join(", "))
            } else {
                format!("+{constant}")
            }
        }
        Node::Product(factors) => {
            let exponents: Vec<String> = factors.iter().map(|f| f.1.to_string()).collect();
            if exponents.iter().any(|e| e != "1") {
                format!("· ^({})", exponents.join(", "))
            } else {
                "·".to_owned()
            }
        }
        Node::Unary(op, _) => op.name().to_owned(),
        Node::Binary(op, ..) => op.name().to_owned(),
        Node::Compare(CompareOp::Eq, ..) => "=".to_owned(),
        Node::Compare(CompareOp::Lt, ..) => "<".to_owned(),
        Node::Compare(CompareOp::Le, ..) => "≤".to_owned(),
        Node::Not(_) => "¬".to_owned(),
        Node::And(..) => "∧".to_owned(),
        Node::Select(..) => "if".to_owned(),
        Node::Reduce(reducer, axes, _) => format!("{}[{}]", reducer.name(), graph.show_axes(*axes)),
        Node::Softmax(softmax) => {
            let form = match softmax.form {
                SoftmaxForm::Prob => "softmax",
                SoftmaxForm::Log => "log_softmax",
                SoftmaxForm::Complement => "1 − softmax",
                SoftmaxForm::LogComplement => "ln(1 − softmax)",
                SoftmaxForm::LogOverComplement => "ln p / (1 − p)",
            };
            format!("{form}[{}]", graph.show_axes(softmax.axes))
        }
        Node::Unit { axes, .. } => format!("unit[{}]", graph.show_axes(*axes)),
        Node::Angle { axes, .. } => format!("angle[{}]", graph.show_axes(*axes)),
        Node::Detach(_) => "detach".to_owned(),
        Node::Number(_) => "number".to_owned(),
        Node::Rational(_)
        | Node::Pi
        | Node::NegInfinity
        | Node::Bool(_)
        | Node::Place(..)
        | Node::Scalar(_)
        | Node::Flag(_)
        | Node::Size(_)
        | Node::Load(..)
        | Node::Position(_) => render::verbatim(graph, id, &Default::default()).text(),
    }
}
