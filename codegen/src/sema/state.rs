//! State: scalars that have another value after each step, `next t = …;`.
//!
//! Evaluation stays a function: what follows a scalar is one more output, `next_t`, which the caller
//! stores when it is ready for the next step.

use super::block::Outputs;
use super::loss::Analysis;
use crate::ir::{Auxiliary, Graph, ParamId, Role};
use crate::syntax::ast::{Definition, Name};

/// The output that holds what follows a scalar.
pub(super) fn output_name(scalar: &Name) -> String {
    format!("next_{scalar}")
}

/// The parameter of that name.
pub(super) fn param_called(graph: &Graph, name: &Name) -> Option<ParamId> {
    let mut ids = graph.param_ids();
    ids.find(|&id| graph.param(id).name == name.text)
}

impl<'a> Analysis<'a> {
    /// The outputs that are stored in scalars; mistakes are reported.
    pub(super) fn next(
        &mut self,
        definition: &'a Definition,
        outputs: &Outputs<'a>,
    ) -> Vec<Auxiliary> {
        let mut seen: Vec<&'a Name> = Vec::new();
        let mut found = Vec::new();
        for &(name, value, range) in &outputs.next {
            let param = self.stateful(definition, name);
            if seen.iter().any(|other| other.text == name.text) {
                let message = format!("`{name}` has one value after a step");
                self.diagnostics.error(name.range, message);
            }
            seen.push(name);
            let output = output_name(name);
            if outputs.auxiliary.iter().any(|(own, _)| own.text == output) {
                let message = format!("`next {name}` is the output `{output}`, which is declared");
                let help = format!("give the `pub let {output}` another name");
                self.diagnostics.error_with_help(name.range, message, help);
            }
            let (Some(next), Some(value)) = (param, value) else {
                continue;
            };
            if !value.axes.is_empty() {
                let axes = self.axes_text(value.axes);
                let message = format!("what follows `{name}` has {axes}, but it is one number");
                let help = "close it with a reduction such as `mean[N](…)`";
                self.diagnostics.error_with_help(range, message, help);
            }
            found.push(Auxiliary {
                name: output,
                node: value.node,
                axes: Vec::new(),
                next: Some(next),
            });
        }
        found
    }

    /// The scalar of that name, which no optimiser moves.
    fn stateful(&mut self, definition: &Definition, name: &Name) -> Option<ParamId> {
        let found = param_called(&self.graph, name);
        match found.map(|id| &self.graph.param(id).role) {
            Some(Role::Scalar { learn: false, .. }) => found,
            Some(Role::Scalar { learn: true, .. }) => {
                let message = format!("`{name}` learns: its gradient says what follows it");
                self.refuse(name.range, message)
            }
            // A parameter that was refused has been reported.
            None if definition.lost_parameters
                || definition
                    .parameters
                    .iter()
                    .any(|p| p.name.text == name.text) =>
            {
                None
            }
            _ => {
                let message = format!("`{name}` is no scalar of the loss");
                let help = format!("declare it, `{name}: scalar = 0.0`");
                self.refuse_with(name.range, message, help)
            }
        }
    }
}
