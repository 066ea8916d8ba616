//! Pair losses that weigh every pair of a labelled batch by its similarity.

use crate::loss;

loss! {
    /// Multi-similarity loss: soft thresholds for the similarities to partners and to strangers, both relative
    /// to all of them (Wang et al. 2019, arXiv:1904.06627, the loss of section 3.2, without its mining).
    ///
    /// `ln(1 + Σ_P e^{-alpha (s - base)}) / alpha + ln(1 + Σ_N e^{beta (s - base)}) / beta` with cosines `s`. The paper has `base`
    /// λ = 1; its released code and pytorch-metric-learning's `MultiSimilarityLoss` have 0.5. The sum over no partners, or
    /// no strangers, is 0, and so is its logarithm and the gradient. A zero vector has cosine 0 with all others, and gradient 0.
    pub MultiSimilarity(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// Sharpness for partners.
        alpha: scalar = 2.0 where alpha > 0,
        /// Sharpness for strangers.
        beta: scalar = 50.0 where beta > 0,
        /// Similarity that partners should exceed and strangers should not.
        base: scalar = 1.0,
    ) {
        axis M like N;
        let s = dot[D](unit[D](x), unit[D](x[N -> M])) - base;
        let partner = y == y[N -> M] && M != N;
        let stranger = y != y[N -> M];
        ln(1 + sum[M, partner](exp(-alpha * s))) / alpha + ln(1 + sum[M, stranger](exp(beta * s))) / beta
    }
}

loss! {
    /// Circle loss of pairs: every similarity is weighted by how far it is from where it should be (Sun et al. 2020,
    /// arXiv:2002.10857, eq. 6 with the weights of eq. 5 and the margins of section 3.2).
    ///
    /// `ln(1 + Σ_N e^{γ α_n (s_n - m)} Σ_P e^{-γ α_p (s_p - 1 + m)})` with cosines `s`, `α_n = max(0, s_n + m)` and
    /// `α_p = max(0, 1 + m - s_p)`, which are constants to the gradient as in the paper and in pytorch-metric-learning's `CircleLoss`;
    /// so finite differences of the value are not this gradient. The paper has `m = 0.25` and `gamma = 256` for faces, `m = 0.4` and
    /// `gamma = 80` for retrieval. An anchor without a partner or without a stranger has the value 0.
    pub PairCircle(
        /// Features.
        x: [N, D],
        /// Class of each sample.
        y: id [N],
        /// Margin.
        m: scalar = 0.4,
        /// Scale.
        gamma: scalar = 80.0 where gamma > 0,
    ) {
        axis M like N;
        let s = dot[D](unit[D](x), unit[D](x[N -> M]));
        let pull = gamma * detach(relu(1 + m - s)) * (1 - m - s);
        let push = gamma * detach(relu(s + m)) * (s - m);
        softplus(lse[M, y == y[N -> M] && M != N](pull) + lse[M, y != y[N -> M]](push))
    }
}
