//! Losses of which an axis is spread over ranks: the same values and gradients as of the whole, on any number of ranks.

pub(super) mod calls;
mod refusals;

use loss_dsl::loss;
use loss_dsl::losses::{ArcFace, CosFace, MagFace, SoftmaxCrossEntropy};
use loss_dsl::sharding::{ShardedLoss, Traffic};
use ndarray::ArrayD;

use loss_tests::support::any::AnyLoss;
use loss_tests::support::arrays::{Array, Arrays};
use loss_tests::support::library;
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::sharded::{self, Call};
use loss_tests::support::subject::Subject;

fn extents(dim: &str) -> usize {
    match dim {
        "N" => 9,
        "C" | "P" => 37,
        "D" => 5,
        _ => 4,
    }
}

/// Parts of an axis of this extent: one, even, uneven, empty at either end and in between, one position each.
fn partitions(extent: usize) -> Vec<Vec<usize>> {
    let mut found = vec![
        vec![extent],
        vec![extent / 2, extent - extent / 2],
        vec![0, extent],
        vec![extent, 0],
        vec![1, extent - 1, 0],
        vec![0, extent / 3, 0, extent - extent / 3],
    ];
    if extent <= 4 {
        found.push(vec![1; extent]);
    }
    found
}

#[test]
fn any_loss_in_parts_is_the_loss_of_the_whole() {
    let mut sharded = 0;
    for name in library::names() {
        let Some(axis) = sharded::axis(&name) else {
            continue;
        };
        sharded += 1;
        let subject = Subject::built_in(&name);
        let arrays = subject.sample(extents, 5);
        let cotangent = subject.cotangent(&arrays, 6);
        let whole = generated::<f64>(&subject.loss, &arrays, &cotangent);
        for parts in partitions(extents(axis)) {
            for tile in [None, Some(3)] {
                let call = Call {
                    arrays: &arrays,
                    cotangent: &cotangent,
                    parts: &parts,
                    tile,
                };
                let outcome = sharded::run(&name)(&call).expect("an axis that may be sharded");
                let (outcome, _) = outcome.expect("a correct call");
                let (error, of) = outcome.error(&whole);
                assert!(
                    error < 1e-12,
                    "{name}, {axis} in {parts:?}, tiles {tile:?}: {of} is off by {error:e}"
                );
            }
        }
    }
    assert!(
        sharded >= 60,
        "{sharded} losses have an axis that may be sharded"
    );
}

/// What is computed where, and what the ranks tell each other.
#[test]
fn plans_of_shards() {
    for name in [
        "ArcFace",
        "CosFace",
        "SoftmaxCrossEntropy",
        "CenterSoftmax",
        "ProxyAnchor",
    ] {
        let compiled = Subject::built_in(name).compiled;
        let plans = compiled.sharded().expect("an axis that may be sharded");
        let graph = &compiled.simplified.kernel.loss.graph;
        insta::assert_snapshot!(
            format!("{name}_sharded_plan"),
            plans.plans.backward.show(graph)
        );
    }
}

loss! {
    /// A loss of nobody's: totals of all kinds over the classes, one in the other, and three things that a label picks.
    pub Odd(x: [N, D], w: [C, D], b: [C], y: [N] in C, t: learn scalar = 2.0 where t > 0) {
        let z = dot[D](x, w) / t + b;
        let spread = sum[C](abs(z - mean[C](z)));
        let own = z[C = y] * norm[D](w[C = y]);
        lse[C](z - b[C = y]) - own + ln(1 + spread) + max[C](b * b) + sum[C, C != y](softplus(z - own))
    }
}

loss! {
    /// What is computed on the way, told of all classes, of each sample, of both and of none.
    pub Told(x: [N, D], w: [C, D], y: [N] in C) {
        pub let c = dot[D](unit[D](x), unit[D](w));
        pub let half = c / 2;
        pub let length = norm[D](w);
        pub let own = c[C = y];
        pub let most = max[C, N](c);
        pub let seen = count[N, C == y];
        pub let mass = sum[N](c * c);
        pub let shares = softmax[C](c);
        lse[C](8 * c) - 8 * own
    }
}

/// In single precision, of some more classes.
#[test]
fn in_single_precision() {
    fn check<L: ShardedLoss + loss_dsl::Source + Default + 'static>() {
        let extents = |dim: &str| match dim {
            "N" => 16,
            "C" => 1000,
            _ => 32,
        };
        let subject = Subject::in_block(
            L::SOURCE.parse().expect("the macro has read these tokens"),
            AnyLoss::of::<L>(),
        );
        let arrays = subject.sample(extents, 15);
        let cotangent = subject.cotangent(&arrays, 16);
        let exact = generated::<f64>(&subject.loss, &arrays, &cotangent);
        let (own, _) = generated::<f32>(&subject.loss, &arrays, &cotangent).error(&exact);
        for parts in [
            vec![1000],
            vec![500, 500],
            vec![1, 0, 999],
            vec![300, 300, 300, 100],
        ] {
            for tile in [None, Some(64)] {
                let call = Call {
                    arrays: &arrays,
                    cotangent: &cotangent,
                    parts: &parts,
                    tile,
                };
                let whole =
                    generated::<f32>(&subject.loss.clone().with_tile(tile), &arrays, &cotangent);
                let (outcome, _) = run::<L, f32>(&call);
                let (error, of) = outcome.error(&whole);
                let name = L::NAME;
                assert!(
                    error < 1e-6,
                    "{name} in {parts:?}, {tile:?}: {of} is off by {error:e}"
                );
                // Nor are parts less accurate than the whole.
                let (error, of) = outcome.error(&exact);
                assert!(
                    error < 2.0 * own.max(1e-7),
                    "{name} in {parts:?}, {tile:?}: {of} is off by {error:e}, the whole by {own:e}"
                );
                // A loss of a whole is what a single rank has.
                let (double, _) = run::<L, f64>(&call);
                let (error, of) = double.error(&exact);
                assert!(
                    error < 1e-12,
                    "{name} in {parts:?}, {tile:?}: {of} is off by {error:e}"
                );
            }
        }
    }
    check::<ArcFace>();
    check::<CosFace>();
    check::<MagFace>();
    check::<SoftmaxCrossEntropy>();
    check::<Odd>();
    check::<Told>();
}

fn run<L: ShardedLoss + Default, F: loss_dsl::Float>(call: &Call<'_>) -> (Outcome, Vec<Traffic>) {
    let outcome = sharded::sharded::<L, F>(&L::default(), call);
    let outcome = outcome.expect("an axis that may be sharded");
    outcome.expect("a correct call")
}

/// The arrays of a loss with these extents, all labels set to `label` if there is one.
fn sample(
    subject: &Subject,
    extents: fn(&str) -> usize,
    label: Option<i64>,
) -> (Arrays, ArrayD<f64>) {
    let mut arrays = subject.sample(extents, 25);
    for array in &mut arrays.list {
        if let (Array::Labels(labels), Some(label)) = (array, label) {
            labels.fill(label);
        }
    }
    let cotangent = subject.cotangent(&arrays, 26);
    (arrays, cotangent)
}

#[test]
fn all_labels_of_one_rank_and_a_batch_of_one() {
    for name in [
        "ArcFace",
        "CenterSoftmax",
        "Circle",
        "SubCenterArcFace",
        "WeightedSoftmax",
    ] {
        let subject = Subject::built_in(name);
        for (extents, label) in [
            (extents as fn(&str) -> usize, Some(0)),
            (extents, Some(36)),
            (|dim| if dim == "N" { 1 } else { extents(dim) }, None),
        ] {
            let (arrays, cotangent) = sample(&subject, extents, label);
            let whole = generated::<f64>(&subject.loss, &arrays, &cotangent);
            for parts in partitions(37) {
                let call = Call {
                    arrays: &arrays,
                    cotangent: &cotangent,
                    parts: &parts,
                    tile: None,
                };
                let outcome = sharded::run(name)(&call).expect("an axis that may be sharded");
                let (error, of) = outcome.expect("a correct call").0.error(&whole);
                assert!(error < 1e-12, "{name}, {parts:?}: {of} is off by {error:e}");
            }
        }
    }
}

/// Threads meet in any order; results do not depend on it.
#[test]
fn the_same_bits_every_time() {
    for name in [
        "ArcFace",
        "CurricularFace",
        "LabelSmoothing",
        "ProxyAnchor",
        "Dice",
    ] {
        let subject = Subject::built_in(name);
        let (arrays, cotangent) = sample(&subject, extents, None);
        let axis = sharded::axis(name).expect("an axis that may be sharded");
        let parts = [1, 0, extents(axis) - 1];
        let call = Call {
            arrays: &arrays,
            cotangent: &cotangent,
            parts: &parts,
            tile: Some(3),
        };
        let bits = || {
            let outcome = sharded::run(name)(&call).expect("an axis that may be sharded");
            let outcome = outcome.expect("a correct call").0;
            let numbers = outcome.arrays.into_iter().flat_map(|array| array.1);
            numbers.map(f64::to_bits).collect::<Vec<_>>()
        };
        let first = bits();
        for _ in 0..5 {
            assert_eq!(bits(), first, "{name}");
        }
    }
}

/// Values of all ranks where those of one are extreme.
#[test]
fn extreme_logits_on_some_ranks() {
    let subject = Subject::built_in("SoftmaxCrossEntropy");
    let largest = f64::MAX;
    for (first, second) in [
        (1e4, -1e4),
        (-1e4, 1e4),
        (largest, -largest),
        (-largest, largest),
        (largest, largest),
        (0.0, 0.0),
        (5e-324, -5e-324),
        (f64::NEG_INFINITY, 0.0),
        (f64::NAN, 0.0),
    ] {
        for label in [0, 1, 36] {
            let (mut arrays, cotangent) = sample(&subject, extents, Some(label));
            arrays
                .real_mut(0)
                .indexed_iter_mut()
                .for_each(|(at, logit)| {
                    *logit = if at[1] < 18 { first } else { second };
                });
            let whole = generated::<f64>(&subject.loss, &arrays, &cotangent);
            for parts in [vec![18, 19], vec![0, 20, 17]] {
                let call = Call {
                    arrays: &arrays,
                    cotangent: &cotangent,
                    parts: &parts,
                    tile: None,
                };
                let (outcome, _) = run::<SoftmaxCrossEntropy, f64>(&call);
                let (error, of) = outcome.error(&whole);
                assert!(
                    error < 1e-12,
                    "{first:e} and {second:e}, label {label}, {parts:?}: {of} is off by {error:e}"
                );
            }
        }
    }
}
