//! Explanations are complete, and every step of them is true.

use std::collections::HashMap;

use egg::Id;

use super::catalogue::all;
use super::points::{Draw, Points, environment};
use super::*;
use crate::ir::eval::eval_all;
use crate::ir::{Kind, Node};
use crate::simplify::convert::{roots, to_enode};
use crate::simplify::explain::{Account, Explanation, Form, Reason, Step, explain};

fn explained(gradient: &Gradient, form: Form) -> Vec<Explanation> {
    let name = &gradient.loss.name;
    explain(gradient, form).unwrap_or_else(|| panic!("{name} {form:?} has no explanation"))
}

/// `node` with `after` in some of the places where `before` stands is `other`.
fn differs_only(graph: &Graph, step: &Step, node: NodeId, other: NodeId) -> bool {
    if node == other || (node, other) == (step.before, step.after) {
        return true;
    }
    let (left, right) = (graph.node(node).children(), graph.node(other).children());
    let same_kind =
        std::mem::discriminant(graph.node(node)) == std::mem::discriminant(graph.node(other));
    if !same_kind || left.len() != right.len() {
        return false;
    }
    match graph.node(node) {
        // Terms and factors have no order of their own.
        Node::Sum(..) | Node::Product(_) => left.iter().all(|&l| {
            let mut others = right.iter();
            others.any(|&r| differs_only(graph, step, l, r))
        }),
        _ => left
            .iter()
            .zip(&right)
            .all(|(&l, &r)| differs_only(graph, step, l, r)),
    }
}

/// Each root begins as it was, ends as it was chosen, and nothing happens between the steps.
fn assert_connected(explanation: &Explanation, account: &Account, what: &str) {
    let mut current = account.literal;
    for step in &account.steps {
        let name = step.reason.name;
        assert_eq!(step.from, current, "{what}: {name} starts elsewhere");
        assert_ne!(step.before, step.after, "{what}: {name} does nothing");
        assert_ne!(name, "untold", "{what}");
        assert!(
            differs_only(&explanation.graph, step, step.from, step.to),
            "{what}: {name} changes more than it says"
        );
        current = step.to;
    }
    assert_eq!(current, account.result, "{what}: the end is missing");
}

/// Both sides of each step at random inputs.
fn assert_true(explanation: &Explanation, what: &str) {
    let mut graph = explanation.graph.clone();
    let steps = explanation.accounts.iter().flat_map(|a| &a.steps);
    let mut seen = vec![];
    let mut sides = vec![];
    for step in steps {
        if seen.contains(&(step.before, step.after)) {
            continue;
        }
        seen.push((step.before, step.after));
        let real = [step.before, step.after].map(|id| match graph.kind(id) {
            Kind::Bool => {
                let (one, zero) = (graph.one(), graph.zero());
                graph.select(id, one, zero)
            }
            _ => id,
        });
        sides.push((step, real));
    }
    let ids: Vec<NodeId> = sides.iter().flat_map(|side| side.1).collect();
    for seed in 1..=6 {
        let env = environment(&graph, Points::NonZero, Draw::Inside, seed);
        let values = eval_all::<f64>(&graph, &env, &ids);
        for ((step, real), values) in sides.iter().zip(values.chunks(2)) {
            let free = graph.free(real[0]).union(graph.free(real[1]));
            let axes: Vec<_> = free.iter().collect();
            let [left, right] = [0, 1].map(|i| values[i].laid_out(&graph, &env, &axes));
            for (l, r) in left.iter().zip(&right) {
                assert!(
                    !l.is_finite() || (l - r).abs() <= 1e-7 * (1.0 + l.abs()),
                    "{what}: {} {l} is not {r}\n  {}\n  {}",
                    step.reason.name,
                    graph.show(step.before),
                    graph.show(step.after)
                );
            }
        }
    }
}

#[test]
fn every_step_is_true_and_follows_the_one_before() {
    for loss in all() {
        let gradient = diff::gradient(loss);
        for form in [Form::Kernel, Form::Formula] {
            let what = format!("{} {form:?}", gradient.loss.name);
            for explanation in explained(&gradient, form) {
                for account in &explanation.accounts {
                    assert_connected(&explanation, account, &what);
                }
                assert_true(&explanation, &what);
            }
        }
    }
}

#[test]
fn what_is_explained_is_the_derivative_and_what_simplification_gives() {
    for loss in all() {
        let gradient = diff::gradient(loss);
        let (simplified, _) = simplify_with_report(gradient.clone());
        let forms = [
            (Form::Kernel, &simplified.kernel),
            (Form::Formula, &simplified.formula),
        ];
        for (form, given) in forms {
            let what = format!("{} {form:?}", gradient.loss.name);
            let rounds = explained(&gradient, form);
            let first = rounds[0].accounts.iter().zip(roots(&gradient));
            for (account, literal) in first {
                let (source, told) = (&gradient.loss.graph, &rounds[0].graph);
                assert!(
                    are_alike(source, literal, told, account.literal, &mut HashMap::new()),
                    "{what}: {} is not {}",
                    source.show(literal),
                    told.show(account.literal)
                );
            }
            for pair in rounds.windows(2) {
                let ends = pair[0].accounts.iter().zip(&pair[1].accounts);
                for (before, after) in ends {
                    let (end, start) = (&pair[0].graph, &pair[1].graph);
                    let (result, literal) = (before.result, after.literal);
                    assert!(
                        are_alike(end, result, start, literal, &mut HashMap::new()),
                        "{what}: {} is not {}",
                        end.show(result),
                        start.show(literal)
                    );
                }
            }
            let last = &rounds[rounds.len() - 1];
            for (account, root) in last.accounts.iter().zip(roots(given)) {
                let given = given.loss.graph.show(root);
                assert_eq!(last.graph.show(account.result), given, "{what}");
            }
        }
    }
}

/// Whether two expressions are the same but for `detach`, which is none of an explanation's business, and the order
/// of terms and factors.
fn are_alike(
    source: &Graph,
    a: NodeId,
    told: &Graph,
    b: NodeId,
    known: &mut HashMap<(NodeId, NodeId), bool>,
) -> bool {
    if let Node::Detach(inside) = source.node(a) {
        return are_alike(source, *inside, told, b, known);
    }
    if let Some(&known) = known.get(&(a, b)) {
        return known;
    }
    let leaf = |_| Id::from(0);
    let (left, right) = (source.node(a), told.node(b));
    let alike = match (left, right) {
        (Node::Sum(c, left), Node::Sum(d, right)) => {
            c == d && left.len() == right.len() && {
                let mut pairs = left.iter();
                pairs.all(|&(l, k)| {
                    let mut others = right.iter().filter(|r| r.1 == k);
                    others.any(|r| are_alike(source, l, told, r.0, known))
                })
            }
        }
        (Node::Product(left), Node::Product(right)) => {
            left.len() == right.len() && {
                let mut pairs = left.iter();
                pairs.all(|&(l, k)| {
                    let mut others = right.iter().filter(|r| r.1 == k);
                    others.any(|r| are_alike(source, l, told, r.0, known))
                })
            }
        }
        (Node::Detach(_), _) | (_, Node::Detach(_)) => false,
        _ => {
            let children = left.children().into_iter().zip(right.children());
            to_enode(left, &leaf).op == to_enode(right, &leaf).op
                && children
                    .into_iter()
                    .all(|(l, r)| are_alike(source, l, told, r, known))
        }
    };
    known.insert((a, b), alike);
    alike
}

/// The names of what is recognised in the value of a loss.
fn recognised(body: &str) -> Vec<&'static str> {
    let source = format!("L(x: [N], z: [N, C], y: [N] in C) {{ {body} }}");
    let loss = losses(&source).pop().expect("a loss");
    let found = loss.graph.recognitions(&[loss.value]);
    found.iter().map(|recognition| recognition.name).collect()
}

#[test]
fn what_a_textbook_spells_out_is_recognised_by_name() {
    let cross_entropy = "x - ln(exp(z[C = y]) / sum[C](exp(z)))";
    assert_eq!(recognised(cross_entropy), ["softmax", "log-softmax"]);
    let logistic = "z[C = y] * ln(1 - 1 / (1 + exp(-x)))";
    let names = ["sigmoid", "complement without a difference", "softplus"];
    assert_eq!(recognised(logistic), names);
    let gap = "z[C = y] + ln(1 - exp(-x * x))";
    assert_eq!(recognised(gap).last(), Some(&"log1mexp"));
    // Nothing of what was only tried.
    let plain = "sum[C](z * z) + x + 0 * z[C = y]";
    assert_eq!(recognised(plain), Vec::<&str>::new());
}

#[test]
fn an_explanation_depends_on_its_definition_alone() {
    let first: Vec<Vec<Explanation>> = all()
        .into_iter()
        .map(|loss| explained(&diff::gradient(loss), Form::Formula))
        .collect();
    // In another order: nothing of the losses before may be left.
    for (loss, first) in all().into_iter().zip(first).rev() {
        let again = explained(&diff::gradient(loss), Form::Formula);
        for (first, again) in first.iter().zip(&again) {
            assert_eq!(first.accounts, again.accounts);
        }
        assert_eq!(first.len(), again.len());
    }
}

#[test]
fn a_false_reason_is_caught() {
    let gradient = diff::gradient(losses("L(x: [N]) { x * sin(x) }").pop().expect("a loss"));
    let mut explanation = explained(&gradient, Form::Formula).remove(0);
    let account = &mut explanation.accounts[0];
    let literal = account.literal;
    let after = explanation.graph.one();
    account.steps = vec![Step {
        reason: Reason {
            name: "wishful",
            lhs: "",
            rhs: "",
        },
        backwards: false,
        before: literal,
        after,
        from: literal,
        to: after,
    }];
    let caught = std::panic::catch_unwind(|| assert_true(&explanation, "wishful"));
    assert!(caught.is_err());
}
