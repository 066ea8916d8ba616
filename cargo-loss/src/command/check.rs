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
                for loss in &compiled {
                    let name = &loss.literal.loss.name;
                    let own = block.definitions.iter().find(|d| d.name.text == *name);
                    let own = own
                        .expect("a compiled loss comes from a definition")
                        .name
                        .range;
                    for hazard in loss.hazards.iter().filter(|hazard| !hazard.acknowledged) {
                        warnings += 1;
                        let range = hazard.range.unwrap_or(own);
                        anstream::println!("{}\n", report::hazard(source, hazard, range));
                    }
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
