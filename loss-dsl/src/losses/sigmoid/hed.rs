//! The edge loss of HED.

use crate::loss;

loss! {
    /// Class-balanced sigmoid cross-entropy of an image: the edge loss of HED (Xie & Tu
    /// 2015, arXiv:1504.06375, eq. 2), one value per image, summed over its pixels.
    ///
    /// With β the share of negatives, positives weigh β and negatives 1 − β. An image
    /// without positives has the value 0. The mean over the images is the references' `/ N`: they do not divide by the number of pixels.
    ///
    /// Labels are 0 or 1. In HED's own layer and Caffe_Long's copy any other label (255 for "ignore", a soft label) adds nothing to the
    /// value but an unweighted `σ(x) - t` to the gradient. A mask cannot hold one: threshold soft labels, or leave pixels out with
    /// [`SigmoidCrossEntropy`](crate::losses::SigmoidCrossEntropy) and sample weights.
    pub HedSigmoid(
        /// Logits.
        x: [N, H, W],
        /// Whether a pixel is an edge.
        t: mask [N, H, W],
    ) {
        let beta = count[H, W, !t] / (size[H] * size[W]);
        beta * sum[H, W, t](softplus(-x)) + (1 - beta) * sum[H, W, !t](softplus(x))
    }
}
