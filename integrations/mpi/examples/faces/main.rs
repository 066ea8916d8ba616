//! A head for face recognition whose classes do not fit one process: ArcFace over a million class centres, spread over ranks.
//!
//! ```sh
//! cargo build --release -p loss-mpi --example faces
//! mpirun -n 2 --bind-to none target/release/examples/faces
//! mpirun -n 2 --bind-to none target/release/examples/faces --share 0.1    # PartialFC: a tenth of the classes in each step
//! ```
//!
//! The faces are synthetic: a few hundred samples of a few of the classes, each near the direction of its class. There is no network;
//! the features of the samples are themselves what is learned, by plain gradient descent, together with the centres. What is
//! real is the size of the head, and what it takes: memory and time on each rank, and what ranks send to each other.

mod head;
mod samples;

use std::error::Error;

use clap::Parser;
use comfy_table::Table;
use examples::report::headed;
use loss_mpi::Mpi;
use ndarray::{Array2, array};

use head::{Head, median};
use samples::{BATCHES, Samples};

/// Of the gradient descent.
const RATE: f32 = 0.05;

#[derive(Debug, Parser)]
#[command(about = "ArcFace over many classes, spread over ranks")]
struct Arguments {
    /// Class centres, of all ranks together.
    #[arg(long, default_value_t = 1_000_000)]
    classes: usize,
    /// Numbers in a feature.
    #[arg(long, default_value_t = 128)]
    features: usize,
    /// Samples in a step.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Steps; the first is not timed.
    #[arg(long, default_value_t = 21)]
    steps: usize,
    /// The share of the classes that take part in a step.
    #[arg(long, default_value_t = 1.0)]
    share: f64,
}

/// The most memory that this process has had, in bytes; 0 where the system does not say.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    1024.0 * kilobytes.unwrap_or_default()
}

/// A row a rank.
fn table(ranks: &Array2<f64>) -> Table {
    let mut table = headed([
        "rank",
        "classes",
        "threads",
        "arrays",
        "peak memory",
        "sampling",
        "head",
        "update",
        "messages a step",
        "sent a step",
    ]);
    let mebibytes = |bytes: f64| format!("{:.0} MiB", bytes / f64::from(1 << 20));
    let milliseconds = |time: f64| format!("{time:.1} ms");
    for (rank, numbers) in ranks.rows().into_iter().enumerate() {
        let [
            classes,
            threads,
            arrays,
            peak,
            sampling,
            head,
            update,
            messages,
            sent,
        ] = std::array::from_fn(|at| numbers[at]);
        table.add_row([
            rank.to_string(),
            classes.to_string(),
            threads.to_string(),
            mebibytes(arrays),
            mebibytes(peak),
            milliseconds(sampling),
            milliseconds(head),
            milliseconds(update),
            messages.to_string(),
            format!("{:.1} KiB", sent / 1024.0),
        ]);
    }
    table
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mpi = Mpi::new()?;
    let world = mpi.world();
    let threads = world.share_of_cores();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;

    let mut samples = Samples::new(&arguments);
    let mut head = Head::new(&world, &arguments)?;
    let mut losses = vec![];
    for step in 0..arguments.steps {
        let batch = samples.batch(step);
        let x = samples.features(batch.clone());
        let (value, slopes) = head.step(&x, &samples.labels[batch.clone()], step)?;
        samples.descend(batch, &slopes);
        losses.push(value);
    }

    let traffic = head.loss.traffic();
    let steps = arguments.steps.max(1) as f64;
    let own = array![[
        head.centres.nrows() as f64,
        threads as f64,
        head.bytes() as f64,
        peak(),
        median(&head.times.sampling),
        median(&head.times.head),
        median(&head.times.update),
        traffic.messages as f64 / steps,
        traffic.bytes_sent as f64 / steps,
    ]];
    let (ranks, _) = head.loss.ranks().gather_rows(&own);
    if world.rank() == 0 {
        let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
        let some = BATCHES.min(losses.len() / 2).max(1);
        let (first, last) = (mean(&losses[..some]), mean(&losses[losses.len() - some..]));
        println!("{}", table(&ranks));
        println!(
            "The loss fell from {first:.2} to {last:.2}: means of the first and the last {some} of {} steps.",
            losses.len()
        );
    }
    Ok(())
}
