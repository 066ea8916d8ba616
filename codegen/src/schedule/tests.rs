//! Plans of small losses.

use super::lanes::RowsInLanes;
use super::low::Fold;
use super::plan::{BufferId, Running, Step, Stmt, Walk};
use super::{backward, forward, operations};
use crate::diff;
use crate::ir::tests::fixture;
use crate::ir::{AxisSet, Gradient, Index, Loss, NodeId, Reducer, UnaryOp};

fn loss(f: crate::ir::tests::Fixture, value: NodeId) -> Loss {
    Loss {
        name: "Test".into(),
        doc: String::new(),
        source: String::new(),
        batch: vec![f.n],
        graph: f.g,
        value,
        weight: None,
        auxiliary: vec![],
        annotations: crate::ir::Annotations::default(),
    }
}

#[test]
fn cross_entropy_is_one_nest_of_three_loops() {
    let mut f = fixture();
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z);
    let value = f.g.sub(lse, zy);
    let loss = loss(f, value);
    assert_eq!(forward(&loss).steps.len(), 1);
    let mut gradient = diff::gradient(loss);
    // Only z is used; the others would be nests of zeros.
    gradient
        .gradients
        .retain(|g| gradient.loss.graph.param(g.0).name == "z");
    let plan = backward(&gradient);
    let [Step::Nest(nest)] = plan.steps.as_slice() else {
        panic!("{:#?}", plan.steps)
    };
    let loops: Vec<_> = nest
        .body
        .iter()
        .filter(|s| matches!(s, Stmt::Vector(_) | Stmt::Loop(_)))
        .collect();
    assert_eq!(loops.len(), 3, "{loops:#?}");
    assert!(
        !plan.buffers.iter().any(|b| b.output.is_none()),
        "no temporaries"
    );
    let Stmt::Vector(sums) = loops[1] else {
        panic!()
    };
    assert_eq!(sums.saves.len(), 1, "the exponentials are kept");
}

#[test]
fn rows_are_taken_in_lanes_without_loops_and_where_loops_are_short() {
    let choices = |loss: &Loss| {
        let plan = forward(loss);
        let nests = plan.steps.iter().filter_map(|step| match step {
            Step::Nest(nest) => Some(plan.rows_in_lanes(nest, false)),
            _ => None,
        });
        nests.collect::<Vec<_>>()
    };
    let mut f = fixture();
    let at_label = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let value = f.g.unary(UnaryOp::Softplus, at_label);
    assert_eq!(choices(&loss(f, value)), [RowsInLanes::Always]);
    let mut f = fixture();
    let (c, value) = (f.c, f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z));
    assert_eq!(choices(&loss(f, value)), [RowsInLanes::WhereShort(vec![c])]);
}

/// Softmax cross-entropy of cosines.
fn cosine_head() -> Gradient {
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    let cy = f.g.substitute(cosine, &[(f.c, Index::At(f.y))]);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), cosine);
    let value = f.g.sub(lse, cy);
    let mut gradient = diff::gradient(loss(f, value));
    gradient
        .gradients
        .retain(|g| gradient.loss.graph.param(g.0).name != "z");
    gradient
}

fn is_product(step: &Step) -> bool {
    matches!(step, Step::Contract { .. })
}

#[test]
fn cosine_head_is_three_products_and_one_again_in_tiles() {
    let plan = backward(&cosine_head());
    assert!(!plan.steps.iter().any(is_product), "{:#?}", plan.steps);
    let walks: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Walk(walk) => Some(walk),
            _ => None,
        })
        .collect();
    let products = |again: bool| -> Vec<usize> {
        let counted = |walk: &&Walk| {
            let steps = walk.steps.iter().filter(|step| step.again == again);
            steps.filter(|step| is_product(&step.step)).count()
        };
        walks.iter().map(counted).collect()
    };
    assert_eq!(products(false), [1, 2]);
    assert_eq!(products(true), [0, 1]);
}

#[test]
fn the_sum_of_exponentials_does_not_wait_for_the_maximum() {
    let gradient = cosine_head();
    let plan = forward(&gradient.loss);
    let walks = plan.steps.iter().filter(|s| matches!(s, Step::Walk(_)));
    assert_eq!(walks.count(), 1);
    let shown = plan.show(&gradient.loss.graph);
    let running: Vec<_> = plan.buffers.iter().filter_map(|b| b.running).collect();
    for expected in [Running::Fold(Fold::Max), Running::Shift] {
        assert!(running.contains(&expected), "{shown}");
    }
    let is_rescaled = |running: &Running| matches!(running, Running::Rescaled { .. });
    assert!(running.iter().any(is_rescaled), "{shown}");
}

#[test]
fn nothing_of_a_head_grows_with_batch_times_classes() {
    let gradient = cosine_head();
    let graph = &gradient.loss.graph;
    let plan = backward(&gradient);
    for (i, buffer) in plan.buffers.iter().enumerate() {
        let names: Vec<_> = buffer.axes.iter().map(|&a| &graph.axis(a).name).collect();
        let classes = names.iter().any(|name| *name == "C");
        let kept = buffer.output.is_none() && classes;
        assert!(!kept || plan.is_tile(BufferId(i as u16)), "{names:?}");
    }
}

#[test]
fn operations_are_counted_once_and_where_their_axes_are() {
    let mut f = fixture();
    // Σ e^z + sin Σ e^z: the sum is shared.
    let exp = f.g.unary(UnaryOp::Exp, f.z);
    let sum = f.g.reduce(Reducer::Sum, AxisSet::of(f.c), exp);
    let sine = f.g.unary(UnaryOp::Sin, sum);
    let value = f.g.add(sum, sine);
    let mut gradient = diff::gradient(loss(f, value));
    gradient.gradients.clear();
    let operations = operations(&gradient);
    assert_eq!(operations.to_string(), "1 + 1t per [N, C], 1 + 1t per [N]");
    let extent = |axis: &str| if axis == "C" { 10 } else { 3 };
    assert_eq!(operations.total(extent), (33, 33));
}
