//! Prints how losses came to their formulas, step by step:
//! `cargo run -p loss-codegen --example explain -- FILE…`, where a file holds the inside of one `loss! { … }` or Rust
//! source with such macros. After `--kernel` it is the form that the kernels compute.

use std::error::Error;

use loss_codegen::explain::explain_all;
use loss_codegen::simplify::explain::Form;

fn main() -> Result<(), Box<dyn Error>> {
    let mut form = Form::Formula;
    for argument in std::env::args().skip(1) {
        if argument == "--kernel" {
            form = Form::Kernel;
            continue;
        }
        let source = std::fs::read_to_string(&argument)?;
        for block in loss_codegen::syntax::blocks_or_all(&source)? {
            match explain_all(block, form) {
                Ok(losses) => {
                    for loss in losses {
                        println!("{loss}");
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
