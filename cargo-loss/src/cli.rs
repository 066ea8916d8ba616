//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Looks at losses that are declared with `loss!`.
///
/// Works on Rust files, on folders of them (a crate), and on the losses that come with loss-dsl. Nothing is compiled and nothing is
/// run but the compiler behind the macro.
#[derive(Parser, Debug)]
#[command(name = "cargo loss", bin_name = "cargo loss", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour the output.
    #[arg(
        long = "color",
        value_name = "WHEN",
        default_value = "auto",
        global = true
    )]
    pub(crate) colour: Colour,
}

/// When to colour.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Colour {
    Auto,
    Always,
    Never,
}

impl Colour {
    /// Decides for everything that is printed from now on.
    pub(crate) fn write_global(self) {
        let choice = match self {
            Colour::Auto => anstream::ColorChoice::Auto,
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List the definitions found, with their axes, parameters and places.
    List {
        /// A Rust file or a folder of them.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// List the losses that come with loss-dsl instead.
        #[arg(long, conflicts_with = "path")]
        library: bool,
    },
    /// Show a loss: its definition, its value and each of its gradients.
    Show {
        #[command(flatten)]
        subject: Subject,
        /// The notation.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Tell step by step how the formulas came about, with the rules by name.
    Explain {
        #[command(flatten)]
        subject: Subject,
        /// Explain the form that the kernels compute instead of the one that is shown.
        #[arg(long)]
        kernel: bool,
    },
    /// Show how the kernels do their work: passes, tiles, what is read and written, operations per element.
    Plan {
        #[command(flatten)]
        subject: Subject,
        /// Extents for which bytes and operations are added up, such as `-e N=512 -e C=10000`.
        #[arg(short, long = "extent", value_name = "AXIS=COUNT")]
        extents: Vec<Extent>,
        /// Bytes of a number: 4 for f32, 8 for f64, 2 for the inputs and gradients of half precision.
        #[arg(long, value_name = "BYTES", default_value_t = 4)]
        number: u64,
        /// The kernels for an axis that is spread over ranks: what the owners of labels compute, and what is joined.
        #[arg(long, conflicts_with_all = ["extents", "number"])]
        sharded: bool,
    },
    /// Print the Rust code that the macro writes, formatted.
    Expand {
        #[command(flatten)]
        subject: Subject,
    },
    /// Report every mistake and every hazard of the definitions found; the exit status is 1 if there is a mistake.
    Check {
        /// Rust files or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Let the exit status be 1 if there is a hazard that its author has not acknowledged.
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Compare every element of every gradient with a difference quotient of the value; the exit status is 1 if one is wrong.
    ///
    /// Inputs are random, seeded, within their declared ranges. Both sides are computed in arbitrary precision, so a gradient
    /// is either right to all digits of a float or wrong; where the value has a kink, the two one-sided slopes are told.
    Gradcheck {
        #[command(flatten)]
        subject: Subject,
        /// Extents of axes; 3 for those that are not named.
        #[arg(short, long = "extent", value_name = "AXIS=COUNT")]
        extents: Vec<Extent>,
        /// What the random inputs depend on.
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Write a site of static pages, one a loss: definition, formulas, derivation, plan, plots.
    Atlas {
        /// A Rust file or a folder of them, whose losses stand beside those that come with loss-dsl.
        path: Option<PathBuf>,
        /// The folder that the pages are written to.
        #[arg(long, value_name = "FOLDER", default_value = "target/atlas")]
        out: PathBuf,
    },
    /// Print a script that completes this command in a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// The loss in question.
#[derive(Args, Debug)]
pub(crate) struct Subject {
    /// The name of the loss, one of yours or one that comes with loss-dsl.
    pub(crate) name: String,
    /// A Rust file or a folder in which the loss is looked for first.
    #[arg(short, long, default_value = ".")]
    pub(crate) path: PathBuf,
}

/// A notation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// Unicode text.
    Text,
    /// An `aligned` environment for mathematics mode.
    Latex,
    /// A `<math>` element a formula, as an HTML fragment.
    Mathml,
    /// Everything that is known of the loss, for other programs.
    Json,
    /// The expressions as a graph, for Graphviz.
    Dot,
}

/// `N=512`.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    pub(crate) axis: String,
    pub(crate) count: u64,
}

impl FromStr for Extent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not AXIS=COUNT, such as N=512");
        let (axis, count) = text.split_once('=').ok_or_else(wrong)?;
        let count = count.replace('_', "").parse().map_err(|_| wrong())?;
        Ok(Extent {
            axis: axis.trim().to_owned(),
            count,
        })
    }
}
