//! Prints how losses came to their formulas, step by step:
//! `cargo run -p loss-codegen --example explain -- FILE…`, where a file holds the inside of one `loss! { … }` or Rust
//! source with such macros. With `--kernel` it is the form that the kernels compute.

use std::error::Error;

use loss_codegen::explain::explain;
use loss_codegen::simplify::explain::Form;
use loss_codegen::support::Diagnostics;
use loss_codegen::{sema, syntax};

fn main() -> Result<(), Box<dyn Error>> {
    let mut form = Form::Formula;
    for argument in std::env::args().skip(1) {
        if argument == "--kernel" {
            form = Form::Kernel;
            continue;
        }
        let source = std::fs::read_to_string(&argument)?;
        for block in syntax::blocks_or_all(&source)? {
            let mut diagnostics = Diagnostics::new();
            let definitions = syntax::parse(block, &mut diagnostics);
            let losses = sema::analyse(&definitions, &mut diagnostics);
            for diagnostic in &diagnostics {
                println!("error: {}", diagnostic.text());
            }
            for loss in losses.into_iter().flatten() {
                match explain(loss, form) {
                    Some(explained) => println!("{explained}"),
                    None => println!("the literal form is the result"),
                }
            }
        }
    }
    Ok(())
}
