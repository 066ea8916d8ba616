//! Prints what `loss!` expands to, formatted: `cargo run -p loss-codegen --example expand -- FILE`,
//! where FILE holds the inside of one `loss! { … }` or Rust source with such macros.

use std::error::Error;

use proc_macro2::TokenStream;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: expand FILE")?;
    let source = std::fs::read_to_string(path)?;
    let blocks = loss_codegen::syntax::blocks_or_all(&source)?;
    let tokens: TokenStream = blocks.into_iter().map(loss_codegen::expand).collect();
    match syn::parse2(tokens.clone()) {
        Ok(file) => print!("{}", prettyplease::unparse(&file)),
        Err(error) => {
            eprintln!("not Rust: {error}");
            print!("{tokens}");
        }
    }
    Ok(())
}
