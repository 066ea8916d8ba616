//! A network that maps an image to an embedding, with its gradient by hand.
//!
//! With X \[N, in\], weights W \[out, in\] and bias b \[out\], a dense layer is Y = X Wᵀ + b, and for a cotangent G of Y
//! dW = Gᵀ X, db = Σ_n G_n, dX = G W. A convolution is a dense layer whose rows are the patches of an image, cut out by
//! [`Patches`]. Between two layers stands relu, whose slope at 0 is taken as 0.

use ndarray::{Array1, Array2, Axis, Zip};

use crate::patches::Patches;
use crate::random::Random;

/// A layer without its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many outputs, each of all inputs.
    Dense(usize),
    /// Outputs of a square of the image, the same ones at every place.
    Convolution {
        /// Outputs at a place.
        channels: usize,
        /// Pixels across and down that an output sees.
        kernel: usize,
        /// Pixels from one place to the next.
        stride: usize,
    },
}

/// A layer, or the gradient of one.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Where a convolution looks; `None` for a dense layer.
    pub patches: Option<Patches>,
    /// [out, in]
    pub weights: Array2<f32>,
    /// \[out\]
    pub bias: Array1<f32>,
}

impl Layer {
    /// Weights with variance 2 / in (He et al. 2015), bias 0.
    fn new(patches: Option<Patches>, inputs: usize, outputs: usize, random: &mut Random) -> Self {
        Self {
            patches,
            weights: random.matrix(outputs, inputs, (2.0 / inputs as f64).sqrt()),
            bias: Array1::zeros(outputs),
        }
    }

    /// What the weights multiply: a row an image, or a row a patch.
    fn rows(&self, input: Array2<f32>) -> Array2<f32> {
        match &self.patches {
            Some(patches) => patches.cut(&input),
            None => input,
        }
    }

    /// What [`Self::rows`] gives the input, its cotangent takes back.
    fn pull_back(&self, rows: Array2<f32>) -> Array2<f32> {
        match &self.patches {
            Some(patches) => patches.add_up(&rows),
            None => rows,
        }
    }

    /// A row an image.
    fn forward(&self, rows: &Array2<f32>) -> Array2<f32> {
        let outputs = rows.dot(&self.weights.t()) + &self.bias;
        let places = self.patches.map_or(1, |patches| patches.places());
        reshaped(outputs, places * self.bias.len())
    }

    /// The cotangent of the outputs, a row an image, as rows of the matrix product.
    fn regroup(&self, cotangent: Array2<f32>) -> Array2<f32> {
        reshaped(cotangent, self.bias.len())
    }

    fn gradient(&self, rows: &Array2<f32>, cotangent: &Array2<f32>) -> Self {
        Self {
            patches: self.patches,
            weights: cotangent.t().dot(rows),
            bias: cotangent.sum_axis(Axis(0)),
        }
    }
}

/// The same numbers in rows of `columns`.
fn reshaped(array: Array2<f32>, columns: usize) -> Array2<f32> {
    let rows = array.len() / columns;
    array
        .into_shape_with_order((rows, columns))
        .expect("rows are cut or joined whole")
}

/// Layers, with relu between them; also holds the gradient of such a network.
#[derive(Clone, Debug)]
pub struct Network {
    /// From the image to the embedding.
    pub layers: Vec<Layer>,
}

/// What the backward pass needs of a forward pass.
#[derive(Clone, Debug)]
pub struct Activations {
    /// What each layer's weights multiplied; all but the first after the relu.
    rows: Vec<Array2<f32>>,
    /// [N, embedding]
    pub embedding: Array2<f32>,
}

impl Network {
    /// Random weights for images of `pixels`; the last of `shapes` makes the embedding.
    ///
    /// # Panics
    /// If a convolution is given no square image, or one smaller than its kernel, or follows a dense layer.
    pub fn new(pixels: usize, shapes: &[Shape], random: &mut Random) -> Self {
        let (mut inputs, mut channels) = (pixels, 1);
        let layers = shapes.iter().map(|&shape| match shape {
            Shape::Dense(outputs) => {
                let layer = Layer::new(None, inputs, outputs, random);
                inputs = outputs;
                layer
            }
            Shape::Convolution {
                channels: outputs,
                kernel,
                stride,
            } => {
                let patches = Patches::new(inputs, channels, kernel, stride);
                (inputs, channels) = (patches.places() * outputs, outputs);
                Layer::new(Some(patches), patches.size(), outputs, random)
            }
        });
        Self {
            layers: layers.collect(),
        }
    }

    /// The embeddings of `images` [N, image], and what the backward pass needs.
    pub fn forward(&self, images: &Array2<f32>) -> Activations {
        let mut rows = Vec::with_capacity(self.layers.len());
        let mut signal = images.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            if number > 0 {
                signal.mapv_inplace(|h| h.max(0.0));
            }
            let entering = layer.rows(signal);
            signal = layer.forward(&entering);
            rows.push(entering);
        }
        Activations {
            rows,
            embedding: signal,
        }
    }

    /// The gradient of every weight, for the cotangent of the embeddings, [N, embedding].
    pub fn backward(&self, at: &Activations, cotangent: &Array2<f32>) -> Self {
        let mut gradients = Vec::with_capacity(self.layers.len());
        let mut cotangent = cotangent.clone();
        for (number, (layer, rows)) in self.layers.iter().zip(&at.rows).enumerate().rev() {
            cotangent = layer.regroup(cotangent);
            gradients.push(layer.gradient(rows, &cotangent));
            if number > 0 {
                let mut entering = cotangent.dot(&layer.weights);
                // A number is positive in every patch that it is in, or in none: the slope of relu may come first.
                Zip::from(&mut entering).and(rows).for_each(|slope, &h| {
                    if h <= 0.0 {
                        *slope = 0.0;
                    }
                });
                cotangent = layer.pull_back(entering);
            }
        }
        gradients.reverse();
        Self { layers: gradients }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f32 and a step of 1e-2 leave about 1e-3; the network is linear in each weight between kinks.
    fn agrees_with_central_differences(shapes: &[Shape]) {
        let mut random = Random::new(7);
        let mut network = Network::new(36, shapes, &mut random);
        let images = random.matrix(4, 36, 1.0);
        let cotangent = random.matrix(4, 3, 1.0);
        let at = network.forward(&images);
        let gradient = network.backward(&at, &cotangent);

        let value = |network: &Network| (network.forward(&images).embedding * &cotangent).sum();
        let step = 1e-2;
        for number in 0..shapes.len() {
            let (outputs, inputs) = network.layers[number].weights.dim();
            for at in [(0, 0), (outputs - 1, inputs - 1), (1, inputs / 2)] {
                let kept = network.layers[number].weights[at];
                network.layers[number].weights[at] = kept + step;
                let above = value(&network);
                network.layers[number].weights[at] = kept - step;
                let below = value(&network);
                network.layers[number].weights[at] = kept;
                let numeric = (above - below) / (2.0 * step);
                let analytic = gradient.layers[number].weights[at];
                assert!(
                    (numeric - analytic).abs() < 2e-3 * analytic.abs().max(1.0),
                    "layer {number}, {at:?}: {numeric} {analytic}"
                );
            }
        }
        let last = gradient.layers.last().expect("there are layers");
        assert_eq!(last.bias, cotangent.sum_axis(Axis(0)));
    }

    #[test]
    fn gradient_of_dense_layers_agrees_with_central_differences() {
        agrees_with_central_differences(&[Shape::Dense(5), Shape::Dense(4), Shape::Dense(3)]);
    }

    #[test]
    fn gradient_of_convolutions_agrees_with_central_differences() {
        let convolution = |channels, kernel, stride| Shape::Convolution {
            channels,
            kernel,
            stride,
        };
        let shapes = [convolution(2, 2, 1), convolution(3, 3, 2), Shape::Dense(3)];
        agrees_with_central_differences(&shapes);
    }
}
