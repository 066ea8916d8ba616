//! `cargo loss check`

use std::path::PathBuf;

use super::Outcome;
use crate::book::Book;
use crate::report;

pub(super) fn run(paths: &[PathBuf], deny_warnings: bool) -> Result<Outcome, String> {
    let (mut losses, mut mistakes, mut warnings) = (0, 0, 0);
    for path in paths {
        let book = Book::open(path)?;
        for source in book.own_sources() {
            for block in &source.blocks {
                let compiled = match book.compile_block(block) {
                    Ok(compiled) => compiled,
                    Err(found) => {
                        mistakes += found.len();
                        anstream::println!("{}\n", report::mistakes(source, &found));
                        continue;
                    }
                };
                losses += compiled.len();
                let hazards = compiled.iter().flat_map(|loss| &loss.hazards);
                for hazard in hazards.filter(|hazard| !hazard.acknowledged) {
                    warnings += 1;
                    let name = block.definitions.iter().find(|d| !d.imported);
                    let range = hazard.range.or(name.map(|d| d.name.range));
                    let range = range.expect("a compiled block has a definition");
                    anstream::println!("{}\n", report::hazard(source, hazard, range));
                }
            }
        }
    }
    let count = |number: usize, one: &str, several: &str| {
        let noun = if number == 1 { one } else { several };
        format!("{number} {noun}")
    };
    anstream::println!(
        "{} without a mistake; {}, {}",
        count(losses, "loss", "losses"),
        count(mistakes, "mistake", "mistakes"),
        count(
            warnings,
            "hazard that is not acknowledged",
            "hazards that are not acknowledged"
        ),
    );
    if mistakes > 0 || (deny_warnings && warnings > 0) {
        Ok(Outcome::Wrong)
    } else {
        Ok(Outcome::Good)
    }
}
