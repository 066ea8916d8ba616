//! Formulas as presentation MathML, which browsers and rustdoc show without a script.
//!
//! One line, so that it can stand in a doc comment. Everything that Markdown could take for
//! its own (`[`, `*`, `_`, `|` …) is written as a character reference, which it leaves alone.

use super::formula::{Fence, Formula, Relation, Sign};
use super::notation::{Notation, WrittenIndex, write};
use super::symbol::{Accent, Spelling, Symbol};
use super::text::{fence_signs, relation_sign};

impl Formula {
    /// The formula as a `<math display="block">` element on one line, escaped for HTML and Markdown.
    pub fn mathml(&self) -> String {
        format!(
            "<math display=\"block\">{}</math>",
            row(&[write(&MathMl, self)])
        )
    }
}

struct MathMl;

/// Escapes characters that HTML or Markdown would interpret.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '[' | ']' | '*' | '_' | '|' | '`' | '\\' | '$' | '~' | '"' => {
                safe.push_str(&format!("&#{};", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

fn operator(sign: &str) -> String {
    format!("<mo>{}</mo>", escaped(sign))
}

fn identifier(name: &str) -> String {
    format!("<mi>{}</mi>", escaped(name))
}

fn row(parts: &[String]) -> String {
    format!("<mrow>{}</mrow>", parts.concat())
}

fn joined(parts: &[String], sign: &str) -> String {
    let operator = operator(sign);
    let parts: Vec<_> = parts.to_vec();
    parts.join(&operator)
}

impl Notation for MathMl {
    const LINEAR: bool = false;

    fn number(&self, spelling: &Spelling) -> String {
        let digits = |text: &str| format!("<mn>{}</mn>", text.replace('-', "−"));
        match spelling {
            Spelling::Digits(text) => digits(text),
            Spelling::Scientific(mantissa, exponent) => {
                let power = format!("<msup><mn>10</mn>{}</msup>", digits(&exponent.to_string()));
                if mantissa == "1" {
                    power
                } else {
                    row(&[digits(mantissa), operator("⋅"), power])
                }
            }
            Spelling::Vulgar(above, below) => {
                format!("<mfrac>{}{}</mfrac>", digits(above), digits(below))
            }
        }
    }

    fn infinity(&self) -> String {
        "<mi>∞</mi>".to_owned()
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        let letter = identifier(&symbol.letter);
        let marked = match symbol.accent {
            Accent::None => letter,
            Accent::Hat => format!("<mover accent=\"true\">{letter}<mo>^</mo></mover>"),
            Accent::Bar => format!("<mover accent=\"true\">{letter}<mo>¯</mo></mover>"),
        };
        match symbol.subscript {
            Some(number) => format!("<msub>{marked}<mn>{number}</mn></msub>"),
            None => marked,
        }
    }

    fn sum(&self, parts: &[(Sign, String)]) -> String {
        let mut written = Vec::new();
        for (i, (sign, part)) in parts.iter().enumerate() {
            match (i, sign) {
                (0, Sign::Plus) => {}
                (_, Sign::Plus) => written.push(operator("+")),
                (_, Sign::Minus) => written.push(operator("−")),
            }
            written.push(part.clone());
        }
        row(&written)
    }

    fn product(&self, factors: &[String], wordy: bool) -> String {
        row(&[joined(factors, if wordy { "⋅" } else { "\u{2062}" })])
    }

    fn fraction(&self, above: &str, below: &str) -> String {
        format!("<mfrac>{above}{below}</mfrac>")
    }

    fn power(&self, base: &str, exponent: &str) -> String {
        format!("<msup>{base}{exponent}</msup>")
    }

    fn root(&self, inside: &str) -> String {
        format!("<msqrt>{inside}</msqrt>")
    }

    fn apply(
        &self,
        function: &str,
        scope: Option<&str>,
        arguments: &[String],
        tall: bool,
    ) -> String {
        let name = match function {
            "sigmoid" => identifier("σ"),
            "angle" => operator("∠"),
            "asin" | "acos" | "atan" => identifier(&format!("arc{}", &function[1..])),
            other => identifier(other),
        };
        let name = match scope {
            Some(scope) => format!("<msub>{name}{scope}</msub>"),
            None => name,
        };
        if arguments.is_empty() {
            return name;
        }
        let arguments = self.group(&joined(arguments, ","), tall);
        row(&[name, operator("\u{2061}"), arguments])
    }

    fn exponential(&self, exponent: &str) -> Option<String> {
        Some(format!("<msup><mi>e</mi>{exponent}</msup>"))
    }

    fn fenced(&self, fence: Fence, scope: Option<&str>, inside: &str, _tall: bool) -> String {
        let (open, close) = fence_signs(fence);
        let fenced = row(&[
            delimiter(open, "prefix"),
            inside.to_owned(),
            delimiter(close, "postfix"),
        ]);
        match scope {
            Some(scope) => format!("<msub>{fenced}{scope}</msub>"),
            None => fenced,
        }
    }

    fn total(&self, scope: &str, summand: &str) -> String {
        row(&[
            format!("<munder><mo>∑</mo>{scope}</munder>"),
            summand.to_owned(),
        ])
    }

    fn scope(&self, axes: &[String], filter: Option<&str>) -> String {
        let mut parts = axes.to_vec();
        parts.extend(filter.map(str::to_owned));
        match parts.as_slice() {
            [one] => one.clone(),
            _ => row(&[joined(&parts, ",")]),
        }
    }

    fn indexed(&self, base: &str, index: &[WrittenIndex]) -> String {
        let entries: Vec<_> = index
            .iter()
            .map(|index| match index {
                WrittenIndex::At(axis, place) => format!("{axis}<mo>=</mo>{place}"),
                WrittenIndex::Renamed(from, to) => format!("{from}<mo>→</mo>{to}"),
            })
            .collect();
        format!("<msub>{base}{}</msub>", row(&[joined(&entries, ",")]))
    }

    fn relation(&self, relation: Relation, a: &str, b: &str) -> String {
        row(&[
            a.to_owned(),
            operator(relation_sign(relation)),
            b.to_owned(),
        ])
    }

    fn not(&self, a: &str) -> String {
        row(&[operator("¬"), a.to_owned()])
    }

    fn all(&self, parts: &[String]) -> String {
        row(&[joined(parts, "∧")])
    }

    fn any(&self, parts: &[String]) -> String {
        row(&[joined(parts, "∨")])
    }

    fn indicator(&self, condition: &str) -> String {
        row(&[
            "<mn>𝟙</mn>".to_owned(),
            delimiter("[", "prefix"),
            condition.to_owned(),
            delimiter("]", "postfix"),
        ])
    }

    fn cases(&self, arms: &[(String, String)], otherwise: &str) -> String {
        let line = |value: &str, condition: &str| {
            format!("<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>")
        };
        let mut table = String::new();
        for (value, condition) in arms {
            let condition = format!("<mtext>if&#160;</mtext>{condition}");
            table.push_str(&line(value, &condition));
        }
        table.push_str(&line(otherwise, "<mtext>otherwise</mtext>"));
        row(&[
            "<mo fence=\"true\">{</mo>".to_owned(),
            format!("<mtable>{table}</mtable>"),
        ])
    }

    fn group(&self, inside: &str, _tall: bool) -> String {
        row(&[operator("("), inside.to_owned(), operator(")")])
    }
}

/// A delimiter whose two sides are the same character needs to be told which it is.
fn delimiter(sign: &str, form: &str) -> String {
    format!("<mo form=\"{form}\" fence=\"true\">{}</mo>", escaped(sign))
}
