//! Each kind of hazard: there without a proof, gone with it.

use super::Hazard;
use crate::compile::compile;

fn hazards(source: &str) -> Vec<Hazard> {
    let tokens = source.parse().expect("tokens");
    let losses = compile(tokens).unwrap_or_else(|diagnostics| {
        let messages: Vec<_> = diagnostics.iter().map(|found| found.text()).collect();
        panic!("{source}\n{messages:#?}")
    });
    losses.into_iter().flat_map(|loss| loss.hazards).collect()
}

#[test]
fn dump() {
    for f in ["loss-dsl/src", "examples", "tests/it", "tests/support"] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(f);
        for block in crate::syntax::blocks_below(&folder).unwrap() {
            let Ok(all) = compile(block.clone()) else {
                println!(
                    "cannot {}",
                    block.to_string().chars().take(100).collect::<String>()
                );
                continue;
            };
            for loss in all {
                for hazard in &loss.hazards {
                    println!(
                        "{}: {} {}",
                        loss.literal.loss.name,
                        hazard.acknowledged,
                        hazard.warning()
                    );
                }
            }
        }
    }
}
