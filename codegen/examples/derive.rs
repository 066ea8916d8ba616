//! Prints how `loss!` understands losses: `cargo run -p loss-codegen --example derive -- FILE…`, where
//! a file holds the inside of one `loss! { … }` or Rust source with such macros.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1) {
        let source = std::fs::read_to_string(&path)?;
        for block in loss_codegen::syntax::blocks_or_all(&source)? {
            match loss_codegen::compile::compile(block) {
                Ok(losses) => {
                    for loss in losses {
                        println!("{}", loss.literal.loss.source);
                        println!("{}", loss.derivation);
                        println!("{:?}\n", loss.report);
                    }
                }
                Err(diagnostics) => {
                    for diagnostic in &diagnostics {
                        println!("error: {}", diagnostic.text());
                    }
                }
            }
        }
    }
    Ok(())
}
