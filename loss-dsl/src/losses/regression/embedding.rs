//! Pairs of embeddings.

use crate::loss;

loss! {
    /// Cosine embedding loss of two vectors that belong together, `1 - cos`, or do not, `max(0, cos - margin)`.
    ///
    /// The cosine of a zero vector is taken as 0, with the slope 0. At `cos = margin` the slope is 0.
    ///
    /// `torch.nn.CosineEmbeddingLoss(margin=m)` = `CosineEmbedding { margin: m, .. }` with the mask `y > 0`. PyTorch adds 1e-12 to each
    /// squared length, which matters for vectors shorter than about 1e-4: there its cosine is too small.
    pub CosineEmbedding(
        /// First vectors.
        a: [N, D],
        /// Second vectors.
        b: [N, D],
        /// Whether the two belong together.
        same: mask [N],
        /// Cosine below which strangers are left alone.
        margin: scalar = 0.0 where -1 <= margin && margin <= 1,
    ) {
        let c = dot[D](unit[D](a), unit[D](b));
        if same { 1 - c } else if c <= margin { 0 } else { c - margin }
    }
}
