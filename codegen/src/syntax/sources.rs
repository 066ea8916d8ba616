//! Finds definitions in Rust source: whoever looks at losses without compiling the crate that has them reads its files.

use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::{LexError, TokenStream};

/// The inside of every `loss! { … }` in a Rust source, in order: at the top level, in modules and in the bodies of functions.
///
/// # Errors
/// If the source is not Rust.
pub fn blocks_in(source: &str) -> Result<Vec<TokenStream>, syn::Error> {
    let mut blocks = Vec::new();
    for item in syn::parse_file(source)?.items {
        collect_blocks(item, &mut blocks);
    }
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

fn collect_blocks(item: syn::Item, blocks: &mut Vec<TokenStream>) {
    match item {
        syn::Item::Macro(item) => blocks.extend(inside(item.mac)),
        syn::Item::Mod(module) => {
            for item in module.content.into_iter().flat_map(|content| content.1) {
                collect_blocks(item, blocks);
            }
        }
        syn::Item::Fn(function) => {
            for statement in function.block.stmts {
                match statement {
                    syn::Stmt::Macro(statement) => blocks.extend(inside(statement.mac)),
                    syn::Stmt::Item(item) => collect_blocks(item, blocks),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The tokens of a call, if it is one of `loss!`.
fn inside(call: syn::Macro) -> Option<TokenStream> {
    let last = call.path.segments.last()?;
    (last.ident == "loss").then_some(call.tokens)
}

/// The insides of the macros in all [Rust files](rust_files) of a folder.
///
/// # Errors
/// If a folder or a file does not read, or a file is not Rust.
pub fn blocks_below(folder: &Path) -> io::Result<Vec<TokenStream>> {
    let mut blocks = Vec::new();
    for file in rust_files(folder)? {
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

/// The Rust files of a folder and of those below it, in order of their paths; but for hidden folders, and what is marked as a cache
/// (`target`).
///
/// # Errors
/// If a folder does not read.
pub fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect_files(folder, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() {
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !is_hidden && !path.join("CACHEDIR.TAG").exists() {
                collect_files(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
