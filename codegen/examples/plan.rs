//! Prints the plans of a loss: `cargo run -p loss-codegen --example plan -- FILE`, where FILE holds the inside of one
//! `loss! { … }` or Rust source with such macros.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: plan FILE")?;
    let source = std::fs::read_to_string(path)?;
    for block in loss_codegen::syntax::blocks_or_all(&source)? {
        let losses = loss_codegen::compile::compile(block).map_err(|e| format!("{e:?}"))?;
        for loss in losses {
            let graph = &loss.simplified.kernel.loss.graph;
            println!("{}\n\nforward", loss.literal.loss.name);
            print!("{}", loss.plans.forward.show(graph));
            println!("\ngradient");
            print!("{}", loss.plans.backward.show(graph));
        }
    }
    Ok(())
}
