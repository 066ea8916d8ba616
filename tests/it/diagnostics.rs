//! What the user is told: for every wrong definition in `errors/`, the words that are underlined and
//! the message.
//!
//! A file holds cases separated by blank lines. A case is a definition, in which `‹` and `›` stand
//! around what must be underlined, and the message behind `//= `, with the help, if any, behind
//! `//? `. Several mistakes have several messages, in the order of their places.

use loss_codegen::compile::compile_definitions;
use loss_codegen::support::{Diagnostic, Diagnostics, SourceRange};
use proc_macro2::{LineColumn, TokenStream};

/// What is told about one mistake.
#[derive(Debug, PartialEq)]
struct Told {
    /// What is underlined: from the first character to behind the last.
    place: (usize, usize),
    message: String,
    help: Option<String>,
}

#[test]
fn every_mistake_is_underlined_and_explained() {
    let mut wrong = Vec::new();
    let mut cases = 0;
    for (file, text) in [
        ("syntax.txt", include_str!("../errors/syntax.txt")),
        ("names.txt", include_str!("../errors/names.txt")),
        ("axes.txt", include_str!("../errors/axes.txt")),
        ("kinds.txt", include_str!("../errors/kinds.txt")),
        ("whole.txt", include_str!("../errors/whole.txt")),
        ("hazards.txt", include_str!("../errors/hazards.txt")),
    ] {
        for case in text.split("\n\n").filter(|case| !case.trim().is_empty()) {
            cases += 1;
            let (source, expected) = read(case);
            let found = diagnose(&source);
            if found != expected {
                wrong.push(format!("[{file}]\n{}", write(&source, &found)));
            }
        }
    }
    assert!(cases >= 130, "only {cases} cases");
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases differ; what is said now:\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The definition without the marks, and what should be told about it.
fn read(case: &str) -> (String, Vec<Told>) {
    let mut marked = String::new();
    let mut told: Vec<Told> = Vec::new();
    for line in case.trim_start_matches('\n').lines() {
        if let Some(message) = line.strip_prefix("//= ") {
            told.push(Told {
                place: (0, 0),
                message: message.to_owned(),
                help: None,
            });
        } else if let Some(help) = line.strip_prefix("//? ") {
            if let Some(last) = told.last_mut() {
                last.help = Some(help.to_owned());
            }
        } else {
            marked.push_str(line);
            marked.push('\n');
        }
    }
    let mut source = Vec::new();
    let mut places = Vec::new();
    let mut start = 0;
    for character in marked.chars() {
        match character {
            '‹' => start = source.len(),
            '›' => places.push((start, source.len())),
            _ => source.push(character),
        }
    }
    for (told, place) in told.iter_mut().zip(places) {
        told.place = place;
    }
    (source.into_iter().collect(), told)
}

/// The case as it would have to stand in the file.
fn write(source: &str, found: &[Told]) -> String {
    let mut text = String::new();
    for (at, character) in source.chars().enumerate() {
        for told in found {
            if told.place.1 == at {
                text.push('›');
            }
        }
        for told in found {
            if told.place.0 == at {
                text.push('‹');
            }
        }
        text.push(character);
    }
    for told in found {
        text.push_str(&format!("//= {}\n", told.message));
        if let Some(help) = &told.help {
            text.push_str(&format!("//? {help}\n"));
        }
    }
    text
}

/// What is told about the source, in the order of the places.
fn diagnose(source: &str) -> Vec<Told> {
    let mut diagnostics = Diagnostics::new();
    let tokens: TokenStream = source.parse().expect("tokens of Rust");
    let definitions = loss_codegen::syntax::parse(tokens, &mut diagnostics);
    let Err(diagnostics) = compile_definitions(&definitions, diagnostics) else {
        return Vec::new();
    };
    let mut told: Vec<Told> = diagnostics
        .iter()
        .map(|found| Told {
            place: place(source, found),
            message: found.message.clone(),
            help: found.help.clone(),
        })
        .collect();
    told.sort_by_key(|told| told.place);
    told
}

fn place(source: &str, found: &Diagnostic) -> (usize, usize) {
    let SourceRange { start, end } = found.range;
    (offset(source, start.start()), offset(source, end.end()))
}

/// A position in characters.
fn offset(source: &str, place: LineColumn) -> usize {
    let before = source.split_inclusive('\n').take(place.line - 1);
    before.map(|line| line.chars().count()).sum::<usize>() + place.column
}
