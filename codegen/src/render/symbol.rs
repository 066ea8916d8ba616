//! Names in formulas: Greek letters, accents, subscripts; and how numbers are spelled.

use crate::support::rational::Rational;

/// A name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol {
    /// The letter or word, a Greek letter where the definition spells one.
    pub letter: String,
    /// A number below it.
    pub subscript: Option<usize>,
    /// A mark above it.
    pub accent: Accent,
    /// What it stands for, which decides its place in a product.
    pub role: SymbolRole,
}

/// A mark above a letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Accent {
    /// None.
    None,
    /// x̂: a unit vector.
    Hat,
    /// ḡ: a cotangent.
    Bar,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SymbolRole {
    /// A constant or a run-time scalar.
    Scalar,
    /// The cotangent.
    Cotangent,
    /// A tensor, a label, a mask or a shared part.
    Tensor,
    /// An axis.
    Axis,
}

impl Symbol {
    /// The symbol of a parameter's or axis' name.
    pub fn named(name: &str, role: SymbolRole) -> Symbol {
        Symbol {
            letter: display_name(name),
            subscript: None,
            accent: Accent::None,
            role,
        }
    }

    /// ḡ, the cotangent of the loss.
    pub fn cotangent() -> Symbol {
        Symbol {
            letter: "g".to_owned(),
            subscript: None,
            accent: Accent::Bar,
            role: SymbolRole::Cotangent,
        }
    }

    /// The same with a hat.
    #[must_use]
    pub fn hat(mut self) -> Symbol {
        self.accent = Accent::Hat;
        self
    }

    /// Whether it is one letter, which mathematicians write in italics and side by side.
    pub fn is_letter(&self) -> bool {
        self.letter.chars().count() == 1
    }
}

/// Greek letters by name.
const GREEK: [(&str, &str); 34] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("eps", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("ell", "ℓ"),
];

/// A name as it is displayed: Greek letters for their names, primes for apostrophes.
pub fn display_name(name: &str) -> String {
    // `lambda_` is how one spells a name that the host language reserves.
    let name = name.trim_end_matches('_');
    match GREEK.iter().find(|(spelled, _)| *spelled == name) {
        Some((_, letter)) => (*letter).to_owned(),
        None => name.replace('\'', "′"),
    }
}

/// The LaTeX command of a Greek letter.
pub(super) fn latex_letter(letter: &str) -> Option<String> {
    match letter {
        "ε" => Some("\\varepsilon".to_owned()),
        "φ" => Some("\\varphi".to_owned()),
        _ => GREEK
            .iter()
            .find(|(_, greek)| *greek == letter)
            .map(|(name, _)| format!("\\{name}")),
    }
}

/// A number ≥ 0, spelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spelling {
    /// Digits, perhaps with a decimal point.
    Digits(String),
    /// A mantissa and a power of ten.
    Scientific(String, i32),
    /// Numerator and denominator.
    Vulgar(String, String),
}

/// How a number is best read: small fractions as such, else as a decimal, tiny ones with a
/// power of ten.
pub fn spell(value: Rational) -> Spelling {
    let (numerator, denominator) = (value.numerator(), value.denominator());
    let vulgar = || Spelling::Vulgar(numerator.to_string(), denominator.to_string());
    if denominator == 1 {
        return Spelling::Digits(numerator.to_string());
    }
    if denominator <= 9 && numerator <= 9 {
        return vulgar();
    }
    match value.to_decimal() {
        None => vulgar(),
        Some(text) if text.len() <= 6 => Spelling::Digits(text),
        Some(text) => {
            let digits = text.trim_start_matches(['0', '.']);
            let leading = text.len() - digits.len();
            if digits.contains('.') || leading < 5 {
                return Spelling::Digits(text);
            }
            let (first, rest) = digits.split_at(1);
            let mantissa = if rest.is_empty() {
                first.to_owned()
            } else {
                format!("{first}.{rest}")
            };
            // "0.001" has two characters before its first decimal place.
            Spelling::Scientific(mantissa, 1 - leading as i32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greek_names_and_primes() {
        assert_eq!(display_name("gamma"), "γ");
        assert_eq!(display_name("lambda_"), "λ");
        assert_eq!(display_name("N'"), "N′");
        assert_eq!(display_name("features"), "features");
        assert_eq!(latex_letter("γ").unwrap(), "\\gamma");
        assert_eq!(latex_letter("x"), None);
    }

    #[test]
    fn numbers_are_spelled_as_one_reads_them() {
        let digits = |text: &str| Spelling::Digits(text.into());
        let spelled = |text: &str| spell(Rational::from_decimal(text).unwrap());
        assert_eq!(spelled("64"), digits("64"));
        assert_eq!(spelled("0.35"), digits("0.35"));
        assert_eq!(spelled("0.1"), digits("0.1"));
        assert_eq!(spelled("0.5"), Spelling::Vulgar("1".into(), "2".into()));
        assert_eq!(spelled("1e-12"), Spelling::Scientific("1".into(), -12));
        assert_eq!(
            spelled("0.0000125"),
            Spelling::Scientific("1.25".into(), -5)
        );
        assert_eq!(spelled("3.14159265"), digits("3.14159265"));
        let third = Rational::new(1, 3).unwrap();
        assert_eq!(spell(third), Spelling::Vulgar("1".into(), "3".into()));
    }
}
