//! Losses of which an axis is spread over ranks: the same values and gradients as of the whole, on any number of ranks.

use loss_dsl::Error;
use loss_dsl::losses::{ArcFace, CosFace, SoftmaxCrossEntropy};
use loss_dsl::sharding::ShardedLoss;
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

#[test]
#[ignore]
fn zz_print() {
    for name in library::names() {
        let Some(axis) = sharded::axis(&name) else {
            eprintln!("{name:30} -");
            continue;
        };
        let subject = Subject::built_in(&name);
        let arrays = subject.sample(extents, 5);
        let cotangent = subject.cotangent(&arrays, 6);
        let e = extents(axis);
        let call = Call {
            arrays: &arrays,
            cotangent: &cotangent,
            parts: &[e / 2, e - e / 2],
            tile: None,
        };
        let (_, t) = sharded::run(&name)(&call).unwrap().unwrap();
        eprintln!(
            "{name:30} {axis:4} {:?} {:?}",
            subject.compiled.sharded().unwrap().plans.backward.tiling,
            t[0]
        );
    }
}
