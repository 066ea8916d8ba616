//! `cargo loss list`

use std::path::Path;

use comfy_table::{Table, presets};
use loss_codegen::syntax::ast::{Definition, Parameter, ParameterKind};
use loss_codegen::syntax::print;

use super::Outcome;
use crate::book::{Book, Entry};

pub(super) fn run(path: &Path, library: bool) -> Result<Outcome, String> {
    let book = if library {
        Book::library()
    } else {
        Book::open(path)?
    };
    let found: Vec<Entry<'_>> = if library {
        book.built_in().collect()
    } else {
        book.own().collect()
    };
    if found.is_empty() {
        let path = path.display();
        anstream::println!(
            "no definitions below {path}; --library lists those that come with loss-dsl"
        );
        return Ok(Outcome::Good);
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["loss", "inputs", "settings", "place"]);
    for entry in &found {
        let definition = entry.definition;
        table.add_row([
            entry.name().to_owned(),
            parameters(definition, |kind| !is_setting(kind)),
            parameters(definition, is_setting),
            entry.place(),
        ]);
    }
    anstream::println!("{table}");
    let count = found.len();
    let noun = if count == 1 { "loss" } else { "losses" };
    anstream::println!("{count} {noun}");
    Ok(Outcome::Good)
}

fn is_setting(kind: &ParameterKind) -> bool {
    match kind {
        ParameterKind::Scalar { .. }
        | ParameterKind::StaticInt { .. }
        | ParameterKind::Flag { .. } => true,
        ParameterKind::Tensor { .. }
        | ParameterKind::Label { .. }
        | ParameterKind::Identity { .. }
        | ParameterKind::Mask { .. }
        | ParameterKind::Error => false,
    }
}

/// The parameters of a kind, one a line.
fn parameters(definition: &Definition, belongs: impl Fn(&ParameterKind) -> bool) -> String {
    let chosen = definition.parameters.iter().filter(|p| belongs(&p.kind));
    let lines: Vec<String> = chosen.map(short).collect();
    lines.join("\n")
}

/// As it is declared, but for what it is proven to be.
fn short(parameter: &Parameter) -> String {
    let mut parameter = parameter.clone();
    parameter.domain = None;
    print::parameter(&parameter)
}
