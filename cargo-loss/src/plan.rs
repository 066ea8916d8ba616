//! Plans as text, step by step.

use std::fmt::Write;

use loss_codegen::ir::Graph;
use loss_codegen::schedule::Plans;
use loss_codegen::schedule::account::{Account, Array};
use loss_codegen::schedule::plan::Plan;

/// The kernels that a loss has, by name.
pub(crate) fn kernels(plans: &Plans) -> Vec<(&'static str, &Plan)> {
    let all = [
        ("forward", Some(&plans.forward)),
        ("gradient", Some(&plans.backward)),
        ("auxiliary", plans.auxiliary.as_ref()),
        ("weights", plans.weights.as_ref()),
    ];
    let present = all
        .into_iter()
        .filter_map(|(name, plan)| Some((name, plan?)));
    present.collect()
}

/// What each step does, reads, writes and counts.
pub(crate) fn text(graph: &Graph, plan: &Plan) -> String {
    let mut text = String::new();
    let mut walk = None;
    for (i, step) in plan.account(graph).iter().enumerate() {
        if step.walk.is_some() && step.walk != walk {
            let axis = plan.tile.map_or("", |axis| &graph.axis(axis).name);
            let _ = writeln!(text, "for each tile of {axis}");
        }
        walk = step.walk;
        let indent = if walk.is_some() { "  " } else { "" };
        write_step(&mut text, i + 1, step, indent);
    }
    text
}

fn write_step(text: &mut String, number: usize, step: &Account, indent: &str) {
    let again = if step.again {
        "again, if there are several tiles: "
    } else {
        ""
    };
    let done = step.text.trim_end().replace('\n', &format!("\n{indent}"));
    // Writing into a string does not fail.
    let _ = writeln!(text, "{indent}{number}. {again}{done}");
    let facts = [
        ("reads", arrays(&step.reads)),
        ("writes", arrays(&step.writes)),
        ("passes", step.passes.to_string()),
        ("operations", step.operations.to_string()),
    ];
    for (name, fact) in facts {
        let _ = writeln!(text, "{indent}   {name:<11} {fact}");
    }
}

fn arrays(arrays: &[Array]) -> String {
    let shown = arrays.iter().map(|array| {
        let tile = if array.tile { " (a tile)" } else { "" };
        if array.axes.is_empty() {
            format!("{}{tile}", array.name)
        } else {
            format!("{}[{}]{tile}", array.name, array.axes.join(", "))
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}
