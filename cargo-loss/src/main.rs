//! `cargo loss`: the compiler's results on the terminal, without compiling the crate that has the losses.
//!
//! Files are read, the definitions in them are found and handed to the compiler, which is a library. [`source`] finds, [`book`]
//! keeps what was found and knows which loss uses which, [`report`] shows mistakes at their places, [`colour`] paints, and
//! [`command`] has a module for every subcommand.

#![forbid(unsafe_code)]

mod atlas;
mod book;
mod cli;
mod colour;
mod command;
mod dot;
mod plan;
mod report;
mod source;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

fn main() -> ExitCode {
    // As a subcommand of cargo, its own name comes first.
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "loss") {
        arguments.remove(1);
    }
    let cli = Cli::parse_from(arguments);
    cli.colour.write_global();
    match command::run(cli.command) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            let red = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{red}error{red:#}: {error}");
            ExitCode::from(2)
        }
    }
}
