//! A network learns handwritten digits with ArcFace, once with all class centres on one rank, and once with a part of them on each.
//!
//! ```sh
//! cargo build --release -p loss-mpi --example sharded_digits
//! mpirun -n 2 --bind-to none target/release/examples/sharded_digits
//! ```
//!
//! Every rank has the whole network, sees the same digits and takes the same steps; what differs between ranks are the centres that
//! each has and learns. Both trainings are the same code, with another loss.
//!
//! Sums over classes are added in another order, so that the weights differ by rounding. That stays small until the first time that rounding
//! decides on which side of its kink a relu is: from then on the trainings are two of the same kind, neither better than the
//! other. To tell this from what ranks do, a third training is on one rank, and takes three classes at a time, which is another order as
//! well.

use std::error::Error;

use examples::data::{CLASSES, Digits, mnist_subset};
use examples::network::{Layer, Network, Shape};
use examples::optimiser::Adam;
use examples::progress::Progress;
use examples::random::Random;
use examples::report::{accuracy, headed, percent};
use examples::training::{Model, Slope, cosines, predictions};
use indicatif::MultiProgress;
use loss_dsl::losses::ArcFace;
use loss_dsl::sharding::{Ranks, ShardedLoss, Shards};
use loss_dsl::{Inputs, Loss};
use loss_mpi::Mpi;
use ndarray::{Array1, Axis, Slice};

const TRAIN: usize = 8_000;
const EPOCHS: usize = 6;
const BATCH: usize = 64;
const RATE: f32 = 2e-3;
const SHAPES: [Shape; 2] = [Shape::Dense(128), Shape::Dense(32)];
const SEED: u64 = 7;

/// The first weights, which are the same on all ranks.
fn start(digits: &Digits) -> Model {
    let mut random = Random::new(SEED);
    Model::new(digits.images.ncols(), &SHAPES, CLASSES, &mut random)
}

/// Trains the network, and the centres that are in the model, which may be a part of all: the model after an epoch, and in the end.
fn train(
    mut model: Model,
    digits: &Digits,
    loss: &impl Loss,
    mut progress: Option<Progress>,
) -> Result<[Model; 2], Box<dyn Error>> {
    let moments = |layer: &Layer| (Adam::new(&layer.weights), Adam::new(&layer.bias));
    let mut layers: Vec<_> = model.network.layers.iter().map(moments).collect();
    let mut centres = Adam::new(&model.centres);
    let mut random = Random::new(SEED);
    let mut early = model.clone();
    for epoch in 0..EPOCHS {
        if epoch == 1 {
            early = model.clone();
        }
        let order = random.permutation(digits.len());
        for positions in order.chunks_exact(BATCH) {
            let batch = digits.select(positions);
            let at = model.network.forward(&batch.images);
            let inputs = Inputs::from((&at.embedding, &model.centres, &batch.labels));
            let slope = Slope::of(loss, &inputs)?;
            let gradient = model.network.backward(&at, &slope.embeddings);
            let both = model.network.layers.iter_mut().zip(&gradient.layers);
            for ((weights, bias), (layer, gradient)) in layers.iter_mut().zip(both) {
                weights.step(&mut layer.weights, &gradient.weights, RATE);
                bias.step(&mut layer.bias, &gradient.bias, RATE);
            }
            centres.step(&mut model.centres, &slope.centres, RATE);
            if let Some(progress) = &mut progress {
                progress.step(slope.value);
            }
        }
    }
    if let Some(progress) = progress {
        progress.finish()?;
    }
    Ok([early, model])
}

/// Whether all ranks have the same network, to the bit.
fn is_alike(ranks: &Ranks, network: &Network) -> bool {
    let layers = network.layers.iter();
    let weights = layers.flat_map(|layer| layer.weights.iter().chain(&layer.bias));
    let bits: Array1<u32> = weights.map(|w| w.to_bits()).collect();
    let (all, _) = ranks.gather_rows(&bits);
    all.exact_chunks(bits.len())
        .into_iter()
        .all(|theirs| theirs == bits)
}

fn tested(model: &Model, test: &Digits) -> f64 {
    let scores = cosines(&model.embed(&test.images), &model.centres);
    accuracy(&predictions(&scores), &test.labels)
}

/// The largest difference of two weights, relative to the largest weight.
fn difference(one: &Model, other: &Model) -> String {
    let weights = |model: &Model| -> Vec<f32> {
        let layers = model.network.layers.iter();
        let layers = layers.flat_map(|layer| layer.weights.iter().chain(&layer.bias));
        layers.chain(&model.centres).copied().collect()
    };
    let pairs = weights(one).into_iter().zip(weights(other));
    let (difference, largest) = pairs.fold((0.0, 0.0), |(difference, largest), (a, b)| {
        let difference = f32::max(difference, (a - b).abs());
        (difference, f32::max(largest, b.abs()))
    });
    format!("{:.1e}", difference / largest)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mpi = Mpi::new()?;
    let world = mpi.world();
    rayon::ThreadPoolBuilder::new()
        .num_threads(world.share_of_cores())
        .build_global()?;
    let (digits, test) = match mnist_subset() {
        Ok(digits) => digits.shuffled_split(SEED, TRAIN),
        // The other ranks may have the file.
        Err(error) => mpi.abort(error),
    };
    let bars = MultiProgress::new();
    let steps = EPOCHS * (digits.len() / BATCH);
    let first = world.rank() == 0;
    let progress = |name: String| {
        let bar = first.then(|| Progress::new(&bars, name, steps));
        bar.transpose()
    };
    // The default scale is meant for tens of thousands of classes.
    let loss = ArcFace {
        s: 16.0,
        ..ArcFace::default()
    };

    let shards = Shards::even(CLASSES, world.size());
    let mut model = start(&digits);
    model.centres = model
        .centres
        .slice_axis(Axis(0), Slice::from(shards.range(world.rank())))
        .to_owned();
    let sharded = loss.clone().sharded("C", world.clone())?;
    let name = format!("{CLASSES} centres on {} ranks", world.size());
    let mut together = train(model, &digits, &sharded, progress(name)?)?;
    for model in &mut together {
        model.centres = sharded.ranks().gather_rows(&model.centres).0;
        if !is_alike(sharded.ranks(), &model.network) {
            return Err("the ranks have different networks".into());
        }
    }
    // The others wait at the end.
    if first {
        let in_tiles = loss.clone().with_tile(3);
        let alone = |name: &str, loss| {
            let progress = progress(name.to_owned())?;
            train(start(&digits), &digits, loss, progress)
        };
        let whole = alone("on one rank", &loss)?;
        let tiled = alone("on one rank, three at a time", &in_tiles)?;
        let mut table = headed([
            "class centres",
            "accuracy",
            "weights differ after an epoch",
            "in the end",
        ]);
        for (name, models) in [
            ("on one rank".to_owned(), &whole),
            ("on one rank, three at a time".to_owned(), &tiled),
            (format!("on {} ranks", world.size()), &together),
        ] {
            let [early, late] = [0, 1].map(|at| difference(&models[at], &whole[at]));
            let accuracy = percent(tested(&models[1], &test));
            table.add_row([name, accuracy, early, late]);
        }
        println!("{table}");
    }
    Ok(())
}
