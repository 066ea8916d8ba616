//! How accurate the kernels of the library are, as it was measured: what the example `audit` recorded.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use maud::{Markup, html};
use serde_json::Value;

fn record() -> &'static BTreeMap<String, Vec<Value>> {
    static RECORD: OnceLock<BTreeMap<String, Vec<Value>>> = OnceLock::new();
    RECORD.get_or_init(|| serde_json::from_str(include_str!("accuracy.json")).expect("a table"))
}

/// The table of a loss of the library; `None` for another.
pub(crate) fn table(loss: &str) -> Option<Markup> {
    let outputs = record().get(loss)?;
    let numbers = |output: &Value, of: &str| {
        let field = |name: &str| output[of][name].as_f64().unwrap_or(f64::NAN);
        [
            short(field("worst")),
            short(field("median")),
            field("lost").to_string(),
        ]
    };
    Some(html! {
        p {
            "Errors of f32 at inputs drawn to hurt, against arbitrary precision, in units in the last place of the natural scale; "
            "lost are results that are NaN or infinite though the true ones are floats. The naive program computes the definition as it stands."
        }
        div.wide tabindex="0" {
            table {
                thead { tr {
                    th { "result" }
                    @for of in ["kernel", "naive"] { @for what in ["worst", "median", "lost"] { th { (of) ", " (what) } } }
                } }
                tbody {
                    @for output in outputs {
                        tr {
                            th scope="row" { (named(output["name"].as_str().unwrap_or_default())) }
                            @for of in ["kernel", "naive"] { @for number in numbers(output, of) { td { (number) } } }
                        }
                    }
                }
            }
        }
    })
}

/// `∂/∂x` for `dx`.
fn named(output: &str) -> String {
    match output.strip_prefix('d') {
        Some(parameter) => format!("∂/∂{parameter}"),
        None => output.to_owned(),
    }
}

fn short(x: f64) -> String {
    if x < 1e4 {
        x.to_string()
    } else {
        format!("{x:.0e}")
    }
}
