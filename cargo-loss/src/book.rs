//! All definitions at hand, by name: the user's first, then the library's.
//!
//! A definition may use losses of other files and of the library, as the macro can; whatever a block does not define itself is brought
//! into it from here.

use std::collections::BTreeSet;
use std::path::Path;

use loss_codegen::compile::{Compiled, compile_definitions};
use loss_codegen::ir::Loss;
use loss_codegen::sema;
use loss_codegen::support::Diagnostics;
use loss_codegen::support::diag::nearest_name;
use loss_codegen::syntax::ast::Definition;

use crate::report;
use crate::source::{self, Block, Source};

/// The definitions at hand.
#[derive(Debug)]
pub(crate) struct Book {
    own: Vec<Source>,
    library: Vec<Source>,
}

/// A definition and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'b> {
    pub(crate) source: &'b Source,
    pub(crate) block: &'b Block,
    pub(crate) definition: &'b Definition,
}

impl Entry<'_> {
    pub(crate) fn name(&self) -> &str {
        &self.definition.name.text
    }

    /// `src/lib.rs:12`
    pub(crate) fn place(&self) -> String {
        let line = self.definition.name.range.start.start().line;
        format!("{}:{line}", self.source.path)
    }
}

impl Book {
    /// What is below `path`, and the library.
    ///
    /// # Errors
    /// If something does not read.
    pub(crate) fn open(path: &Path) -> Result<Book, String> {
        Ok(Book {
            own: source::read(path)?,
            library: source::library(),
        })
    }

    /// The library alone.
    pub(crate) fn library() -> Book {
        Book {
            own: vec![],
            library: source::library(),
        }
    }

    /// The user's files that have definitions.
    pub(crate) fn own_sources(&self) -> &[Source] {
        &self.own
    }

    /// The user's definitions.
    pub(crate) fn own(&self) -> impl Iterator<Item = Entry<'_>> {
        entries(&self.own)
    }

    /// The library's definitions.
    pub(crate) fn built_in(&self) -> impl Iterator<Item = Entry<'_>> {
        entries(&self.library)
    }

    /// The definition of this name.
    ///
    /// # Errors
    /// If there is none, or several of the user's.
    pub(crate) fn find(&self, name: &str) -> Result<Entry<'_>, String> {
        let named = |entry: &Entry<'_>| entry.name() == name;
        let own: Vec<Entry<'_>> = self.own().filter(named).collect();
        match own[..] {
            [entry] => Ok(entry),
            [] => self.built_in().find(named).ok_or_else(|| {
                let all = self.own().chain(self.built_in());
                let names: Vec<&str> = all
                    .map(|entry| entry.definition.name.text.as_str())
                    .collect();
                let hint = nearest_name(name, names)
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                format!("no loss `{name}` was found{hint}")
            }),
            _ => {
                let places: Vec<String> = own.iter().map(Entry::place).collect();
                Err(format!(
                    "`{name}` is defined more than once ({}): name a file with --path",
                    places.join(", ")
                ))
            }
        }
    }

    /// The definitions of a block, with those of other places that they use.
    pub(crate) fn complete(&self, block: &Block) -> Vec<Definition> {
        let mut definitions = block.definitions.clone();
        let mut looked_for = BTreeSet::new();
        loop {
            let mut missing = sema::foreign_losses(&definitions);
            missing.retain(|name| looked_for.insert(name.clone()));
            if missing.is_empty() {
                return definitions;
            }
            for name in missing {
                if let Ok(entry) = self.find(&name) {
                    let mut definition = entry.definition.clone();
                    definition.imported = true;
                    definitions.insert(0, definition);
                }
            }
        }
    }

    /// The definitions of a block, compiled.
    ///
    /// # Errors
    /// All mistakes.
    pub(crate) fn compile_block(&self, block: &Block) -> Result<Vec<Compiled>, Diagnostics> {
        compile_definitions(&self.complete(block), block.diagnostics.clone())
    }

    /// A definition, compiled.
    ///
    /// # Errors
    /// All mistakes of its block, as they are shown.
    pub(crate) fn compile(&self, entry: Entry<'_>) -> Result<Compiled, String> {
        let all = self.compile_block(entry.block);
        let all = all.map_err(|mistakes| report::refused(entry.name(), entry.source, &mistakes))?;
        let named = |loss: &Compiled| loss.literal.loss.name == entry.name();
        Ok(all.into_iter().find(named).expect("one of the block"))
    }

    /// A definition, checked.
    ///
    /// # Errors
    /// All mistakes of its block, as they are shown.
    pub(crate) fn analyse(&self, entry: Entry<'_>) -> Result<Loss, String> {
        let mut mistakes = entry.block.diagnostics.clone();
        let losses = sema::analyse(&self.complete(entry.block), &mut mistakes);
        if !mistakes.is_empty() {
            return Err(report::refused(entry.name(), entry.source, &mistakes));
        }
        let named = |loss: &Loss| loss.name == entry.name();
        Ok(losses
            .into_iter()
            .flatten()
            .find(named)
            .expect("one of the block"))
    }
}

fn entries(sources: &[Source]) -> impl Iterator<Item = Entry<'_>> {
    sources.iter().flat_map(|source| {
        source.blocks.iter().flat_map(move |block| {
            let own = block.definitions.iter().filter(|d| !d.imported);
            own.map(move |definition| Entry {
                source,
                block,
                definition,
            })
        })
    })
}
