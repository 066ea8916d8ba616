//! The pipeline, stage by stage.

use proc_macro2::{Ident, Span, TokenStream};

use crate::emit::{Formulas, Header, Plans, Rendered};
use crate::ir::{Gradient, Loss};
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
    /// What the kernels compute.
    pub kernel: Gradient,
    /// The loss loops of the kernels.
    pub plans: Plans,
    /// What is shown.
    pub formulas: Formulas,
}

/// Compiles the definitions of one macro call.
///
/// # Errors
/// All mistakes, each at its tokens.
pub fn compile(input: TokenStream) -> Result<Vec<Compiled>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(input, &mut diagnostics);
    let losses = sema::analyse(&definitions, &mut diagnostics);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    Ok(definitions
        .iter()
        .zip(losses)
        .filter_map(|(definition, loss)| Some(compile_loss(header(definition), loss?)))
        .collect())
}

/// Compiles a checked loss.
pub fn compile_loss(header: Header, loss: Loss) -> Compiled {
    let literal = diff::gradient(loss);
    let kernel = literal.clone();
    let plans = Plans::new(&kernel);
    let formulas = render(&literal);
    Compiled {
        header,
        literal,
        kernel,
        plans,
        formulas,
    }
}

fn render(gradient: &Gradient) -> Formulas {
    let graph = &gradient.loss.graph;
    let show = |id| Rendered {
        text: graph.show(id),
        latex: String::new(),
        mathml: String::new(),
    };
    Formulas {
        value: show(gradient.loss.value),
        gradients: gradient
            .gradients
            .iter()
            .map(|&(param, id)| (graph.param(param).name.clone(), show(id)))
            .collect(),
        ..Formulas::default()
    }
}

/// The header of a definition, for emission.
pub fn header(definition: &Definition) -> Header {
    Header {
        visibility: definition.visibility.tokens.clone(),
        attributes: definition.attributes.clone(),
        name: Ident::new(&definition.name.text, Span::call_site()),
    }
}
