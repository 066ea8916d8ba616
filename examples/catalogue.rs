//! Every loss of the library in a table, each judged where the table is made.
//!
//! `cargo run -p loss-tests --example catalogue`
//!
//! A row is a built-in loss: its inputs with their axes, its settings at their defaults, its mean at a fixed random input, and
//! three errors, each the worst of all: of every gradient element against finite differences at three random inputs, and of all values and
//! gradients of the golden cases of PyTorch in f64 and in f32. Errors are relative to the largest element of an
//! array. No row can be missing: the list is the one that the tests run over, and they compare it with the sources.
//! The program fails if a row is worse than the tests allow.

use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableComponent, presets};
use loss_dsl::{ParameterKind, ParameterSpec, Spec};
use loss_tests::support::any::Number;
use loss_tests::support::differences::{BOUND, extent, worst_difference};
use loss_tests::support::golden::{Golden, load};
use loss_tests::support::judge::{DOUBLE, errors};
use loss_tests::support::library::FILES;
use loss_tests::support::subject::Subject;

/// Columns of characters.
const WIDTH: u16 = 150;

fn main() -> ExitCode {
    let rows: Vec<Row> = FILES
        .iter()
        .map(|(name, file)| Row::of(name, file))
        .collect();
    println!("{}", table(&rows));
    let cases: usize = rows.iter().map(|row| row.cases).sum();
    let bad: Vec<&str> = rows
        .iter()
        .filter(|row| !row.is_good())
        .map(|row| row.spec.name)
        .collect();
    println!(
        "{} losses, {cases} golden cases; allowed: {BOUND:.0e} of slopes, {DOUBLE:.0e} in f64",
        rows.len()
    );
    if bad.is_empty() {
        ExitCode::SUCCESS
    } else {
        println!("beyond what the tests allow: {}", bad.join(", "));
        ExitCode::FAILURE
    }
}

/// What is known about one loss.
struct Row {
    spec: &'static Spec,
    value: f64,
    difference: f64,
    double: f64,
    single: f64,
    single_allowed: f64,
    cases: usize,
}

impl Row {
    fn of(name: &str, file: &str) -> Self {
        let subject = Subject::built_in(name);
        let loss = &subject.loss;
        let golden = load(file);
        let arrays = subject.sample(extent, 1);
        let value = loss
            .evaluate::<f64>(&arrays.inputs())
            .expect("inputs of its signature");
        Self {
            spec: loss.spec(),
            value: value.total(),
            difference: worst_difference(&subject, loss).error,
            double: worst_golden::<f64>(&subject, &golden),
            single: worst_golden::<f32>(&subject, &golden),
            single_allowed: golden.single,
            cases: golden.cases.len(),
        }
    }

    fn is_good(&self) -> bool {
        let within =
            self.difference <= BOUND && self.double <= DOUBLE && self.single <= self.single_allowed;
        within && self.value.is_finite() && self.cases > 0
    }
}

fn worst_golden<F: Number>(subject: &Subject, golden: &Golden) -> f64 {
    let of_case = |case| errors::<F>(&subject.loss, case);
    golden
        .cases
        .iter()
        .flat_map(of_case)
        .map(|(_, error)| error)
        .fold(0.0, f64::max)
}

/// `x: [N, D], y: [N] in C`, as in the definition.
fn inputs(spec: &Spec) -> String {
    let axes = |axes: &[usize]| -> String {
        let names: Vec<&str> = axes.iter().map(|&dim| spec.dims[dim].name).collect();
        format!("[{}]", names.join(", "))
    };
    let input = |p: &ParameterSpec| {
        let shape = axes(p.axes);
        let kind = match p.kind {
            ParameterKind::Tensor {
                differentiable: true,
            } => shape,
            ParameterKind::Tensor {
                differentiable: false,
            } => format!("const {shape}"),
            ParameterKind::Label { range } => format!("{shape} in {}", spec.dims[range].name),
            ParameterKind::Identity => format!("id {shape}"),
            ParameterKind::Mask => format!("mask {shape}"),
            ParameterKind::Scalar { .. } | ParameterKind::Flag { .. } => {
                unreachable!("settings are no arrays")
            }
        };
        format!("{}: {kind}", p.name)
    };
    spec.arrays().map(input).collect::<Vec<_>>().join(", ")
}

/// `s = 64, easy = false`; scalars that learn are marked.
fn settings(spec: &Spec) -> String {
    let setting = |p: &ParameterSpec| match p.kind {
        ParameterKind::Scalar { default, learn, .. } => {
            let learn = if learn { "learn " } else { "" };
            Some(format!("{learn}{} = {default}", p.name))
        }
        ParameterKind::Flag { default } => Some(format!("{} = {default}", p.name)),
        _ => None,
    };
    spec.parameters
        .iter()
        .filter_map(setting)
        .collect::<Vec<_>>()
        .join(", ")
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    for part in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        table.remove_style(part);
    }
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header([
        "loss",
        "inputs",
        "settings",
        "value",
        "differences",
        "f64",
        "f32",
        "goldens",
    ]);
    for row in rows {
        let mark = if row.is_good() { "" } else { " ✗" };
        table.add_row(
            [
                format!("{}{mark}", row.spec.name),
                inputs(row.spec),
                settings(row.spec),
                format!("{:.6}", row.value),
                format!("{:.0e}", row.difference),
                format!("{:.0e}", row.double),
                format!("{:.0e}", row.single),
                row.cases.to_string(),
            ]
            .map(Cell::new),
        );
    }
    for number in 3..8 {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
