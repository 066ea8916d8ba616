//! Formulas as LaTeX for math mode, with the commands of `amsmath` and `amssymb`.

use super::formula::{Fence, Formula, Relation, Sign};
use super::notation::{Notation, WrittenIndex, write};
use super::symbol::{Accent, Spelling, Symbol, SymbolRole, latex_letter};

impl Formula {
    /// The formula as LaTeX for math mode (`amsmath`, `amssymb`).
    pub fn latex(&self) -> String {
        write(&Latex, self)
    }
}

struct Latex;

impl Notation for Latex {
    const LINEAR: bool = false;

    fn number(&self, spelling: &Spelling) -> String {
        match spelling {
            Spelling::Digits(digits) => digits.clone(),
            Spelling::Scientific(mantissa, exponent) if mantissa == "1" => {
                format!("10^{{{exponent}}}")
            }
            Spelling::Scientific(mantissa, exponent) => {
                format!("{mantissa} \\cdot 10^{{{exponent}}}")
            }
            Spelling::Vulgar(above, below) => format!("\\tfrac{{{above}}}{{{below}}}"),
        }
    }

    fn infinity(&self) -> String {
        "\\infty".to_owned()
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        let letter = match latex_letter(&symbol.letter) {
            Some(command) => command,
            None if symbol.is_letter() || is_primed_letter(&symbol.letter) => {
                symbol.letter.replace('′', "'")
            }
            None => {
                let escaped = symbol.letter.replace('_', "\\_").replace('′', "'");
                match symbol.role {
                    SymbolRole::Axis => format!("\\mathrm{{{escaped}}}"),
                    _ => format!("\\mathit{{{escaped}}}"),
                }
            }
        };
        let marked = match symbol.accent {
            Accent::None => letter,
            Accent::Hat => format!("\\hat{{{letter}}}"),
            Accent::Bar => format!("\\bar{{{letter}}}"),
        };
        match symbol.subscript {
            Some(number) => format!("{{{marked}_{{{number}}}}}"),
            None => marked,
        }
    }

    fn sum(&self, parts: &[(Sign, String)]) -> String {
        let mut text = String::new();
        for (i, (sign, part)) in parts.iter().enumerate() {
            text.push_str(match (i, sign) {
                (0, Sign::Plus) => "",
                (0, Sign::Minus) => "-",
                (_, Sign::Plus) => " + ",
                (_, Sign::Minus) => " - ",
            });
            text.push_str(part);
        }
        text
    }

    fn product(&self, factors: &[String], wordy: bool) -> String {
        factors.join(if wordy { " \\cdot " } else { " \\, " })
    }

    fn fraction(&self, above: &str, below: &str) -> String {
        format!("\\frac{{{above}}}{{{below}}}")
    }

    fn power(&self, base: &str, exponent: &str) -> String {
        format!("{base}^{{{exponent}}}")
    }

    fn root(&self, inside: &str) -> String {
        format!("\\sqrt{{{inside}}}")
    }

    fn apply(
        &self,
        function: &str,
        scope: Option<&str>,
        arguments: &[String],
        tall: bool,
    ) -> String {
        let name = match function {
            "sigmoid" => "\\sigma".to_owned(),
            "angle" => "\\angle".to_owned(),
            "exp" | "ln" | "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh" | "min" | "max" => {
                format!("\\{function}")
            }
            "asin" | "acos" | "atan" => format!("\\arc{}", &function[1..]),
            other => format!("\\operatorname{{{}}}", other.replace('_', "\\_")),
        };
        let scope = scope.map_or(String::new(), |scope| format!("_{{{scope}}}"));
        if arguments.is_empty() {
            return format!("{name}{scope}");
        }
        format!("{name}{scope}{}", self.group(&arguments.join(", "), tall))
    }

    fn exponential(&self, exponent: &str) -> Option<String> {
        Some(format!("e^{{{exponent}}}"))
    }

    fn fenced(&self, fence: Fence, scope: Option<&str>, inside: &str, tall: bool) -> String {
        let (open, close) = match fence {
            Fence::Bar => ("\\lvert", "\\rvert"),
            Fence::DoubleBar => ("\\lVert", "\\rVert"),
            Fence::Floor => ("\\lfloor", "\\rfloor"),
            Fence::Ceil => ("\\lceil", "\\rceil"),
        };
        let scope = scope.map_or(String::new(), |scope| format!("_{{{scope}}}"));
        let (left, right) = if tall {
            ("\\left", "\\right")
        } else {
            ("", "")
        };
        format!("{left}{open} {inside} {right}{close}{scope}")
    }

    fn total(&self, scope: &str, summand: &str) -> String {
        format!("\\sum_{{{scope}}} {summand}")
    }

    fn scope(&self, axes: &[String], filter: Option<&str>) -> String {
        let mut text = axes.join(", ");
        if let Some(filter) = filter {
            text.push_str(", \\; ");
            text.push_str(filter);
        }
        text
    }

    fn indexed(&self, base: &str, index: &[WrittenIndex]) -> String {
        let entries: Vec<_> = index
            .iter()
            .map(|index| match index {
                WrittenIndex::At(axis, place) => format!("{axis} = {place}"),
                WrittenIndex::Renamed(from, to) => format!("{from} \\to {to}"),
            })
            .collect();
        let entries = entries.join(", ");
        if base.contains('_') {
            // What has a subscript already takes no second one.
            format!("{{{base}}}_{{{entries}}}")
        } else {
            format!("{base}_{{{entries}}}")
        }
    }

    fn relation(&self, relation: Relation, a: &str, b: &str) -> String {
        let sign = match relation {
            Relation::Equal => "=",
            Relation::Unequal => "\\ne",
            Relation::Less => "<",
            Relation::AtMost => "\\le",
            Relation::Greater => ">",
            Relation::AtLeast => "\\ge",
        };
        format!("{a} {sign} {b}")
    }

    fn not(&self, a: &str) -> String {
        format!("\\lnot {a}")
    }

    fn all(&self, parts: &[String]) -> String {
        parts.join(" \\land ")
    }

    fn any(&self, parts: &[String]) -> String {
        parts.join(" \\lor ")
    }

    fn indicator(&self, condition: &str) -> String {
        format!("\\mathbb{{1}}[{condition}]")
    }

    fn cases(&self, arms: &[(String, String)], otherwise: &str) -> String {
        let mut text = String::from("\\begin{cases} ");
        for (value, condition) in arms {
            text.push_str(&format!("{value} & \\text{{if }} {condition} \\\\ "));
        }
        text.push_str(&format!("{otherwise} & \\text{{otherwise}} \\end{{cases}}"));
        text
    }

    fn group(&self, inside: &str, tall: bool) -> String {
        if tall {
            format!("\\left( {inside} \\right)")
        } else {
            format!("({inside})")
        }
    }
}

fn is_primed_letter(name: &str) -> bool {
    name.trim_end_matches('′').chars().count() == 1
}
