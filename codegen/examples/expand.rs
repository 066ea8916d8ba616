//! Prints what `loss!` expands to, formatted: `cargo run -p loss-codegen --example expand -- FILE`,
//! where FILE holds the inside of one `loss! { … }`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: expand FILE")?;
    let source = std::fs::read_to_string(path)?;
    let tokens = loss_codegen::expand(source.parse()?);
    match syn::parse2(tokens.clone()) {
        Ok(file) => print!("{}", prettyplease::unparse(&file)),
        Err(error) => {
            eprintln!("not Rust: {error}");
            print!("{tokens}");
        }
    }
    Ok(())
}
