//! Every loss that ships, and some that do not: saturation ends by itself, and no value changes.

use super::points::{Draw, Points, environment};
use super::*;
use crate::ir::eval::eval_all;
use crate::simplify::convert::roots;
use crate::simplify::{Budget, Options, Stop, simplify_with};

/// The losses of the library.
pub(super) fn shipped() -> Vec<Loss> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../loss-dsl/src/losses");
    let blocks = syntax::blocks_below(folder.as_ref()).expect("the library of losses");
    blocks.iter().flat_map(|b| losses(&b.to_string())).collect()
}

pub(super) fn all() -> Vec<Loss> {
    let more = MORE.iter().flat_map(|source| losses(source));
    shipped().into_iter().chain(more).collect()
}

/// Compares all roots of two versions of a loss at random inputs.
fn assert_same_values(before: &Gradient, after: &Gradient, what: &str) {
    let (a, b) = (&before.loss.graph, &after.loss.graph);
    for seed in 1..=12 {
        let env = environment(a, Points::NonZero, Draw::Inside, seed);
        let left = eval_all::<f64>(a, &env, &roots(before));
        let right = eval_all::<f64>(b, &env, &roots(after));
        for (i, (l, r)) in left.iter().zip(&right).enumerate() {
            let (l, r) = (l.laid_out(a, &env, &l.axes), r.laid_out(b, &env, &l.axes));
            for (l, r) in l.iter().zip(&r) {
                let close = (l - r).abs() <= 1e-8 * (1.0 + l.abs());
                assert!(
                    close || !l.is_finite(),
                    "{} {what}, root {i}: {l} became {r}",
                    before.loss.name
                );
            }
        }
    }
}

#[test]
fn every_loss_saturates_and_keeps_its_values() {
    for loss in all() {
        let gradient = diff::gradient(loss);
        let (simplified, report) = simplify_with_report(gradient.clone());
        let name = &gradient.loss.name;
        assert_eq!(report.stop, Stop::Saturated, "{name} {report:?}");
        assert!(!report.fell_back, "{name} {report:?}");
        // The most are those of Clip, 569: two softmaxes of one matrix, halved.
        assert!(report.nodes < 600, "{name} {report:?}");
        assert_same_values(&gradient, &simplified.kernel, "kernel");
        assert_same_values(&gradient, &simplified.formula, "formula");
    }
}

/// All expressions of a definition as text.
fn text(gradient: &Gradient) -> Vec<String> {
    let roots = roots(gradient).into_iter();
    roots.map(|id| gradient.loss.graph.show(id)).collect()
}

#[test]
fn a_result_depends_on_its_definition_alone() {
    let first: Vec<_> = all()
        .into_iter()
        .map(|l| simplify_with_report(diff::gradient(l)))
        .collect();
    // In another order: nothing of the losses before may be left.
    for (loss, (simplified, report)) in all().into_iter().zip(first).rev() {
        let (again, report_again) = simplify_with_report(diff::gradient(loss));
        assert_eq!(text(&simplified.kernel), text(&again.kernel));
        assert_eq!(text(&simplified.formula), text(&again.formula));
        assert_eq!(report, report_again);
    }
}

#[test]
fn simplifying_a_kernel_changes_nothing() {
    let mut changed = vec![];
    for loss in all() {
        let (simplified, _) = simplify_with_report(diff::gradient(loss));
        let kernel = &simplified.kernel;
        let (again, report) = simplify_with_report(kernel.clone());
        assert!(!report.fell_back, "{}", kernel.loss.name);
        for (once, twice) in text(kernel).iter().zip(&text(&again.kernel)) {
            if once != twice {
                changed.push(format!("{}:\n  {once}\n  {twice}", kernel.loss.name));
            }
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn simplifying_a_formula_leaves_its_length() {
    for loss in all() {
        let (simplified, _) = simplify_with_report(diff::gradient(loss));
        let formula = &simplified.formula;
        let (again, report) = simplify_with_report(formula.clone());
        let name = &formula.loss.name;
        assert!(!report.fell_back, "{name}");
        let size = |g: &Gradient| g.loss.graph.reachable(&roots(g)).len();
        let (once, twice) = (size(formula), size(&again.formula));
        assert!(twice <= once + once / 10, "{name}: {once} became {twice}");
        assert_same_values(formula, &again.formula, "second round");
    }
}

#[test]
fn e_graphs_are_as_large_as_they_were() {
    let mut table = format!("{:<24} {:>8} {:>10}\n", "loss", "e-nodes", "iterations");
    for loss in shipped() {
        let name = loss.name.clone();
        let (_, report) = simplify_with_report(diff::gradient(loss));
        table += &format!("{name:<24} {:>8} {:>10}\n", report.nodes, report.iterations);
    }
    insta::assert_snapshot!("e_graphs", table);
}

#[test]
fn within_a_small_budget_the_result_is_still_correct() {
    let full: Vec<Report> = all()
        .into_iter()
        .map(|l| simplify_with_report(diff::gradient(l)).1)
        .collect();
    for nodes in [1, 20, 50, 100, 200] {
        let budget = Budget {
            nodes,
            ..Budget::default()
        };
        for (loss, full) in all().into_iter().zip(&full) {
            let gradient = diff::gradient(loss);
            let options = Options {
                budget,
                ..Options::default()
            };
            let (simplified, report) = simplify_with(gradient.clone(), options);
            let name = &gradient.loss.name;
            assert!(!report.fell_back, "{name} {report:?}");
            if full.nodes > nodes && !full.rules_fired.is_empty() {
                assert_eq!(report.stop, Stop::Nodes, "{name} {report:?}");
            }
            assert_same_values(&gradient, &simplified.kernel, "kernel");
            assert_same_values(&gradient, &simplified.formula, "formula");
        }
    }
}
