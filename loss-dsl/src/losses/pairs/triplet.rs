//! Triplet losses: nearer to a sample of one's own class than to one of another, by a margin.

use crate::loss;

loss! {
    /// Triplet margin loss: `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with the Euclidean distance
    /// (Schroff et al. 2015, arXiv:1503.03832; Balntas et al. 2016, "Learning local feature descriptors with triplets").
    ///
    /// PyTorch's `TripletMarginLoss` with `p = 2`: there too `eps` is added to each difference, so that `d = |a - b + eps|`. FaceNet's
    /// formula squares the distances; this does not. With `eps = 0` the gradient of a distance 0 is taken as 0.
    pub TripletMargin(
        /// Anchors.
        anchor: [N, D],
        /// Samples of the anchors' classes.
        positive: [N, D],
        /// Samples of other classes.
        negative: [N, D],
        /// How much nearer the positive has to be.
        margin: scalar = 1.0,
        /// Added to each coordinate of a difference, as PyTorch does.
        eps: scalar = 1e-6 where eps >= 0,
        /// Whether the negative's distance to the positive counts where it is the smaller one (Balntas et al.).
        swap: flag = false,
    ) {
        let near = norm[D](anchor - positive + eps);
        let direct = norm[D](anchor - negative + eps);
        let far = if swap { min(direct, norm[D](positive - negative + eps)) } else { direct };
        relu(near - far + margin)
    }
}

loss! {
    /// Batch-all triplet loss: the mean of `max(0, d(a, p) - d(a, n) + margin)` over those triplets of a labelled
    /// batch that have a loss (Hermans et al. 2017, arXiv:1703.07737, there "BA≠0").
    ///
    /// The mean is pytorch-metric-learning's `TripletMarginLoss` without a miner, with distances that are not
    /// normalised. A sample's value is its share as an anchor, times the number of samples; the count of triplets is a
    /// constant to the gradient. It costs the cube of the number of samples, in time but not in memory.
    ///
    /// The gradient of the distance of equal samples is taken as 0. A batch without a triplet has value 0.
    pub BatchAllTriplet(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// How much nearer the samples of one class have to be.
        margin: scalar = 0.2,
    ) {
        axis M like N;
        axis K like N;
        let d = norm[D](x - x[N -> M]);
        let triplet = y == y[N -> M] && M != N && y != y[N -> K];
        let violation = relu(d - d[M -> K] + margin);
        size[N] * sum[M, K, triplet](violation) / max(1, count[N, M, K, triplet && violation > 0])
    }
}

loss! {
    /// Batch-hard triplet loss: of each sample, its farthest partner against its nearest stranger,
    /// `max(0, max d(a, p) - min d(a, n) + margin)` (Hermans et al. 2017, arXiv:1703.07737, there "BH").
    ///
    /// For batches of a few samples each of a few classes. `soft` takes `ln(1 + e^t)` for `max(0, margin + t)`, the
    /// paper's soft margin, which goes on pulling samples together. An anchor without a partner or without a stranger
    /// has the value 0. Where several are farthest or nearest alike they share the gradient; of the distance of
    /// equal samples it is taken as 0.
    pub BatchHardTriplet(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// How much nearer the samples of one class have to be; not used if `soft`.
        margin: scalar = 0.2,
        /// Whether the margin is soft.
        soft: flag = false,
    ) {
        axis M like N;
        let d = norm[D](x - x[N -> M]);
        let farthest = max[M, y == y[N -> M] && M != N](d);
        let nearest = min[M, y != y[N -> M]](d);
        let gap = farthest - nearest;
        if soft { softplus(gap) } else { relu(gap + margin) }
    }
}
