//! Heads that go over their classes in tiles: the same results whatever the length of a tile.
//!
//! A tile of one class is the hardest: every class moves the maximum, and every total is carried on.

use loss_tests::support::library;
use loss_tests::support::outcome::{Outcome, generated};
use loss_tests::support::subject::Subject;

fn extents(dim: &str) -> usize {
    match dim {
        "N" => 9,
        "C" | "P" => 37,
        "D" => 5,
        _ => 3,
    }
}

/// Value and gradients in both number types with that many classes at once.
fn in_tiles(subject: &Subject, tile: Option<usize>, seed: u64) -> (Outcome, Outcome) {
    let loss = subject.loss.clone().with_tile(tile);
    let arrays = subject.sample(extents, seed);
    let cotangent = subject.cotangent(&arrays, seed + 1);
    (
        generated::<f32>(&loss, &arrays, &cotangent),
        generated::<f64>(&loss, &arrays, &cotangent),
    )
}

#[test]
fn tiles_of_any_length_give_the_same() {
    let mut tiled = 0;
    for name in library::names() {
        let subject = Subject::built_in(&name);
        let plans = &subject.compiled.plans;
        if plans.backward.tile.is_none() {
            continue;
        }
        tiled += 1;
        for seed in [3, 8] {
            let (_, whole) = in_tiles(&subject, None, seed);
            for length in [1, 2, 7, 36, 37, 1000] {
                let (single, double) = in_tiles(&subject, Some(length), seed);
                let (error, of) = double.error(&whole);
                assert!(
                    error < 1e-12,
                    "{name}, tiles of {length}: {of} is off by {error:e}"
                );
                let (error, of) = single.error(&whole);
                assert!(
                    error < 3e-5,
                    "{name}, tiles of {length}, f32: {of} is off by {error:e}"
                );
            }
        }
    }
    assert!(tiled >= 20, "{tiled} losses have tiles");
}

#[test]
fn a_class_that_moves_the_maximum_far_is_no_trouble() {
    let subject = Subject::built_in("NormFace");
    let arrays = subject.sample(extents, 1);
    let cotangent = subject.cotangent(&arrays, 2);
    for scale in [1e-3, 1.0, 64.0, 1e4, 1e30] {
        let loss = subject.loss.clone().with_scalar("s", scale);
        let whole = generated::<f64>(&loss, &arrays, &cotangent);
        for length in [1, 5] {
            let tiled = loss.clone().with_tile(Some(length));
            let (error, of) = generated::<f64>(&tiled, &arrays, &cotangent).error(&whole);
            assert!(
                error < 1e-11,
                "scale {scale}, tiles of {length}: {of} is off by {error:e}"
            );
        }
    }
}
