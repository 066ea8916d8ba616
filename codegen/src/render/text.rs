//! Formulas as Unicode text on one line, in the language's own notation for axes.
//!
//! `softmax[C](z) − 1[C = y]`, `Σ[D](x · w)`, `x[N → M]`, `‖x‖[D]`, `x̂`, `ḡ`.

use super::formula::{Fence, Formula, Relation, Sign};
use super::notation::{Notation, WrittenIndex, write};
use super::symbol::{Accent, Spelling, Symbol};

impl Formula {
    /// The formula as readable Unicode on one line.
    pub fn text(&self) -> String {
        write(&Text, self)
    }
}

struct Text;

impl Notation for Text {
    const LINEAR: bool = true;

    fn number(&self, spelling: &Spelling) -> String {
        match spelling {
            Spelling::Digits(digits) => digits.clone(),
            Spelling::Scientific(mantissa, exponent) => {
                let power = format!("10{}", raised(&exponent.to_string()).unwrap_or_default());
                if mantissa == "1" {
                    power
                } else {
                    format!("{mantissa} · {power}")
                }
            }
            Spelling::Vulgar(above, below) => format!("{above}/{below}"),
        }
    }

    fn infinity(&self) -> String {
        "∞".to_owned()
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        let mark = match symbol.accent {
            Accent::None => "",
            Accent::Hat => "\u{302}",
            Accent::Bar => "\u{304}",
        };
        let subscript = symbol.subscript.map_or(String::new(), lowered);
        // ḡ has a code point of its own, which more fonts draw well.
        let letter = match (symbol.letter.as_str(), symbol.accent) {
            ("g", Accent::Bar) => "ḡ".to_owned(),
            (letter, _) => format!("{letter}{mark}"),
        };
        format!("{letter}{subscript}")
    }

    fn sum(&self, parts: &[(Sign, String)]) -> String {
        let mut text = String::new();
        for (i, (sign, part)) in parts.iter().enumerate() {
            text.push_str(match (i, sign) {
                (0, Sign::Plus) => "",
                (0, Sign::Minus) => "−",
                (_, Sign::Plus) => " + ",
                (_, Sign::Minus) => " − ",
            });
            text.push_str(part);
        }
        text
    }

    fn product(&self, factors: &[String], _wordy: bool) -> String {
        factors.join(" · ")
    }

    fn fraction(&self, above: &str, below: &str) -> String {
        format!("{above} / {below}")
    }

    fn power(&self, base: &str, exponent: &str) -> String {
        match raised(exponent) {
            Some(exponent) => format!("{base}{exponent}"),
            None => format!("{base}^{exponent}"),
        }
    }

    fn root(&self, inside: &str) -> String {
        format!("√{inside}")
    }

    fn apply(
        &self,
        function: &str,
        scope: Option<&str>,
        arguments: &[String],
        _tall: bool,
    ) -> String {
        let name = match function {
            "sigmoid" => "σ",
            "angle" => "∠",
            other => other,
        };
        let scope = scope.map_or(String::new(), |scope| format!("[{scope}]"));
        if arguments.is_empty() {
            return format!("{name}{scope}");
        }
        format!("{name}{scope}({})", arguments.join(", "))
    }

    fn exponential(&self, _exponent: &str) -> Option<String> {
        None
    }

    fn fenced(&self, fence: Fence, scope: Option<&str>, inside: &str, _tall: bool) -> String {
        let (open, close) = fence_signs(fence);
        let scope = scope.map_or(String::new(), |scope| format!("[{scope}]"));
        format!("{open}{inside}{close}{scope}")
    }

    fn total(&self, scope: &str, summand: &str) -> String {
        format!("Σ[{scope}]({summand})")
    }

    fn scope(&self, axes: &[String], filter: Option<&str>) -> String {
        let mut text = axes.join(", ");
        if let Some(filter) = filter {
            text.push_str(", ");
            text.push_str(filter);
        }
        text
    }

    fn indexed(&self, base: &str, index: &[WrittenIndex]) -> String {
        let entries: Vec<_> = index
            .iter()
            .map(|index| match index {
                WrittenIndex::At(axis, place) => format!("{axis} = {place}"),
                WrittenIndex::Renamed(from, to) => format!("{from} → {to}"),
            })
            .collect();
        format!("{base}[{}]", entries.join(", "))
    }

    fn relation(&self, relation: Relation, a: &str, b: &str) -> String {
        format!("{a} {} {b}", relation_sign(relation))
    }

    fn not(&self, a: &str) -> String {
        format!("¬{a}")
    }

    fn all(&self, parts: &[String]) -> String {
        parts.join(" ∧ ")
    }

    fn any(&self, parts: &[String]) -> String {
        parts.join(" ∨ ")
    }

    fn indicator(&self, condition: &str) -> String {
        format!("1[{condition}]")
    }

    fn cases(&self, arms: &[(String, String)], otherwise: &str) -> String {
        let mut text = String::new();
        for (value, condition) in arms {
            text.push_str(&format!("{value} if {condition}, "));
        }
        text.push_str("otherwise ");
        text.push_str(otherwise);
        text
    }

    fn group(&self, inside: &str, _tall: bool) -> String {
        format!("({inside})")
    }
}

/// The delimiters as characters.
pub(super) fn fence_signs(fence: Fence) -> (&'static str, &'static str) {
    match fence {
        Fence::Bar => ("|", "|"),
        Fence::DoubleBar => ("‖", "‖"),
        Fence::Floor => ("⌊", "⌋"),
        Fence::Ceil => ("⌈", "⌉"),
    }
}

/// The relation as a character.
pub(super) fn relation_sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "=",
        Relation::Unequal => "≠",
        Relation::Less => "<",
        Relation::AtMost => "≤",
        Relation::Greater => ">",
        Relation::AtLeast => "≥",
    }
}

/// An integer in superscript digits.
fn raised(integer: &str) -> Option<String> {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    integer
        .chars()
        .map(|c| match c {
            '-' => Some('⁻'),
            _ => c.to_digit(10).map(|digit| DIGITS[digit as usize]),
        })
        .collect()
}

fn lowered(number: usize) -> String {
    const DIGITS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    let digits = number.to_string();
    digits
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(|digit| DIGITS[digit as usize])
        .collect()
}
