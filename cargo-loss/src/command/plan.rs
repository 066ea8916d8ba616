//! `cargo loss plan`

use loss_codegen::ir::Graph;
use loss_codegen::schedule::account::Account;

use super::{Outcome, heading, known_axes};
use crate::book::{Book, Entry};
use crate::cli::Extent;
use crate::plan;

pub(super) fn run(
    book: &Book,
    entry: Entry<'_>,
    extents: &[Extent],
    number: u64,
) -> Result<Outcome, String> {
    let loss = book.compile(entry)?;
    let graph = &loss.simplified.kernel.loss.graph;
    known_axes(graph, extents)?;
    for (i, (name, kernel)) in plan::kernels(&loss.plans).into_iter().enumerate() {
        if i > 0 {
            anstream::println!();
        }
        anstream::println!("{}", heading(name));
        anstream::print!("{}", plan::text(graph, kernel));
        if !extents.is_empty() {
            print_totals(graph, &kernel.account(graph), extents, number)?;
        }
    }
    Ok(Outcome::Good)
}

/// The kernels for shards.
pub(super) fn sharded(book: &Book, entry: Entry<'_>) -> Result<Outcome, String> {
    let loss = book.compile(entry)?;
    let graph = &loss.simplified.kernel.loss.graph;
    let Some(sharded) = loss.sharded() else {
        let name = &loss.literal.loss.name;
        return Err(format!("{name} has no axis that can be sharded"));
    };
    anstream::println!("axis {}\n", graph.axis(sharded.axis).name);
    for (i, (name, kernel)) in plan::kernels(&sharded.plans).into_iter().enumerate() {
        if i > 0 {
            anstream::println!();
        }
        anstream::println!("{}", heading(name));
        anstream::print!("{}", kernel.show(graph));
    }
    Ok(Outcome::Good)
}

/// What a call moves between memory and the cores, and computes.
fn print_totals(
    graph: &Graph,
    steps: &[Account],
    extents: &[Extent],
    number: u64,
) -> Result<(), String> {
    let extent = |axis: &str| {
        let axes = graph.axes().iter();
        let dim = axes
            .into_iter()
            .find(|a| a.name == axis)
            .map(|a| graph.dim_name(a.dim));
        let dim = dim.unwrap_or(axis);
        let given = extents.iter().find(|extent| extent.axis == dim);
        given.map(|extent| extent.count)
    };
    let arrays = || {
        steps
            .iter()
            .flat_map(|step| step.reads.iter().chain(&step.writes))
    };
    let counted = steps.iter().flat_map(|step| &step.operations.by_axes);
    let named = arrays().flat_map(|array| &array.axes);
    let mut named = named.chain(counted.flat_map(|(axes, _)| axes));
    if let Some(axis) = named.find(|axis| extent(axis).is_none()) {
        return Err(format!(
            "the extent of `{axis}` is missing: -e {axis}=COUNT"
        ));
    }
    let known = |axis: &str| extent(axis).unwrap_or(1);
    let moved: u64 = arrays()
        .filter(|array| !array.tile)
        .map(|array| {
            let elements: u64 = array.axes.iter().map(|axis| known(axis)).product();
            elements * if array.real { number } else { 8 }
        })
        .sum();
    let totals = steps.iter().map(|step| step.operations.total(known));
    let (arithmetic, transcendental) = totals.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    anstream::println!(
        "in all: {:.3} MiB moved, {:.3e} operations and {:.3e} transcendental functions",
        moved as f64 / f64::from(1 << 20),
        arithmetic as f64,
        transcendental as f64
    );
    Ok(())
}
