//! Weighted softmax cross-entropy.

use crate::loss;

loss! {
    /// Softmax cross-entropy with a weight per class, `-w_y ln p_y`.
    ///
    /// * PyTorch's `CrossEntropyLoss(weight=w)`: its mean divides by the sum of the weights of the labels,
    ///   [`Normalizer::WeightedMean`](crate::Normalizer).
    /// * Caffe_Long's fixed weights (`pos_cid`, `pos_mult`): `w` is `pos_mult` at class `pos_cid` and 1 elsewhere. With its
    ///   `normalize: true` it divides by the number of labels that are not ignored, the default here; without (its default) by the number of images,
    ///   [`Normalizer::BatchSize`](crate::Normalizer). If all labels are ignored it divides 0 by 0; here the value is 0.
    ///
    /// The weights must not be negative; a class of weight 0 has no loss of its own but stays in the softmax. Weights of single samples or
    /// pixels, with or without these, are [`sample_weights`](crate::Options::sample_weights).
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
    /// the images of a batch where its forward pass does not; this is the gradient of the forward pass. It divides by the number of
    /// pixels, the default here. An image with only one kind of label has the value 0.
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
