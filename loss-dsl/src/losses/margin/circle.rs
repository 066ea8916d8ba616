//! Circle loss on cosines to class centres.

use crate::loss;

loss! {
    /// Circle loss with class-level labels: each cosine at its own pace, the farther from its optimum the faster (Sun et al., CVPR 2020,
    /// arXiv:2002.10857, eq. 6-8, on a single positive similarity).
    ///
    /// `softplus(lse_{j≠y}(gamma α_j (c_j - m)) - gamma α_y (c_y - (1 - m)))` with `α_j = [c_j + m]₊` and `α_y = [1 + m - c_y]₊`,
    /// which is the cross-entropy of the logits `gamma α (c - Δ)`. The decision boundary is the circle
    /// `c_n² + (c_p - 1)² = 2 m²`.
    ///
    /// No gradient passes through the weights α, as in sec. 3.2 and in every implementation: so the gradient is not the
    /// slope of the value. Defaults are the paper's for faces; it has `gamma = 128` for
    /// re-identification, and `gamma = 80`, `m = 0.4` for retrieval.
    pub Circle(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale.
        gamma: scalar = 256.0 where gamma > 0,
        /// Relaxation: the radius of the boundary is `√2 m`.
        m: scalar = 0.25,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let own = c[C = y];
        let positive = detach(relu(1 + m - own)) * (own - (1 - m));
        let negative = detach(relu(c + m)) * (c - m);
        let z = gamma * (if C == y { positive } else { negative });
        lse[C](z) - z[C = y]
    }
}
