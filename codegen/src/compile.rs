//! The pipeline, stage by stage.

use proc_macro2::{Ident, TokenStream};

use crate::emit::{Header, Plans};
use crate::hazard::{self, Hazard};
use crate::ir::{Gradient, Loss, Simplified};
use crate::render::{self, Derivation};
use crate::simplify::{Report, simplify_with_report};
use crate::support::Diagnostics;
use crate::syntax::ast::Definition;
use crate::{diff, sema, syntax};

/// Everything that the compiler found out about one loss.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What stood around the formula.
    pub header: Header,
    /// The loss with its literal gradients: the meaning of the definition.
    pub literal: Gradient,
    /// What the kernels compute, and what is shown.
    pub simplified: Simplified,
    /// What could not be made stable.
    pub hazards: Vec<Hazard>,
    /// How the simplification went.
    pub report: Report,
    /// The loops of the kernels.
    pub plans: Plans,
    /// The formulas.
    pub derivation: Derivation,
}

/// Compiles the definitions of one macro call.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn compile(input: TokenStream) -> Result<Vec<Compiled>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(input, &mut diagnostics);
    compile_definitions(&definitions, diagnostics)
}

/// Compiles definitions that were read, with the mistakes found in reading them.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn compile_definitions(
    definitions: &[Definition],
    mut diagnostics: Diagnostics,
) -> Result<Vec<Compiled>, Diagnostics> {
    let losses = sema::analyse(definitions, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let compiled: Vec<Compiled> = definitions
        .iter()
        .zip(losses)
        .filter_map(|(definition, loss)| Some(compile_loss(header(definition), loss?)))
        .collect();
    for loss in &compiled {
        hazard::refuse_needless(&loss.literal, &loss.hazards, &mut diagnostics);
    }
    if diagnostics.is_empty() {
        Ok(compiled)
    } else {
        Err(diagnostics)
    }
}

/// Compiles a checked loss.
pub fn compile_loss(header: Header, loss: Loss) -> Compiled {
    let literal = diff::gradient(loss);
    let (mut simplified, report) = simplify_with_report(literal.clone());
    simplified.formula = render::with_detached(&literal, simplified.formula);
    let hazards = hazard::hazards(&literal, &simplified.kernel);
    let plans = Plans::new(&simplified.kernel);
    let derivation = render::derivation(&simplified.formula);
    Compiled {
        header,
        literal,
        simplified,
        hazards,
        report,
        plans,
        derivation,
    }
}

/// The header of a definition, for emission. The name keeps its place, so that what rustc says about
/// the type points there.
pub fn header(definition: &Definition) -> Header {
    Header {
        visibility: definition.visibility.tokens.clone(),
        attributes: definition.attributes.clone(),
        name: Ident::new(&definition.name.text, definition.name.range.start),
    }
}
