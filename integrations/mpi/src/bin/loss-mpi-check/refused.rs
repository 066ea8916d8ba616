//! Calls that are wrong on a rank, or of which a rank makes another one than the others.

use std::error::Error;
use std::sync::Arc;

use loss_dsl::Loss;
use loss_dsl::losses::ArcFace;
use loss_dsl::sharding::{ShardedLoss, Shards};
use loss_mpi::World;
use ndarray::ArrayD;

use crate::arrays::{Arrays, Extents};
use crate::say;

const EXTENTS: Extents = Extents {
    samples: 6,
    features: 4,
    classes: 20,
};

/// Prints the error, and then the value of a correct call: whatever was refused, ranks go on together.
pub(crate) fn check(world: &Arc<World>, case: &str) -> Result<(), Box<dyn Error>> {
    let rank = world.rank();
    let odd = rank == 1;
    let range = Shards::even(EXTENTS.classes, world.size()).range(rank);
    let part = Arrays::<f32>::margin(EXTENTS, 1).part(range.clone());
    let longer = Extents {
        features: 5,
        ..EXTENTS
    };
    let longer = Arrays::<f32>::margin(longer, 1).part(range.clone());
    let correct = ArcFace::default().sharded("C", world.clone())?;

    let (mut loss, mut arrays) = (correct.clone(), part.clone());
    let outcome = match case {
        "type" if odd => {
            let wide = Arrays::<f64>::margin(EXTENTS, 1).part(range);
            correct.differentiate(&wide.inputs()).map(drop)
        }
        "method" if odd => correct.evaluate(&part.inputs()).map(drop),
        _ => {
            match case {
                "shape" if odd => arrays.real[0] = longer.real[0].clone(),
                "features" if odd => arrays.real = longer.real,
                "labels" if odd => arrays.labels[2] += 1,
                "label on one rank" if odd => arrays.labels[2] = EXTENTS.classes,
                "label" => arrays.labels[2] = EXTENTS.classes,
                "setting" if odd => assert!(loss.set_scalar("m", 0.25)),
                "bad setting" if odd => assert!(loss.set_scalar("s", -1.0)),
                "no classes" => arrays.real[1].0 = ArrayD::zeros(vec![0, EXTENTS.features]),
                _ => {}
            }
            loss.differentiate(&arrays.inputs()).map(drop)
        }
    };
    let error = outcome.err().ok_or("nothing was refused")?;
    say(rank, &format!("refused: {error}"));
    let value = correct.evaluate(&part.inputs())?;
    say(rank, &format!("then: {value}"));
    Ok(())
}
