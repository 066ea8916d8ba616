//! Training a [`Network`] and the class centres above it with any loss of embeddings, centres and labels.
//!
//! The loop only asks for the value and the two gradients at a batch. Whether the loss sees logits or angles is the
//! business of whoever hands it in.

use loss_dsl::{Inputs, Loss};
use ndarray::{Array1, Array2, Axis};

use crate::data::Digits;
use crate::network::{Layer, Network, Shape};
use crate::optimiser::Adam;
use crate::random::Random;

/// A loss at one batch.
#[derive(Clone, Debug)]
pub struct Slope {
    /// The mean over the batch.
    pub value: f32,
    /// Its gradient with respect to the embeddings, [N, D].
    pub embeddings: Array2<f32>,
    /// Its gradient with respect to the class centres, [C, D].
    pub centres: Array2<f32>,
}

impl Slope {
    /// That of any loss of features `x` [N, D] and centres `w` [C, D], by the names of its inputs; the gradients of others are left.
    ///
    /// # Errors
    /// Those of the loss.
    ///
    /// # Panics
    /// If the loss has no such inputs.
    pub fn of(loss: &impl Loss, inputs: &Inputs<'_, f32>) -> Result<Self, loss_dsl::Error> {
        let (value, gradients) = loss.differentiate(inputs)?;
        let matrix = |name| {
            let gradient = gradients[name].clone().into_dimensionality();
            gradient.expect("features and centres are matrices")
        };
        Ok(Self {
            value: value.total(),
            embeddings: matrix("x"),
            centres: matrix("w"),
        })
    }
}

/// How long and how fast to learn.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Passes over the digits.
    pub epochs: usize,
    /// Digits a step; a rest smaller than this is left out of its epoch.
    pub batch: usize,
    /// Pixels that an image is moved by at most, either way, anew each time it is seen.
    pub shift: usize,
    /// Learning rate of the first step; it falls to 0 along a half cosine.
    pub rate: f32,
    /// Seed of the first weights and of the order of the digits.
    pub seed: u64,
}

impl Schedule {
    /// Steps over `digits` digits.
    pub fn steps(&self, digits: usize) -> usize {
        self.epochs * (digits / self.batch)
    }
}

/// A network and the class centres above it.
#[derive(Clone, Debug)]
pub struct Model {
    /// Image to embedding.
    pub network: Network,
    /// One a class, [C, D]: the weights of a linear head, the directions of an angular one.
    pub centres: Array2<f32>,
}

impl Model {
    /// Random weights for images of `pixels`; the last of `shapes` makes the embedding.
    pub fn new(pixels: usize, shapes: &[Shape], classes: usize, random: &mut Random) -> Self {
        let network = Network::new(pixels, shapes, random);
        let dimensions = network.layers.last().map_or(pixels, |last| last.bias.len());
        let deviation = (1.0 / dimensions as f64).sqrt();
        Self {
            network,
            centres: random.matrix(classes, dimensions, deviation),
        }
    }

    /// The embeddings of `images`, [N, D].
    pub fn embed(&self, images: &Array2<f32>) -> Array2<f32> {
        self.network.forward(images).embedding
    }

    /// Whether every weight is finite.
    pub fn is_finite(&self) -> bool {
        let finite = |layer: &Layer| {
            let mut weights = layer.weights.iter().chain(&layer.bias);
            weights.all(|w| w.is_finite())
        };
        self.network.layers.iter().all(finite) && self.centres.iter().all(|w| w.is_finite())
    }
}

/// The moments of every array of a [`Model`].
struct Optimiser {
    layers: Vec<(Adam<ndarray::Ix2>, Adam<ndarray::Ix1>)>,
    centres: Adam<ndarray::Ix2>,
}

impl Optimiser {
    fn new(model: &Model) -> Self {
        let moments = |layer: &Layer| (Adam::new(&layer.weights), Adam::new(&layer.bias));
        Self {
            layers: model.network.layers.iter().map(moments).collect(),
            centres: Adam::new(&model.centres),
        }
    }

    fn step(&mut self, model: &mut Model, network: &Network, centres: &Array2<f32>, rate: f32) {
        let layers = model.network.layers.iter_mut().zip(&network.layers);
        for ((weights, bias), (layer, gradient)) in self.layers.iter_mut().zip(layers) {
            weights.step(&mut layer.weights, &gradient.weights, rate);
            bias.step(&mut layer.bias, &gradient.bias, rate);
        }
        self.centres.step(&mut model.centres, centres, rate);
    }
}

/// Trains a new model on `digits`, with a centre for each of their classes; `progress` is told the loss of every step.
///
/// The same arguments give the same model, bit for bit.
///
/// # Errors
/// The first error of `loss`.
pub fn fit<E>(
    digits: &Digits,
    shapes: &[Shape],
    schedule: Schedule,
    mut loss: impl FnMut(&Array2<f32>, &Array2<f32>, &Array1<u8>) -> Result<Slope, E>,
    mut progress: impl FnMut(f32),
) -> Result<Model, E> {
    let mut random = Random::new(schedule.seed);
    let mut model = Model::new(digits.images.ncols(), shapes, digits.classes(), &mut random);
    let mut optimiser = Optimiser::new(&model);
    let steps = schedule.steps(digits.len()) as f32;
    let mut step = 0.0;
    for _ in 0..schedule.epochs {
        let order = random.permutation(digits.len());
        for positions in order.chunks_exact(schedule.batch) {
            let batch = digits.select(positions).moved(schedule.shift, &mut random);
            let at = model.network.forward(&batch.images);
            let slope = loss(&at.embedding, &model.centres, &batch.labels)?;
            let gradient = model.network.backward(&at, &slope.embeddings);
            let rate = schedule.rate * 0.5 * (1.0 + (std::f32::consts::PI * step / steps).cos());
            optimiser.step(&mut model, &gradient, &slope.centres, rate);
            progress(slope.value);
            step += 1.0;
        }
    }
    Ok(model)
}

/// How a linear head scores classes: the inner products of `embeddings` [N, D] and `centres` [C, D].
pub fn inner_products(embeddings: &Array2<f32>, centres: &Array2<f32>) -> Array2<f32> {
    embeddings.dot(&centres.t())
}

/// How an angular head scores classes, up to the length of the embedding, which changes no decision.
pub fn cosines(embeddings: &Array2<f32>, centres: &Array2<f32>) -> Array2<f32> {
    let lengths = centres.map_axis(Axis(1), |row| row.dot(&row).sqrt());
    inner_products(embeddings, centres) / lengths
}

/// The class with the largest score of each row; the first of equals.
pub fn predictions(scores: &Array2<f32>) -> Array1<u8> {
    scores.map_axis(Axis(1), |row| {
        let mut best = 0;
        for (class, score) in row.iter().enumerate() {
            if *score > row[best] {
                best = class;
            }
        }
        best as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_of_equal_scores_is_predicted() {
        let scores = array![[0.0, 2.0, 2.0], [1.0, 0.5, -1.0]];
        assert_eq!(predictions(&scores), array![1, 0]);
    }

    /// ½‖x − w_y‖² is pulled to 0 together with its gradients.
    #[test]
    fn a_squared_distance_falls_and_repeats_exactly() {
        let digits = Digits {
            images: Random::new(1).matrix(40, 9, 1.0),
            labels: (0..40).map(|n| n % 3).collect(),
        };
        let schedule = Schedule {
            epochs: 5,
            batch: 8,
            shift: 0,
            rate: 0.01,
            seed: 2,
        };
        let run = || {
            let mut values = Vec::new();
            let shapes = [Shape::Dense(8), Shape::Dense(4)];
            let model = fit(&digits, &shapes, schedule, squared_distance, |v| {
                values.push(v)
            });
            (model.expect("never fails").centres, values)
        };
        let (centres, values) = run();
        assert_eq!(values.len(), schedule.steps(40));
        assert!(values[24] < 0.5 * values[0], "{values:?}");
        assert_eq!(run(), (centres, values));
    }

    fn squared_distance(
        x: &Array2<f32>,
        w: &Array2<f32>,
        y: &Array1<u8>,
    ) -> Result<Slope, std::convert::Infallible> {
        let n = x.nrows() as f32;
        let classes: Vec<usize> = y.iter().map(|&y| usize::from(y)).collect();
        let embeddings = (x - &w.select(Axis(0), &classes)) / n;
        let mut centres = Array2::zeros(w.dim());
        for (row, &class) in embeddings.rows().into_iter().zip(&classes) {
            let mut centre = centres.row_mut(class);
            centre -= &row;
        }
        let value = embeddings.iter().map(|d| d * d).sum::<f32>() * n / 2.0;
        Ok(Slope {
            value,
            embeddings,
            centres,
        })
    }
}
