//! Sharded losses against the same losses of the whole, which every rank computes for itself.

use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

use loss_dsl::losses::{ArcFace, CosFace, SoftmaxCrossEntropy};
use loss_dsl::sharding::{Ranks, ShardedLoss, Shards};
use loss_dsl::{Float, Loss, loss};
use loss_mpi::World;
use ndarray::ArrayView1;

use crate::arrays::{Arrays, Extents, bits, difference, larger};
use crate::say;

loss! {
    /// Of no library: softmax over squared distances, with a prior, a temperature that is learned and a penalty on large logits.
    Distances(
        x: [N, D],
        w: [C, D],
        prior: [C],
        y: [N] in C,
        t: learn scalar = 0.7 where t > 0,
    ) {
        let z = prior - t * sum[D](square(x - w));
        lse[C](z) - z[C = y] + 0.01 * mean[C](square(z))
    }
}

/// How far results may differ, relative to the largest element of their array.
pub(crate) fn tolerance<F>() -> f64 {
    if size_of::<F>() == 4 { 1e-6 } else { 1e-12 }
}

/// Counts comparisons, and has the largest difference so far.
#[derive(Debug, Default)]
struct Tally {
    comparisons: usize,
    largest: f64,
}

/// Shards of an axis for each rank: even, growing, every other one empty, and all classes on each of the ranks.
fn partitions(classes: usize, ranks: usize) -> Vec<Shards> {
    let growing = |rank: usize| classes * rank * rank / (ranks * ranks);
    let full = ranks.div_ceil(2);
    let every_other = Shards::even(classes, full);
    let mut found = vec![
        Shards::even(classes, ranks),
        Shards::new(
            (0..ranks)
                .map(|r| growing(r + 1) - growing(r))
                .collect::<Vec<_>>(),
        ),
        Shards::new(
            (0..ranks)
                .map(|rank| match rank % 2 {
                    0 => every_other.range(rank / 2).len(),
                    _ => 0,
                })
                .collect::<Vec<_>>(),
        ),
    ];
    found.extend((0..ranks).map(|all| {
        let extent = |rank| if rank == all { classes } else { 0 };
        Shards::new((0..ranks).map(extent).collect::<Vec<_>>())
    }));
    found
}

/// One loss of one set of arrays, with every partition.
fn compare<L: ShardedLoss, F: Float>(
    world: &Arc<World>,
    loss: &L,
    whole: &Arrays<F>,
    classes: usize,
    tally: &mut Tally,
) -> Result<(), Box<dyn Error>> {
    for shards in partitions(classes, world.size()) {
        // Labels as they are, and then all among the classes of each rank.
        let mut choices = vec![whole.clone()];
        for rank in 0..world.size() {
            let Range { start, end } = shards.range(rank);
            if start < end {
                let mut one = whole.clone();
                one.labels.mapv_inplace(|y| start + y % (end - start));
                choices.push(one);
            }
        }
        for arrays in choices {
            let expected = loss.differentiate(&arrays.inputs())?;
            let range = shards.range(world.rank());
            let part = arrays.part(range.clone());
            let sharded = loss.clone().sharded("C", world.clone())?;
            let found = sharded.differentiate(&part.inputs())?;
            let error = difference(&found, &expected, &arrays, range);
            assert!(
                error <= tolerance::<F>(),
                "{}, {shards:?}, labels {}: off by {error:e}",
                L::NAME,
                arrays.labels
            );
            tally.largest = larger(tally.largest, error);
            tally.comparisons += 1;

            let again = sharded.differentiate(&part.inputs())?;
            let own = bits(&found, &part, false);
            assert_eq!(own, bits(&again, &part, false), "the same bits again");
            assert_alike(sharded.ranks(), &bits(&found, &part, true));

            let value = sharded.evaluate(&part.inputs())?.total().to_f64();
            let alone = loss.evaluate(&arrays.inputs())?.total().to_f64();
            let error = (value - alone).abs() / alone.abs();
            assert!(error <= tolerance::<F>(), "the value is off by {error:e}");
        }
    }
    Ok(())
}

/// What is no part has the same bits on all ranks.
fn assert_alike(ranks: &Ranks, bits: &[u64]) {
    let bits = ArrayView1::from(bits);
    let (all, _) = ranks.gather_rows(&bits);
    for (rank, theirs) in all.exact_chunks(bits.len()).into_iter().enumerate() {
        assert_eq!(theirs, bits, "the bits of rank {rank}");
    }
}

fn all_losses<F: Float>(world: &Arc<World>) -> Result<Tally, Box<dyn Error>> {
    let mut tally = Tally::default();
    let extents = [
        (9, 5, 37),
        // A batch of one.
        (1, 5, 37),
        // As few classes as may be, and fewer than ranks.
        (6, 3, 2),
    ];
    for (samples, features, classes) in extents {
        let extents = Extents {
            samples,
            features,
            classes,
        };
        let margin = Arrays::<F>::margin(extents, 11);
        let logits = Arrays::<F>::logits(extents, 12);
        let prior = margin.clone().with_prior(classes, 13);
        let tally = &mut tally;
        compare(world, &ArcFace::default(), &margin, classes, tally)?;
        compare(world, &CosFace::default(), &margin, classes, tally)?;
        let softmax = SoftmaxCrossEntropy::default();
        compare(world, &softmax, &logits, classes, tally)?;
        compare(world, &Distances::default(), &prior, classes, tally)?;
    }
    // Sums that are long enough to be joined in pieces, which do not come out even.
    let extents = Extents {
        samples: 71,
        features: 67,
        classes: 40,
    };
    let arrays = Arrays::<F>::margin(extents, 11);
    let loss = ArcFace::default();
    compare(world, &loss, &arrays, extents.classes, &mut tally)?;
    Ok(tally)
}

pub(crate) fn check(world: &Arc<World>) -> Result<(), Box<dyn Error>> {
    for (name, tally) in [
        ("f32", all_losses::<f32>(world)?),
        ("f64", all_losses::<f64>(world)?),
    ] {
        let Tally {
            comparisons,
            largest,
        } = tally;
        say(
            world.rank(),
            &format!("{name}: {comparisons} calls agree, the largest difference is {largest:.1e}"),
        );
    }
    Ok(())
}
