//! The formulas of a loss, as the compiler found them.

use core::fmt;

use crate::plan::Plan;

/// One formula in two notations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Plain text, in the syntax of definitions.
    pub text: &'static str,
    /// LaTeX, without delimiters.
    pub latex: &'static str,
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// A way in which a result can go wrong for inputs within their declared ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// Its kind, by the name that `#[acknowledge(…)]` takes.
    pub name: &'static str,
    /// The part of the loss that goes wrong.
    pub expression: Formula,
    /// At which inputs.
    pub condition: Formula,
    /// The outputs that suffer: `value`, `weight`, further outputs by name, `∂/∂x`.
    pub outputs: &'static [&'static str],
    /// What to do about it.
    pub remedy: &'static str,
    /// Whether the author of the loss knows of it.
    pub acknowledged: bool,
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.outputs.join(", ");
        let Hazard {
            name,
            expression,
            condition,
            ..
        } = self;
        write!(f, "{name}: {expression} where {condition}, in {outputs}")?;
        if self.acknowledged {
            write!(f, " (acknowledged)")
        } else {
            write!(f, "; {}", self.remedy)
        }
    }
}

/// How far the compiler looked for better forms of a loss and its gradients: an e-graph grows by rewrite rules until they
/// say nothing new, or until a budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The size of the e-graph of the gradients as they were derived.
    pub e_nodes: usize,
    /// Whether the rules had nothing more to say. If not, all results are right, but a faster or a more accurate kernel, or a
    /// shorter formula, may exist: to define part of the loss as a loss of its own, or to write it more simply, may help.
    pub saturated: bool,
}

/// The gradient by one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradientFormula {
    /// Name of the parameter.
    pub parameter: &'static str,
    /// The parameter as formulas have it: `gamma` is γ.
    pub symbol: Formula,
    /// ∂loss/∂parameter.
    pub slope: Formula,
}

/// A loss, its gradients and what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Name of the loss.
    pub name: &'static str,
    /// The definition as it was written.
    pub definition: &'static str,
    /// The loss after simplification.
    pub value: Formula,
    /// ∂loss/∂parameter, in declaration order.
    pub gradients: &'static [GradientFormula],
    /// Symbols that the formulas above use, each with what it stands for; later ones may use earlier ones.
    pub shared: &'static [(Formula, Formula)],
    /// Choices made at kinks and removable singularities, a sentence each.
    pub conventions: &'static [&'static str],
    /// What could not be made stable.
    pub hazards: &'static [Hazard],
    /// How far better forms were looked for.
    pub search: Search,
    /// How the kernels do their work; see [`plan`](Self::plan).
    pub plan: Plan,
}

impl Derivation {
    /// How the kernels do their work: steps, passes, tiles, what moves and how many operations. To be printed, or to be asked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The formulas as a LaTeX `aligned` environment (amsmath), to be put in mathematics mode; hazards last.
    pub fn to_latex(&self) -> String {
        let value = ("L".to_owned(), self.value.latex);
        let slopes = self.gradients.iter().map(|gradient| {
            let by = gradient.symbol.latex;
            let left = format!("\\frac{{\\partial L}}{{\\partial {by}}}");
            (left, gradient.slope.latex)
        });
        let shared = self
            .shared
            .iter()
            .map(|(symbol, formula)| (symbol.latex.to_owned(), formula.latex));
        let equations = std::iter::once(value).chain(slopes).chain(shared);
        let equations = equations.map(|(left, right)| format!("  {left} &= {right}"));
        let hazards = self.hazards.iter().map(|hazard| {
            let name = hazard.name.replace('_', "\\_");
            let (expression, condition) = (hazard.expression.latex, hazard.condition.latex);
            format!(
                "  \\text{{{name}: }} &\\phantom{{=}} {expression} \\text{{ where }} {condition}"
            )
        });
        let lines: Vec<String> = equations.chain(hazards).collect();
        format!(
            "\\begin{{aligned}}\n{}\n\\end{{aligned}}",
            lines.join(" \\\\\n")
        )
    }
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for line in self.definition.lines() {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "\nvalue\n    {}", self.value)?;
        writeln!(f, "\ngradients")?;
        for GradientFormula { symbol, slope, .. } in self.gradients {
            writeln!(f, "    ∂/∂{symbol} = {slope}")?;
        }
        if !self.shared.is_empty() {
            writeln!(f, "\nwhere")?;
        }
        for (symbol, formula) in self.shared {
            writeln!(f, "    {symbol} = {formula}")?;
        }
        if !self.conventions.is_empty() {
            writeln!(f, "\nconventions")?;
        }
        for convention in self.conventions {
            writeln!(f, "    {convention}")?;
        }
        if !self.hazards.is_empty() {
            writeln!(f, "\nhazards")?;
        }
        for hazard in self.hazards {
            writeln!(f, "    {hazard}")?;
        }
        if !self.search.saturated {
            let size = self.search.e_nodes;
            writeln!(
                f,
                "\nsearch\n    stopped at {size} e-nodes: better forms may exist"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_was_stopped_is_printed() {
        let nothing = Formula {
            text: "0",
            latex: "0",
        };
        let printed = |saturated| {
            let search = Search {
                e_nodes: 1500,
                saturated,
            };
            let derivation = Derivation {
                name: "Zero",
                definition: "pub Zero(x: [N]) { 0 * x }",
                value: nothing,
                gradients: &[],
                shared: &[],
                conventions: &[],
                hazards: &[],
                search,
                plan: Plan { kernels: &[] },
            };
            derivation.to_string()
        };
        assert!(!printed(true).contains("search"));
        assert!(
            printed(false)
                .ends_with("search\n    stopped at 1500 e-nodes: better forms may exist\n")
        );
    }
}
