//! The atlas: a site of static pages, one a loss, that opens from a file without a network.
//!
//! [`scene`] makes a small world for a loss, [`plot`] draws it, [`page`] writes the page of a loss, [`site`] what is around: the index with its
//! search, the comparison of two losses, the charts of whole families.

mod accuracy;
mod page;
mod plot;
mod prose;
mod scene;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use loss_codegen::compile::Compiled;
use loss_codegen::explain::{Explained, explain};
use loss_codegen::simplify::explain::Form;

use crate::book::{Book, Entry};

/// All that the atlas shows of a loss.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) compiled: Compiled,
    pub(crate) explained: Explained,
    /// The family, for the index: that of the library, or the user's file.
    pub(crate) family: String,
    pub(crate) place: String,
    pub(crate) is_built_in: bool,
}

impl Subject {
    fn new(book: &Book, entry: Entry<'_>) -> Result<Self, String> {
        let compiled = book.compile(entry)?;
        let explained = explain(book.analyse(entry)?, Form::Formula);
        Ok(Subject {
            compiled,
            explained,
            family: family(&entry.source.path),
            place: entry.place(),
            is_built_in: book
                .built_in()
                .any(|own| std::ptr::eq(own.definition, entry.definition)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.compiled.literal.loss.name
    }

    /// The first sentence or so of its documentation.
    pub(crate) fn summary(&self) -> &str {
        let doc = self.compiled.literal.loss.doc.trim();
        doc.split("\n\n").next().unwrap_or_default()
    }
}

/// `margin` of `loss-dsl/src/losses/margin/angular.rs`; a user's file is its own family.
fn family(path: &str) -> String {
    match path.strip_prefix("loss-dsl/src/losses/") {
        Some(rest) => {
            let name = rest.split('/').next().unwrap_or(rest);
            name.trim_end_matches(".rs").to_owned()
        }
        None => path.to_owned(),
    }
}

/// What the pages around need of a loss.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) summary: String,
    /// What the script of the pages knows of it.
    pub(crate) data: serde_json::Value,
}

/// Writes the pages of the losses below `path`, if one is given, and of the library's to a folder; returns how many losses there are.
///
/// # Errors
/// If a loss does not compile or something cannot be read or written.
pub(crate) fn write(path: Option<&Path>, out: &Path) -> Result<usize, String> {
    let open = || path.map_or_else(|| Ok(Book::library()), Book::open);
    let book = open()?;
    // One page a name: a user's loss stands before the library's.
    let names: BTreeSet<String> = entries(&book).into_keys().map(str::to_owned).collect();
    let put = |path: &str, text: &str| {
        let path = out.join(path);
        let folder = path.parent().expect("a file is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    // What the compiler makes of tokens stays in its thread, so every thread reads the files.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = |thread: usize| -> Result<Vec<Summary>, String> {
        let book = open()?;
        let own = entries(&book).into_values().skip(thread).step_by(threads);
        own.map(|entry| {
            let subject = Subject::new(&book, entry)?;
            let page = page::page(&subject, &names)?;
            put(&format!("loss/{}.html", subject.name()), &page)?;
            Ok(Summary {
                name: subject.name().to_owned(),
                family: subject.family.clone(),
                summary: subject.summary().to_owned(),
                data: site::data(&subject),
            })
        })
        .collect()
    };
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || part(thread)))
            .collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .map(|part| part.expect("no thread panics"))
            .collect::<Vec<_>>()
    });
    let mut all = vec![];
    for part in parts {
        all.extend(part?);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    put("style.css", include_str!("style.css"))?;
    put("atlas.js", include_str!("atlas.js"))?;
    put("data.js", &site::script(&all))?;
    put("index.html", &site::index(&all))?;
    put("compare.html", &site::compare(&all))?;
    put("figures.html", &site::figures(&book)?)?;
    Ok(all.len())
}

/// The definitions by name.
fn entries(book: &Book) -> BTreeMap<&str, Entry<'_>> {
    let mut entries = BTreeMap::new();
    for entry in book.own().chain(book.built_in()) {
        entries
            .entry(entry.definition.name.text.as_str())
            .or_insert(entry);
    }
    entries
}
