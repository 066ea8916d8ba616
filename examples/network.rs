//! A network of two dense layers that maps an image to an embedding, with its gradient by hand.
//!
//! With X \[N, in\], weights W \[out, in\] and bias b \[out\], a layer is Y = X Wᵀ + b, and for a cotangent G of Y
//! dW = Gᵀ X, db = Σ_n G_n, dX = G W. In between stands relu, whose slope at 0 is taken as 0.

use ndarray::{Array1, Array2, Axis, Zip};

use crate::random::Random;

/// A dense layer, or the gradient of one.
#[derive(Clone, Debug)]
pub struct Dense {
    /// [out, in]
    pub weights: Array2<f32>,
    /// \[out\]
    pub bias: Array1<f32>,
}

impl Dense {
    /// Weights with variance 2 / in (He et al. 2015), bias 0.
    pub fn new(inputs: usize, outputs: usize, random: &mut Random) -> Self {
        Self {
            weights: random.matrix(outputs, inputs, (2.0 / inputs as f64).sqrt()),
            bias: Array1::zeros(outputs),
        }
    }

    fn forward(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weights.t()) + &self.bias
    }

    fn gradient(x: &Array2<f32>, cotangent: &Array2<f32>) -> Self {
        Self {
            weights: cotangent.t().dot(x),
            bias: cotangent.sum_axis(Axis(0)),
        }
    }

    fn pull_back(&self, cotangent: &Array2<f32>) -> Array2<f32> {
        cotangent.dot(&self.weights)
    }
}

/// image → dense → relu → dense → embedding; also holds the gradient of such a network.
#[derive(Clone, Debug)]
pub struct Network {
    /// From the image.
    pub hidden: Dense,
    /// To the embedding.
    pub embedding: Dense,
}

/// What the backward pass needs of a forward pass.
#[derive(Clone, Debug)]
pub struct Activations {
    /// After the relu, [N, hidden].
    pub hidden: Array2<f32>,
    /// [N, embedding]
    pub embedding: Array2<f32>,
}

impl Network {
    /// Random weights; the three sizes are those of image, hidden layer and embedding.
    pub fn new([image, hidden, embedding]: [usize; 3], random: &mut Random) -> Self {
        Self {
            hidden: Dense::new(image, hidden, random),
            embedding: Dense::new(hidden, embedding, random),
        }
    }

    /// The embeddings of `images` [N, image], and what the backward pass needs.
    pub fn forward(&self, images: &Array2<f32>) -> Activations {
        let hidden = self.hidden.forward(images).mapv_into(|h| h.max(0.0));
        let embedding = self.embedding.forward(&hidden);
        Activations { hidden, embedding }
    }

    /// The gradient of every weight, for the cotangent of the embeddings, [N, embedding].
    pub fn backward(
        &self,
        images: &Array2<f32>,
        at: &Activations,
        cotangent: &Array2<f32>,
    ) -> Self {
        let mut hidden = self.embedding.pull_back(cotangent);
        Zip::from(&mut hidden)
            .and(&at.hidden)
            .for_each(|slope, &h| {
                if h <= 0.0 {
                    *slope = 0.0;
                }
            });
        Self {
            hidden: Dense::gradient(images, &hidden),
            embedding: Dense::gradient(&at.hidden, cotangent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f32 and a step of 1e-2 leave about 1e-3; the network is linear in each weight between kinks.
    #[test]
    fn gradient_agrees_with_central_differences() {
        let mut random = Random::new(7);
        let mut network = Network::new([6, 5, 3], &mut random);
        let images = random.matrix(4, 6, 1.0);
        let cotangent = random.matrix(4, 3, 1.0);
        let at = network.forward(&images);
        let gradient = network.backward(&images, &at, &cotangent);

        let value = |network: &Network| (network.forward(&images).embedding * &cotangent).sum();
        let step = 1e-2;
        for (o, i) in [(0, 0), (2, 5), (4, 3), (1, 2)] {
            let kept = network.hidden.weights[[o, i]];
            network.hidden.weights[[o, i]] = kept + step;
            let above = value(&network);
            network.hidden.weights[[o, i]] = kept - step;
            let below = value(&network);
            network.hidden.weights[[o, i]] = kept;
            let numeric = (above - below) / (2.0 * step);
            let analytic = gradient.hidden.weights[[o, i]];
            assert!(
                (numeric - analytic).abs() < 1e-3 * analytic.abs().max(1.0),
                "{numeric} {analytic}"
            );
        }
        assert_eq!(gradient.embedding.bias, cotangent.sum_axis(Axis(0)));
    }
}
