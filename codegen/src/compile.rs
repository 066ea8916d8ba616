//! The pipeline, stage by stage.

use proc_macro2::{Ident, TokenStream};

use crate::emit::{Account, Header};
use crate::hazard::{self, Hazard};
use crate::ir::{Gradient, Loss, Simplified};
use crate::render::{self, Derivation};
use crate::schedule::{self, Operations, Plans, ShardedPlans};
use crate::simplify::{Extraction, Options, Report, simplify_with, simplify_with_report};
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

/// What a loss and its gradients take, in three forms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// As derived, before simplification.
    pub literal: Operations,
    /// Simplified, every form chosen by the cost of its tree as if nothing were shared.
    pub greedy_tree: Operations,
    /// What the kernel does.
    pub kernel: Operations,
}

impl Compiled {
    /// What is told of the loss.
    pub fn account(&self) -> Account<'_> {
        Account {
            formulas: &self.derivation,
            hazards: &self.hazards,
            report: &self.report,
        }
    }

    /// The loops of the kernels for an axis that is spread over ranks, if there is one that may be.
    pub fn sharded(&self) -> Option<ShardedPlans> {
        ShardedPlans::new(&self.simplified.kernel, &self.plans)
    }

    /// Counts the operations of the kernel, and of what it could have been.
    pub fn work(&self) -> Work {
        let options = Options {
            extraction: Extraction::Tree,
            ..Options::default()
        };
        let (by_trees, _) = simplify_with(self.literal.clone(), options);
        Work {
            literal: schedule::operations(&self.literal),
            greedy_tree: schedule::operations(&by_trees.kernel),
            kernel: schedule::operations(&self.simplified.kernel),
        }
    }
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

/// The definitions of one macro call with their gradients as they are derived, before simplification.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn derived(input: TokenStream) -> Result<Vec<Gradient>, Diagnostics> {
    gradients(input, sema::analyse)
}

/// The definitions of one macro call with their gradients as a naive program has them: every operator computed as it stands, and
/// differentiated by the chain rule.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn literally(input: TokenStream) -> Result<Vec<Gradient>, Diagnostics> {
    gradients(input, sema::analyse_literally)
}

fn gradients(
    input: TokenStream,
    analyse: fn(&[Definition], &mut Diagnostics) -> Vec<Option<Loss>>,
) -> Result<Vec<Gradient>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(input, &mut diagnostics);
    let losses = analyse(&definitions, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(losses.into_iter().flatten().map(diff::gradient).collect())
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
