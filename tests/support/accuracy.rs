//! How inaccurate a kernel may be in `f32`, and how inaccurate it was when that was recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loss_dsl::audit::{Accuracy, Audit};
use serde_json::{Value, json};

/// Units in the last place of a result's natural scale (see [`loss_dsl::audit`]).
pub const BOUND: f64 = 8.0;

/// Losses that are allowed more, and why.
const MORE: &[(&str, f64)] = &[
    // The part of Σ ŵ·t along x̂ is taken from the cosines at hand, Σ c·t, which saves a matrix product and is rounded apart from
    // what it is subtracted from: felt where x̂ is nearly ŵ and the slopes t cancel.
    ("InfoNce", 128.0),
    ("NormFace", 64.0),
    ("SigLip", 16.0),
];

/// What is allowed for a loss.
pub fn bound(name: &str) -> f64 {
    let more = MORE.iter().find(|(own, _)| *own == name);
    more.map_or(BOUND, |(_, bound)| *bound)
}

/// What audits found, by loss: for each output its name, and of kernel and naive program the worst error, the median and how many results were lost.
pub type Record = BTreeMap<&'static str, Value>;

/// The entry of a loss.
pub fn recorded(audit: &Audit) -> (&'static str, Value) {
    // A third digit is noise.
    let short = |x: f64| format!("{x:.1e}").parse::<f64>().expect("a number");
    let of = |accuracy: &Accuracy| json!({ "worst": short(accuracy.worst), "median": short(accuracy.median()), "lost": accuracy.lost });
    let outputs = audit.outputs.iter().map(|output| {
        json!({ "name": output.name, "kernel": of(&output.kernel), "naive": of(&output.naive) })
    });
    (audit.name, outputs.collect())
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cargo-loss/src/atlas/accuracy.json")
}

/// Writes the record, a line a loss.
///
/// # Errors
/// If the file cannot be written.
pub fn write(record: &Record) -> std::io::Result<()> {
    let lines: Vec<String> = record
        .iter()
        .map(|(name, outputs)| format!("{}: {outputs}", json!(name)))
        .collect();
    std::fs::write(path(), format!("{{\n{}\n}}\n", lines.join(",\n")))
}

/// What was recorded.
///
/// # Panics
/// If the file does not read.
pub fn read() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path()).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}
