//! What a definition says of its numerical hazards: where its delicate operators are, and which hazards its author acknowledges.

use super::loss::Analysis;
use crate::ir::{HazardKind, NodeId, Site};
use crate::support::SourceRange;
use crate::support::diag::nearest_name;
use crate::syntax::ast::Definition;

impl<'a> Analysis<'a> {
    /// Notes an operator that is not good at every argument.
    pub(super) fn site(&mut self, operator: &'static str, argument: NodeId, range: SourceRange) {
        self.sites.push(Site {
            operator,
            argument,
            range,
        });
    }

    /// The hazards in `#[acknowledge(…)]`, each once.
    pub(super) fn acknowledged(
        &mut self,
        definition: &Definition,
    ) -> Vec<(HazardKind, SourceRange)> {
        let mut known: Vec<(HazardKind, SourceRange)> = Vec::new();
        for name in &definition.acknowledged {
            match HazardKind::of_name(&name.text) {
                Some(kind) if known.iter().any(|k| k.0 == kind) => {
                    let message = format!("`{name}` is already acknowledged");
                    self.diagnostics.error(name.range, message);
                }
                Some(kind) => known.push((kind, name.range)),
                None => {
                    let names = HazardKind::ALL.map(HazardKind::name);
                    let help = match nearest_name(&name.text, names) {
                        Some(nearest) => format!("did you mean `{nearest}`?"),
                        None => format!("the hazards are `{}`", names.join("`, `")),
                    };
                    let message = format!("no hazard is called `{name}`");
                    self.diagnostics.error_with_help(name.range, message, help);
                }
            }
        }
        known
    }
}
