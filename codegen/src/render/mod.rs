//! Formulas for people: the expression graph as text, LaTeX and MathML.
//!
//! `graph → terms → formula → notation`. The first step undoes what the normal form did for the
//! compiler's sake (`translate`, `elementwise`, `reduction`, `condition`); products and sums are tidied as a reader
//! would (`term`, `tidy`, `sum`, `summand`); a derivation names what a loss and its gradients share (`naming`, with
//! `share` and `weight`); `notation` decides about parentheses once, and each notation only about
//! looks. The invariant, tested by evaluating the formulas on their own: what is printed has the value
//! of the node, with the reader's conventions (`1/‖x‖` is 0 where the norm is 0, an indicator that is 0
//! silences its factors). Nothing here changes what is computed.

mod condition;
mod conventions;
mod detached;
mod elementwise;
pub mod formula;
mod latex;
mod mathml;
#[cfg(test)]
mod meaning;
mod naming;
mod notation;
mod reduction;
mod share;
mod sum;
mod summand;
pub mod symbol;
mod term;
#[cfg(test)]
mod tests;
mod text;
mod tidy;
mod translate;
mod verbatim;
mod weight;

pub use detached::with_detached;
pub use formula::Formula;
pub use naming::derivation;
pub use verbatim::{part, verbatim};

use crate::ir::{Graph, NodeId};
use translate::Translator;

/// The formula of one node, everything written out.
///
/// Shared parts are repeated, so the formula of a large graph can be very long: for whole losses
/// there is [`derivation`].
pub fn formula(graph: &Graph, node: NodeId) -> Formula {
    let mut translator = Translator::new(graph);
    translator.spelled = share::Spelled::new(&mut translator.graph, &[node], &[node]);
    translator.formula(node)
}

/// A formula in three notations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Unicode text on one line.
    pub text: String,
    /// LaTeX for math mode, without delimiters.
    pub latex: String,
    /// A `<math display="block">` element on one line.
    pub mathml: String,
}

impl Rendered {
    /// A formula in all notations.
    ///
    /// # Panics
    /// If the formula has shared parts without symbols; those that [`formula()`] makes have none.
    pub fn of(formula: &Formula) -> Rendered {
        Rendered {
            text: formula.text(),
            latex: formula.latex(),
            mathml: formula.mathml(),
        }
    }
}

/// The formulas of a loss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derivation {
    /// The loss per batch position.
    pub value: Rendered,
    /// Further outputs by name.
    pub auxiliary: Vec<(String, Rendered)>,
    /// The gradient of the total in each differentiable parameter, by name, in order of declaration;
    /// ḡ is the slope of the total in each loss.
    pub gradients: Vec<(String, Rendered)>,
    /// Symbols that the formulas use and what they stand for; later ones may use earlier ones.
    pub shared: Vec<(Rendered, Rendered)>,
    /// Choices made at kinks and singular points, a sentence each.
    pub conventions: Vec<String>,
}

/// The formulas as lines of text: the value, the gradients, and what their symbols stand for.
impl std::fmt::Display for Derivation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "L = {}", self.value.text)?;
        for (name, formula) in &self.auxiliary {
            writeln!(f, "{} = {}", symbol::display_name(name), formula.text)?;
        }
        for (name, formula) in &self.gradients {
            writeln!(f, "∂/∂{} = {}", symbol::display_name(name), formula.text)?;
        }
        if !self.shared.is_empty() {
            writeln!(f, "where")?;
        }
        for (symbol, formula) in &self.shared {
            writeln!(f, "  {} = {}", symbol.text, formula.text)?;
        }
        Ok(())
    }
}
