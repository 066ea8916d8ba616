//! The subcommands, a module each.

mod check;
mod expand;
mod explain;
mod gradcheck;
mod list;
mod plan;
mod show;

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use loss_codegen::ir::Graph;

use crate::atlas;
use crate::book::{Book, Entry};
use crate::cli::{Cli, Command, Extent, Subject};

/// What the exit status says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// 0.
    Good,
    /// 1: something that was looked at is wrong.
    Wrong,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Good => ExitCode::SUCCESS,
            Outcome::Wrong => ExitCode::from(1),
        }
    }
}

/// Runs a subcommand.
///
/// # Errors
/// If it could not be carried out: a file that does not read, a loss that is not there or does not compile.
pub(crate) fn run(command: Command) -> Result<Outcome, String> {
    match command {
        Command::List { path, library } => list::run(&path, library),
        Command::Show { subject, format } => {
            with(&subject, |book, entry| show::run(book, entry, format))
        }
        Command::Explain { subject, kernel } => {
            with(&subject, |book, entry| explain::run(book, entry, kernel))
        }
        Command::Plan {
            subject,
            extents,
            number,
            sharded,
        } => with(&subject, |book, entry| match sharded {
            true => plan::sharded(book, entry),
            false => plan::run(book, entry, &extents, number),
        }),
        Command::Expand { subject } => with(&subject, expand::run),
        Command::Check {
            paths,
            deny_warnings,
        } => check::run(&paths, deny_warnings),
        Command::Gradcheck {
            subject,
            extents,
            seed,
        } => with(&subject, |book, entry| {
            gradcheck::run(book, entry, &extents, seed)
        }),
        Command::Atlas { path, out } => {
            let count = atlas::write(path.as_deref(), &out)?;
            let index = out.join("index.html");
            anstream::println!("{count} losses: {}", index.display());
            Ok(Outcome::Good)
        }
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "cargo-loss",
                &mut std::io::stdout(),
            );
            Ok(Outcome::Good)
        }
    }
}

fn with(
    subject: &Subject,
    run: impl FnOnce(&Book, Entry<'_>) -> Result<Outcome, String>,
) -> Result<Outcome, String> {
    let book = open(&subject.path, &subject.name)?;
    let entry = book.find(&subject.name)?;
    run(&book, entry)
}

/// The definitions below a path. The current folder, which is where one looks if nothing is said, may be anything.
fn open(path: &Path, name: &str) -> Result<Book, String> {
    match Book::open(path) {
        Err(_) if path == Path::new(".") && Book::library().find(name).is_ok() => {
            Ok(Book::library())
        }
        book => book,
    }
}

/// Refuses an extent for what is no axis of the loss.
fn known_axes(graph: &Graph, extents: &[Extent]) -> Result<(), String> {
    let names: Vec<&str> = (0..graph.dim_count() as u8)
        .map(|dim| graph.dim_name(loss_codegen::ir::DimId(dim)))
        .collect();
    for extent in extents {
        if !names.contains(&extent.axis.as_str()) {
            let (axis, names) = (&extent.axis, names.join(", "));
            return Err(format!("there is no axis `{axis}` here, but {names}"));
        }
    }
    Ok(())
}

/// A heading of the output.
fn heading(text: &str) -> String {
    let style = anstyle::Style::new().bold().underline();
    format!("{style}{text}{style:#}")
}
