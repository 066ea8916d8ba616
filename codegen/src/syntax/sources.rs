//! Finds definitions in Rust source: whoever looks at losses without compiling the crate that has them reads its files.

use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::{LexError, TokenStream};

/// The inside of every `loss! { … }` at the top level of a Rust source, or of a module in it, in order.
///
/// # Errors
/// If the source is not Rust.
pub fn blocks_in(source: &str) -> Result<Vec<TokenStream>, syn::Error> {
    let mut blocks = Vec::new();
    collect_blocks(syn::parse_file(source)?.items, &mut blocks);
    Ok(blocks)
}

/// The insides of the macros in a Rust source, or the whole if it has none: then it is the inside of one.
///
/// # Errors
/// If the text is no sequence of tokens.
pub fn blocks_or_all(source: &str) -> Result<Vec<TokenStream>, LexError> {
    match blocks_in(source) {
        Ok(blocks) if !blocks.is_empty() => Ok(blocks),
        _ => Ok(vec![source.parse()?]),
    }
}

fn collect_blocks(items: Vec<syn::Item>, blocks: &mut Vec<TokenStream>) {
    for item in items {
        match item {
            syn::Item::Macro(item) => {
                let path = &item.mac.path;
                if path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "loss")
                {
                    blocks.push(item.mac.tokens);
                }
            }
            syn::Item::Mod(module) => {
                collect_blocks(module.content.map_or_else(Vec::new, |c| c.1), blocks);
            }
            _ => {}
        }
    }
}

/// The same for all Rust files of a folder and of those below it, in order of their paths.
///
/// # Errors
/// If a folder or a file does not read, or a file is not Rust.
pub fn blocks_below(folder: &Path) -> io::Result<Vec<TokenStream>> {
    let mut files = Vec::new();
    collect_files(folder, &mut files)?;
    files.sort();
    let mut blocks = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let found = blocks_in(&text).map_err(|e| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {e}", file.display()),
            )
        })?;
        blocks.extend(found);
    }
    Ok(blocks)
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
