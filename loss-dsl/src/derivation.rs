//! The formulas of a loss, as the compiler found them.

use core::fmt;

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

/// A loss, its gradients and what they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Name of the loss.
    pub name: &'static str,
    /// The definition as it was written.
    pub definition: &'static str,
    /// The loss after simplification.
    pub value: Formula,
    /// ∂loss/∂parameter, by name of the parameter, in declaration order.
    pub gradients: &'static [(&'static str, Formula)],
    /// Symbols that the formulas above use, each with what it stands for; later ones may use earlier ones.
    pub shared: &'static [(Formula, Formula)],
    /// Choices made at kinks and removable singularities, a sentence each.
    pub conventions: &'static [&'static str],
}

impl Derivation {
    /// The formulas as a LaTeX `aligned` environment (amsmath), to be put in mathematics mode.
    pub fn to_latex(&self) -> String {
        let value = ("L".to_owned(), self.value.latex);
        let slopes = self.gradients.iter().map(|(name, formula)| {
            (
                format!("\\frac{{\\partial L}}{{\\partial {}}}", latex_name(name)),
                formula.latex,
            )
        });
        let shared = self
            .shared
            .iter()
            .map(|(symbol, formula)| (symbol.latex.to_owned(), formula.latex));
        let lines: Vec<String> = std::iter::once(value)
            .chain(slopes)
            .chain(shared)
            .map(|(left, right)| format!("  {left} &= {right}"))
            .collect();
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
        for (name, formula) in self.gradients {
            writeln!(f, "    ∂/∂{name} = {formula}")?;
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
        Ok(())
    }
}

/// A name of several letters is set upright and its underscores are escaped.
fn latex_name(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(_), Some(_)) => format!("\\mathrm{{{}}}", name.replace('_', "\\_")),
        _ => name.to_owned(),
    }
}
