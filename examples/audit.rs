//! How accurate every loss of the library is, and how much it computes.
//!
//! `cargo run -p loss-tests --example audit`, or with names of losses, which are then told in full; with `--record`, what was measured is
//! written to the table that the atlas shows.
//!
//! A row is a built-in loss. Errors are of `f32` values and gradients against arbitrary precision, over inputs drawn to hurt, in units in the
//! last place of each result's natural scale (see `loss_dsl::audit`): the worst and the median, of the generated kernels and of
//! the definition computed as it stands; *lost* are results that are NaN or infinite though the true ones are floats.
//! Operations are those of value and gradients for each element of the logits (the largest axes for which a function is computed),
//! transcendental ones with a t: as derived, with every form chosen by the cost of its tree, and in the kernel. The program fails if
//! a row is beyond its bound.

use std::process::ExitCode;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use loss_codegen::schedule::Operations;
use loss_dsl::audit::{Accuracy, Audit};
use loss_tests::support::accuracy::{BOUND, Record, bound, recorded, write};
use loss_tests::support::library::FILES;
use loss_tests::support::subject::Subject;
use rayon::prelude::*;

/// Columns of characters.
const WIDTH: u16 = 150;

fn main() -> ExitCode {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let records = wanted.iter().any(|word| word == "--record");
    wanted.retain(|word| word != "--record");
    let is_wanted = |name: &&str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let names = FILES.iter().map(|file| file.0).filter(is_wanted);
    let rows: Vec<Row> = names
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(Row::of)
        .collect();
    if !wanted.is_empty() {
        rows.iter().for_each(|row| println!("{}", row.audit));
    }
    println!("{}", table(&rows));
    let outside = rows.iter().filter(|row| !row.is_good()).count();
    println!(
        "{} losses; allowed: {BOUND} ulp, and nothing lost",
        rows.len()
    );
    println!("rows outside the bound: {outside}");
    if records && wanted.is_empty() {
        let record: Record = rows.iter().map(|row| recorded(&row.audit)).collect();
        if let Err(error) = write(&record) {
            eprintln!("nothing was recorded: {error}");
            return ExitCode::FAILURE;
        }
    }
    if outside == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What is known about one loss.
struct Row {
    name: &'static str,
    audit: Audit,
    kernel: Accuracy,
    naive: Accuracy,
    operations: [String; 3],
}

impl Row {
    fn of(name: &'static str) -> Self {
        let subject = Subject::built_in(name);
        let audit = subject.loss.audit();
        let work = subject.compiled.work();
        let all = [&work.literal, &work.greedy_tree, &work.kernel];
        // Of a head that is the matrix of logits, not the matrix products.
        let by_axes = &work.kernel.by_axes;
        let with_functions = by_axes.iter().find(|(_, count)| count.transcendental > 0);
        let axes = &with_functions.unwrap_or(&by_axes[0]).0;
        let operations = all.map(|operations| per_element(operations, axes));
        Self {
            name,
            kernel: audit.kernel(),
            naive: audit.naive(),
            audit,
            operations: [
                format!("{} per [{}]", operations[0], axes.join(", ")),
                operations[1].clone(),
                operations[2].clone(),
            ],
        }
    }

    fn is_good(&self) -> bool {
        self.kernel.worst <= bound(self.name) && self.kernel.lost == 0
    }
}

/// Operations for each element of some axes: `4 + 1t`.
fn per_element(operations: &Operations, axes: &[String]) -> String {
    let found = operations.by_axes.iter().find(|(own, _)| own == axes);
    let count = found.map(|(_, count)| *count).unwrap_or_default();
    match count.transcendental {
        0 => count.arithmetic.to_string(),
        t => format!("{} + {t}t", count.arithmetic),
    }
}

fn number(x: f64) -> String {
    if x < 1e4 {
        format!("{x:.1}")
    } else {
        format!("{x:.0e}")
    }
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header([
            "loss", "kernel", "median", "lost", "naive", "median", "lost", "derived", "by trees",
            "kernel",
        ]);
    for row in rows {
        let mark = if row.is_good() { "" } else { " ✗" };
        let [derived, trees, kernel] = row.operations.clone();
        table.add_row(
            [
                format!("{}{mark}", row.name),
                number(row.kernel.worst),
                format!("{:.2}", row.kernel.median()),
                row.kernel.lost.to_string(),
                number(row.naive.worst),
                format!("{:.2}", row.naive.median()),
                row.naive.lost.to_string(),
                derived,
                trees,
                kernel,
            ]
            .map(Cell::new),
        );
    }
    for column in 1..10 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
