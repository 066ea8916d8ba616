//! Weighted softmax cross-entropy.

use crate::loss;

loss! {
    /// Softmax cross-entropy with a weight per class.
    ///
    /// With [`Normalizer::WeightedMean`](crate::Normalizer) the mean divides by the sum of the weights
    /// of the samples, as PyTorch's `CrossEntropyLoss(weight=…)` does; with the default it divides by
    /// the number of samples.
    pub WeightedSoftmax(
        /// Logits.
        z: [N, C],
        /// Weight of each class.
        weight: const [C] where weight >= 0,
        /// Labels.
        y: [N] in C,
    ) {
        weight weight[C = y];
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// Softmax cross-entropy of images whose pixels are weighted by how rare they are in
    /// their own image: a pixel of any class above 0 by the share of class 0, and the other way round.
    ///
    /// The adaptively weighted softmax of Caffe_Long, whose backward pass accumulates the counts over
    /// the images of a batch where its forward pass does not; this is the gradient of the forward pass.
    pub AdaptiveWeightedSoftmax(
        /// Logits.
        z: [N, C, H, W],
        /// Labels; 0 is the background.
        y: [N, H, W] in C,
    ) {
        let positive = !(y == 0);
        let share = count[H, W, positive] / (size[H] * size[W]);
        let w = if positive { 1 - share } else { share };
        w * (lse[C](z) - z[C = y])
    }
}
