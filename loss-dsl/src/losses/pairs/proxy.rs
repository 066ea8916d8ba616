//! Losses against one learnt proxy a class.

use crate::loss;

loss! {
    /// Proxy-NCA: softmax over the negative squared distances of the normalised features to normalised proxies
    /// (Movshovitz-Attias et al. 2017, arXiv:1703.07464).
    ///
    /// The form of ProxyNCA++ (Teh et al. 2020, arXiv:2004.01113) and of pytorch-metric-learning's `ProxyNCALoss`, whose
    /// denominator has the label's proxy too; the first paper leaves it out, and its loss has no lower bound. The squared distance of unit vectors
    /// is `2 - 2 cos θ`, so this is a softmax over `2 scale cos θ`. ProxyNCA++'s temperature of 1/9 is `scale = 9`. A zero vector has
    /// gradient 0.
    pub ProxyNca(
        /// Features.
        x: [N, D],
        /// Proxy of each class.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Factor of the squared distances.
        scale: scalar = 1.0 where scale > 0,
    ) {
        let z = 2 * scale * dot[D](unit[D](x), unit[D](w));
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// Proxy-Anchor: every proxy pulls the samples of its class and pushes all others, the hardest most (Kim et al. 2020,
    /// arXiv:2003.13911, eq. 4).
    ///
    /// One number for the batch: the mean of `ln(1 + Σ e^{-alpha (cos θ - margin)})` over the proxies with samples in it, each summed over
    /// the samples of its class, plus the mean of `ln(1 + Σ e^{alpha (cos θ + margin)})` over all proxies, summed over the samples of other
    /// classes. pytorch-metric-learning's `ProxyAnchorLoss`. A sum over no samples is 0, and so is its logarithm and the gradient. A zero vector has gradient 0.
    pub ProxyAnchor(
        /// Features.
        x: [N, D],
        /// Proxy of each class.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Sharpness.
        alpha: scalar = 32.0 where alpha > 0,
        /// Margin of the cosine.
        margin: scalar = 0.1,
    ) {
        let s = dot[D](unit[D](x), unit[D](w));
        let present = count[C, count[N, C == y] > 0];
        let pull = ln(1 + sum[N, C == y](exp(-alpha * (s - margin))));
        let push = ln(1 + sum[N, C != y](exp(alpha * (s + margin))));
        sum[C](pull) / max(1, present) + mean[C](push)
    }
}
