//! Files with definitions: a user's, from the disk, and those of the losses that come with loss-dsl, which are part of this program.

use std::fs;
use std::path::Path;

use include_dir::{Dir, include_dir};
use loss_codegen::support::Diagnostics;
use loss_codegen::syntax::ast::Definition;
use loss_codegen::syntax::{self, blocks_in, blocks_or_all};
use proc_macro2::TokenStream;

static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../loss-dsl/src/losses");

/// A file in which there are definitions.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path, as people are shown it.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The calls of `loss!`, in order.
    pub(crate) blocks: Vec<Block>,
}

/// A call of `loss!`.
#[derive(Debug)]
pub(crate) struct Block {
    /// What it defines, as far as it could be read.
    pub(crate) definitions: Vec<Definition>,
    /// The mistakes found in reading it.
    pub(crate) diagnostics: Diagnostics,
}

impl Source {
    fn new(path: String, text: String, blocks: Vec<TokenStream>) -> Self {
        let blocks = blocks.into_iter().map(|tokens| {
            let mut diagnostics = Diagnostics::new();
            Block {
                definitions: syntax::parse(tokens, &mut diagnostics),
                diagnostics,
            }
        });
        Source {
            path,
            text,
            blocks: blocks.collect(),
        }
    }
}

/// The definitions of a Rust file (or of a file that holds the inside of one `loss! { … }`), or of all Rust files of a folder and of those
/// below it. Files of a folder that are not Rust are left out, with a warning.
///
/// # Errors
/// If something does not read.
pub(crate) fn read(path: &Path) -> Result<Vec<Source>, String> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if !path.is_dir() {
        let text = fs::read_to_string(path).map_err(|e| failed(path, &e))?;
        let blocks = blocks_or_all(&text).map_err(|e| failed(path, &e))?;
        return Ok(vec![Source::new(path.display().to_string(), text, blocks)]);
    }
    let mut sources = Vec::new();
    for file in syntax::rust_files(path).map_err(|e| failed(path, &e))? {
        let text = fs::read_to_string(&file).map_err(|e| failed(&file, &e))?;
        let shown = file.strip_prefix(".").unwrap_or(&file).display();
        match blocks_in(&text) {
            Ok(blocks) if blocks.is_empty() => {}
            Ok(blocks) => sources.push(Source::new(shown.to_string(), text, blocks)),
            Err(error) => {
                let at = error.span().start();
                let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
                anstream::eprintln!(
                    "{yellow}warning{yellow:#}: {shown}:{}:{}: left out, it is not Rust: {error}",
                    at.line,
                    at.column + 1
                );
            }
        }
    }
    Ok(sources)
}

/// The losses that come with loss-dsl.
pub(crate) fn library() -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&LIBRARY, &mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn collect(folder: &Dir<'_>, sources: &mut Vec<Source>) {
    for file in folder.files() {
        let text = file.contents_utf8().expect("Rust is UTF-8").to_owned();
        let blocks = blocks_in(&text).expect("the library compiles");
        if !blocks.is_empty() {
            let path = format!("loss-dsl/src/losses/{}", file.path().display());
            sources.push(Source::new(path, text, blocks));
        }
    }
    for folder in folder.dirs() {
        collect(folder, sources);
    }
}
