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
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    for block in crate::syntax::blocks_below(&folder).unwrap() {
        let Ok(all) = compile(block) else { panic!() };
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
