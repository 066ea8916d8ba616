//! Every loss that ships, and some that do not: saturation ends by itself, and no value changes.

use super::soundness::{Points, environment};
use super::*;
use crate::ir::eval::eval_all;
use crate::simplify::Stop;
use crate::simplify::convert::roots;

/// The losses of the library.
fn shipped() -> Vec<Loss> {
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
        let env = environment(a, Points::NonZero, seed);
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
fn a_simplified_loss_is_simple() {
    for loss in all() {
        let (simplified, _) = simplify_with_report(diff::gradient(loss));
        let name = simplified.kernel.loss.name.clone();
        let (again, report) = simplify_with_report(simplified.kernel.clone());
        let size = |g: &Gradient| g.loss.graph.reachable(&roots(g)).len();
        assert!(!report.fell_back, "{name}");
        assert!(
            size(&again.kernel) <= size(&simplified.kernel) + size(&simplified.kernel) / 10,
            "{name}\n{:#?}\n{:#?}",
            text(&simplified.kernel),
            text(&again.kernel)
        );
        assert_same_values(&simplified.kernel, &again.kernel, "second round");
    }
}

#[test]
#[ignore = "probe"]
fn probe_idempotent() {
    let (mut n, mut bad, mut badf) = (0, 0, 0);
    for loss in all() {
        let (simplified, _) = simplify_with_report(diff::gradient(loss));
        let name = simplified.kernel.loss.name.clone();
        let (again, _) = simplify_with_report(simplified.kernel.clone());
        let (formula, _) = simplify_with_report(simplified.formula.clone());
        n += 1;
        let (a, b) = (text(&simplified.kernel), text(&again.kernel));
        if a != b {
            bad += 1;
            println!("=== {name}");
            for (x, y) in a.iter().zip(&b).filter(|(x, y)| x != y) {
                println!("  1: {x}\n  2: {y}");
            }
        }
        let (a, b) = (text(&simplified.formula), text(&formula.formula));
        if a != b {
            badf += 1;
            println!("=F= {name}");
            for (x, y) in a.iter().zip(&b).filter(|(x, y)| x != y) {
                println!("  F1: {x}\n  F2: {y}");
            }
        }
    }
    println!("{n} losses, {bad} kernels {badf} formulas differ");
}
