//! Prints how long the compiler takes for every built-in loss:
//!
//! ```sh
//! cargo run --profile unoptimised -p loss-codegen --example expansion_time
//! ```
//!
//! or, with a folder after `--`, for the losses of the Rust files in it. The profile builds everything as a user's debug build builds a macro: without optimisation. Each
//! loss is expanded eight times; the first time of all pays for setting up, the smallest is what the
//! machine can do. Losses of one block share its time evenly.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    let folder = std::env::args_os().nth(1).map_or(library, PathBuf::from);
    println!(
        "{:<26} {:>9} {:>9} {:>8}",
        "loss", "first ms", "best ms", "e-nodes"
    );
    let mut slowest = 0.0f64;
    for block in loss_codegen::syntax::blocks_below(&folder)? {
        let mut times = vec![];
        for _ in 0..8 {
            let tokens = block.clone();
            let start = Instant::now();
            std::hint::black_box(loss_codegen::expand(tokens));
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let best = times.iter().copied().fold(f64::INFINITY, f64::min);
        let Ok(losses) = loss_codegen::compile::compile(block) else {
            return Err("a built-in loss has mistakes".into());
        };
        let each = best / losses.len() as f64;
        slowest = slowest.max(each);
        for loss in losses {
            let name = &loss.literal.loss.name;
            println!(
                "{name:<26} {:>9.1} {each:>9.1} {:>8}",
                times[0], loss.report.nodes
            );
        }
    }
    println!("slowest: {slowest:.1} ms");
    Ok(())
}
