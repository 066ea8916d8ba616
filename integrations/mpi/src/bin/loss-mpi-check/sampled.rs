//! Steps with sampled negatives: a sharded loss of the sampled centres against the loss of all that were sampled. And batches that are
//! gathered from all ranks.

use std::error::Error;
use std::sync::Arc;

use loss_dsl::losses::ArcFace;
use loss_dsl::sharding::{Ranks, ShardedLoss, Shards};
use loss_dsl::{Float, Loss};
use loss_mpi::World;
use ndarray::{Array2, Axis, Slice, concatenate};

use crate::arrays::{Arrays, Extents, difference};
use crate::say;
use crate::values::tolerance;

const EXTENTS: Extents = Extents {
    samples: 12,
    features: 8,
    classes: 101,
};

/// One step; the difference from the loss of all sampled centres.
fn step<F: Float>(world: &Arc<World>, shards: &Shards, seed: u64) -> Result<f64, Box<dyn Error>> {
    let whole = Arrays::<F>::margin(EXTENTS, 20);
    let labels = whole.labels.to_vec();
    let samples = (0..world.size()).map(|rank| shards.sample(rank, &labels, 0.3, seed));
    let samples: Vec<_> = samples.collect();
    let rows = samples.iter().enumerate().flat_map(|(rank, sample)| {
        let first = shards.range(rank).start;
        sample.rows.iter().map(move |row| first + row)
    });
    let rows: Vec<usize> = rows.collect();

    let mut sampled = whole;
    sampled.real[1].0 = sampled.real[1].0.select(Axis(0), &rows);
    let own = &samples[world.rank()];
    sampled.labels = own.labels.iter().map(|&label| label as usize).collect();
    let before = samples[..world.rank()].iter();
    let first = before.map(|sample| sample.rows.len()).sum();
    let range = first..first + own.rows.len();

    let loss = ArcFace::default();
    let expected = loss.differentiate(&sampled.inputs())?;
    let part = sampled.part(range.clone());
    let found = loss
        .sharded("C", world.clone())?
        .differentiate(&part.inputs())?;
    Ok(difference(&found, &expected, &sampled, range))
}

/// Ranks have different numbers of rows, the first of them none.
fn gathered(world: &Arc<World>) {
    let rows = |rank: usize| Array2::from_shape_fn((rank, 3), |(n, d)| 100 * rank + 10 * n + d);
    let ranks = Ranks::new(world.clone());
    let (all, own) = ranks.gather_rows(&rows(world.rank()));
    let expected: Vec<_> = (0..world.size()).map(rows).collect();
    let views: Vec<_> = expected.iter().map(|rows| rows.view()).collect();
    let expected = concatenate(Axis(0), &views).expect("rows of one length");
    assert_eq!(all, expected);
    assert_eq!(
        all.slice_axis(Axis(0), Slice::from(own)),
        rows(world.rank())
    );
}

pub(crate) fn check(world: &Arc<World>) -> Result<(), Box<dyn Error>> {
    let ranks = world.size();
    let mut uneven = vec![0; ranks];
    uneven[ranks - 1] = 30;
    uneven[0] += EXTENTS.classes - 30;
    for shards in [Shards::even(EXTENTS.classes, ranks), Shards::new(uneven)] {
        for seed in 0..5 {
            let error = step::<f32>(world, &shards, seed)?;
            assert!(error <= tolerance::<f32>(), "f32: off by {error:e}");
            let error = step::<f64>(world, &shards, seed)?;
            assert!(error <= tolerance::<f64>(), "f64: off by {error:e}");
        }
    }
    gathered(world);
    say(world.rank(), "steps with sampled negatives agree");
    Ok(())
}
