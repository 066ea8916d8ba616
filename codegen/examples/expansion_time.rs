//! Prints how long the compiler takes for every built-in loss:
//!
//! ```sh
//! cargo run --profile unoptimised -p loss-codegen --example expansion_time
//! ```
//!
//! or, with a folder after `--`, for the losses of the Rust files in it, and how often each is expanded. The profile builds everything as a user's debug build builds a macro: without optimisation. Each
//! loss is expanded eight times otherwise; the first time of all pays for setting up, the smallest is what the
//! machine can do, `sharded` that with the kernels for shards. Losses of one block share its time evenly. Behind it is what the stages take of it, in milliseconds; the rest is emission.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use loss_codegen::Kernels;
use loss_codegen::schedule::Plans;
use loss_codegen::simplify::simplify_with_report;
use loss_codegen::support::Diagnostics;
use loss_codegen::{diff, hazard, render, sema, syntax};
use proc_macro2::TokenStream;

fn main() -> Result<(), Box<dyn Error>> {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    let folder = std::env::args_os().nth(1).map_or(library, PathBuf::from);
    let times_each = std::env::args().nth(2).map_or(Ok(8), |word| word.parse())?;
    println!(
        "{:<26} {:>8} {:>8} {:>8}   {:>7} {:>8} {:>7} {:>8} {:>7} {:>7}",
        "loss",
        "first",
        "best",
        "sharded",
        "meaning",
        "simplify",
        "hazards",
        "schedule",
        "render",
        "e-nodes"
    );
    let mut all = vec![];
    for block in syntax::blocks_below(&folder)? {
        let (mut times, mut sharded) = (vec![], f64::INFINITY);
        let mut stages = [f64::INFINITY; 5];
        for _ in 0..times_each {
            let tokens = block.clone();
            let start = Instant::now();
            std::hint::black_box(loss_codegen::expand(tokens));
            times.push(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            let kernels = Kernels { sharded: true };
            std::hint::black_box(loss_codegen::expand_with(block.clone(), kernels));
            sharded = sharded.min(start.elapsed().as_secs_f64() * 1e3);
            for (best, stage) in stages.iter_mut().zip(by_stage(block.clone())) {
                *best = best.min(stage);
            }
        }
        let best = times.iter().copied().fold(f64::INFINITY, f64::min);
        let Ok(losses) = loss_codegen::compile::compile(block) else {
            return Err("a built-in loss has mistakes".into());
        };
        let count = losses.len() as f64;
        let [meaning, simplify, hazards, schedule, render] = stages.map(|stage| stage / count);
        all.extend(losses.iter().map(|_| [best / count, sharded / count]));
        for loss in losses {
            println!(
                "{:<26} {:>8.1} {:>8.1} {:>8.1}   {meaning:>7.1} {simplify:>8.1} {hazards:>7.1} {schedule:>8.1} {render:>7.1} {:>7}",
                loss.literal.loss.name,
                times[0] / count,
                best / count,
                sharded / count,
                loss.report.nodes
            );
        }
    }
    for (at, what) in ["", ", with kernels for shards"].into_iter().enumerate() {
        let times = || all.iter().map(|times| times[at]);
        let mean = times().sum::<f64>() / all.len() as f64;
        let slowest = times().fold(0.0, f64::max);
        println!("mean: {mean:.1} ms, slowest: {slowest:.1} ms{what}");
    }
    Ok(())
}

/// Milliseconds that the stages take for a block: reading, checking and differentiating; simplification; hazards; plans; formulas.
fn by_stage(block: TokenStream) -> [f64; 5] {
    let mut stages = [0.0; 5];
    let mut last = Instant::now();
    let mut lap = |stage: usize| {
        stages[stage] += last.elapsed().as_secs_f64() * 1e3;
        last = Instant::now();
    };
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(block, &mut diagnostics);
    let losses = sema::analyse(&definitions, &mut diagnostics);
    for loss in losses.into_iter().flatten() {
        let literal = diff::gradient(loss);
        lap(0);
        let (simplified, _) = simplify_with_report(literal.clone());
        lap(1);
        std::hint::black_box(hazard::hazards(&literal, &simplified.kernel));
        lap(2);
        std::hint::black_box(Plans::new(&simplified.kernel));
        lap(3);
        std::hint::black_box(render::derivation(&render::with_detached(
            &literal,
            simplified.formula,
        )));
        lap(4);
    }
    stages
}
