//! The outline of a refused loss: its interface, without its meaning.
//!
//! One mistake should give one message. If a refused loss were simply missing, every use of its
//! fields and methods would be a further error. The outline is the loss that is 0 for all inputs:
//! it goes through the rest of the compiler like any other and comes out with the same fields,
//! methods and types. It is never run, since the errors beside it stop compilation.

use super::loss::Analysis;
use super::state::{output_name, param_called};
use crate::ir;
use crate::syntax::ast::{Definition, Statement};

/// The outline of a definition; `None` if there is a mistake in its header, for the methods could
/// then have the wrong arguments.
pub fn outline(definition: &Definition) -> Option<ir::Loss> {
    if definition.lost_parameters {
        return None;
    }
    let mut analysis = Analysis::new(&[], &[]);
    analysis.reserved_names(definition);
    analysis.differentiated(definition);
    analysis.parameters(definition);
    if !analysis.diagnostics.is_empty() {
        return None;
    }
    let mut graph = analysis.graph;
    let value = graph.zero();
    let statements = &definition.body.statements;
    let outputs = statements.iter().filter_map(|statement| match statement {
        Statement::Let {
            public: true, name, ..
        } => Some(ir::Auxiliary {
            name: name.text.clone(),
            node: value,
            axes: Vec::new(),
            next: None,
        }),
        _ => None,
    });
    let next = statements.iter().filter_map(|statement| match statement {
        Statement::Next { name, .. } => Some(ir::Auxiliary {
            name: output_name(name),
            node: value,
            axes: Vec::new(),
            next: Some(param_called(&graph, name)?),
        }),
        _ => None,
    });
    let auxiliary = outputs.chain(next).collect();
    Some(ir::Loss {
        name: definition.name.text.clone(),
        doc: definition.docs.join("\n"),
        source: String::new(),
        graph,
        value,
        batch: Vec::new(),
        weight: None,
        auxiliary,
        annotations: ir::Annotations::default(),
    })
}
