//! Poly-1.

use crate::loss;

loss! {
    /// Poly-1: cross-entropy with its first Taylor coefficient changed, `-ln p + epsilon (1 - p)` for the probability `p` of the
    /// label (Leng et al. 2022, arXiv:2204.12511, eq. 5).
    ///
    /// A positive `epsilon` raises the gradient of samples that are already classified well, a negative one lowers it; 0 is
    /// cross-entropy. The default is that of the paper's ImageNet models, of optax and of mmsegmentation; several
    /// PyTorch implementations have 1.
    pub Poly1(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// What is added to the coefficient of `1 - p`.
        epsilon: scalar = 2.0 where epsilon >= -1,
    ) {
        let p = softmax[C](z)[C = y];
        -ln(p) + epsilon * (1 - p)
    }
}
