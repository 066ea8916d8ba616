//! Contrastive losses: matching pairs close, others at least a margin apart.

use crate::loss;

loss! {
    /// Contrastive loss of pairs: `d²/2` of a matching pair, `max(0, margin - d)²/2` of any other, `d = |a - b|`
    /// (Hadsell et al. 2006, "Dimensionality reduction by learning an invariant mapping", eq. 4).
    ///
    /// For verification: pairs known to match or not, such as two photographs of one person. Implementations
    /// without the factors of 1/2 have twice the value. The features are not normalised.
    ///
    /// At distance 0 the direction is undefined and the gradient is taken as 0: a pair that should be apart but
    /// coincides exactly is not pushed.
    pub Contrastive(
        /// One of each pair.
        a: [N, D],
        /// The other.
        b: [N, D],
        /// Whether they match. Papers that write Y = 1 for "dissimilar" mean its negation.
        same: mask [N],
        /// Distance from which pairs that do not match have no loss.
        margin: scalar = 1.0 where margin > 0,
    ) {
        let d = norm[D](a - b);
        (if same { square(d) } else { square(relu(margin - d)) }) / 2
    }
}

loss! {
    /// Contrastive loss of all pairs of a labelled batch: `max(0, d - pos_margin)` of two samples of one class,
    /// `max(0, neg_margin - d)` of two of different classes, `d` the distance of the normalised features.
    ///
    /// The mean is pytorch-metric-learning's `ContrastiveLoss` with its default `AvgNonZeroReducer`: the sum over the
    /// ordered pairs of one class divided by how many of them have a loss, plus the same for the pairs of different
    /// classes. A sample's value is its share of that, times the number of samples; pairs without a loss count nowhere,
    /// and where there are none the value is 0.
    ///
    /// The gradient of the distance of equal samples is taken as 0. The counts are constants to the gradient.
    pub BatchContrastive(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// Distance up to which samples of one class have no loss.
        pos_margin: scalar = 0.0 where pos_margin >= 0,
        /// Distance from which samples of different classes have no loss.
        neg_margin: scalar = 1.0 where neg_margin >= 0,
    ) {
        axis M like N;
        let u = unit[D](x);
        let d = norm[D](u - u[N -> M]);
        let partner = y == y[N -> M] && M != N;
        let stranger = y != y[N -> M];
        let pull = relu(d - pos_margin);
        let push = relu(neg_margin - d);
        let pulled = count[N, M, partner && pull > 0];
        let pushed = count[N, M, stranger && push > 0];
        size[N] * (sum[M, partner](pull) / max(1, pulled) + sum[M, stranger](push) / max(1, pushed))
    }
}
