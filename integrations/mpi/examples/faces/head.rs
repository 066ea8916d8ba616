//! A head with its centres, and how long its steps take.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use examples::random::Random;
use loss_dsl::losses::ArcFace;
use loss_dsl::sharding::{Sharded, ShardedLoss, Shards};
use loss_dsl::{GradientTargets, Inputs, Loss};
use loss_mpi::World;
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

use crate::{Arguments, RATE};

/// The own class centres [C, D], the same whichever rank has a class.
fn centres(classes: Range<usize>, features: usize) -> Array2<f32> {
    let mut centres = Array2::zeros((classes.len(), features));
    let deviation = (1.0 / features as f64).sqrt();
    let rows = centres
        .as_slice_mut()
        .expect("an array in row-major order")
        .par_chunks_exact_mut(features)
        .enumerate();
    rows.for_each(|(row, centre)| {
        let mut random = Random::new(((classes.start + row) as u64) << 20);
        centre.fill_with(|| (random.normal() * deviation) as f32);
    });
    centres
}

/// What the steps took.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) sampling: Vec<Duration>,
    pub(crate) head: Vec<Duration>,
    pub(crate) update: Vec<Duration>,
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    times.push(start.elapsed());
    result
}

/// The median without the first, which has to ask for memory.
pub(crate) fn median(times: &[Duration]) -> f64 {
    let mut times = times.get(1..).unwrap_or_default().to_vec();
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(0.0, |time| 1e3 * time.as_secs_f64())
}

/// The part of a head that this rank has.
pub(crate) struct Head {
    pub(crate) loss: Sharded<ArcFace>,
    shards: Shards,
    rank: usize,
    share: f64,
    /// The centres [C, D] of the own classes.
    pub(crate) centres: Array2<f32>,
    /// Those that take part in a step, unless all do, and their gradient, kept from step to step.
    sampled: Array2<f32>,
    slopes: Array2<f32>,
    pub(crate) times: Times,
}

impl Head {
    pub(crate) fn new(world: &Arc<World>, arguments: &Arguments) -> Result<Self, loss_dsl::Error> {
        let shards = Shards::even(arguments.classes, world.size());
        let centres = centres(shards.range(world.rank()), arguments.features);
        let all = arguments.share >= 1.0;
        Ok(Self {
            loss: ArcFace::default().sharded("C", world.clone())?,
            shards,
            rank: world.rank(),
            share: arguments.share,
            sampled: Array2::zeros((0, arguments.features)),
            slopes: Array2::zeros((if all { centres.nrows() } else { 0 }, arguments.features)),
            centres,
            times: Times::default(),
        })
    }

    /// Moves the centres: the loss, and the gradient of the features `x` [N, D].
    pub(crate) fn step(
        &mut self,
        x: &Array2<f32>,
        labels: &[i64],
        step: usize,
    ) -> Result<(f32, Array2<f32>), loss_dsl::Error> {
        let times = &mut self.times;
        if self.share >= 1.0 {
            let labels = ArrayView1::from(labels);
            let (centres, slopes) = (&mut self.centres, &mut self.slopes);
            let found = timed(&mut times.head, || {
                differentiate(&self.loss, x, centres, labels, slopes)
            })?;
            timed(&mut times.update, || descend(centres, slopes));
            return Ok(found);
        }
        let sample = timed(&mut times.sampling, || {
            let sample = self
                .shards
                .sample(self.rank, labels, self.share, step as u64);
            let shape = (sample.rows.len(), x.ncols());
            if self.sampled.dim() != shape {
                self.sampled = Array2::zeros(shape);
                self.slopes = Array2::zeros(shape);
            }
            copy(&self.centres, &sample.rows, &mut self.sampled);
            sample
        });
        let labels = ArrayView1::from(&sample.labels);
        let (sampled, slopes) = (&mut self.sampled, &mut self.slopes);
        let found = timed(&mut times.head, || {
            differentiate(&self.loss, x, sampled, labels, slopes)
        })?;
        timed(&mut times.update, || {
            descend(sampled, slopes);
            for (&row, moved) in sample.rows.iter().zip(sampled.rows()) {
                self.centres.row_mut(row).assign(&moved);
            }
        });
        Ok(found)
    }

    pub(crate) fn bytes(&self) -> usize {
        let arrays = [&self.centres, &self.sampled, &self.slopes];
        let numbers: usize = arrays.iter().map(|array| array.len()).sum();
        numbers * size_of::<f32>()
    }
}

/// The loss and the gradient of the features; that of the centres goes to `slopes`.
fn differentiate(
    loss: &Sharded<ArcFace>,
    x: &Array2<f32>,
    centres: &Array2<f32>,
    labels: ArrayView1<'_, i64>,
    slopes: &mut Array2<f32>,
) -> Result<(f32, Array2<f32>), loss_dsl::Error> {
    let mut of_features = Array2::zeros(x.dim());
    let targets = GradientTargets::new()
        .tensor(&mut of_features)
        .tensor(slopes);
    let value = loss.differentiate_into(&Inputs::from((x, centres, &labels)), targets)?;
    Ok((value.total(), of_features))
}

/// Elements that a thread works on at once.
const CHUNK: usize = 1 << 16;

/// A step of gradient descent, by all threads of this rank.
fn descend(parameters: &mut Array2<f32>, slopes: &Array2<f32>) {
    let both = parameters.as_slice_mut().zip(slopes.as_slice());
    let (parameters, slopes) = both.expect("arrays in row-major order");
    let chunks = parameters
        .par_chunks_mut(CHUNK)
        .zip(slopes.par_chunks(CHUNK));
    chunks.for_each(|(parameters, slopes)| {
        for (parameter, slope) in parameters.iter_mut().zip(slopes) {
            *parameter -= RATE * slope;
        }
    });
}

/// Rows of an array, by all threads of this rank.
fn copy(from: &Array2<f32>, rows: &[usize], to: &mut Array2<f32>) {
    let columns = from.ncols();
    let to = to.as_slice_mut().expect("an array in row-major order");
    let chunks = to.par_chunks_exact_mut(columns).zip(rows).with_min_len(256);
    chunks.for_each(|(to, &row)| {
        for (to, &from) in to.iter_mut().zip(from.row(row)) {
            *to = from;
        }
    });
}
