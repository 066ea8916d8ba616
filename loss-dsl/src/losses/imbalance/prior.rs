//! The frequency of a class added to its logit.

use crate::loss;

loss! {
    /// Logit-adjusted softmax cross-entropy: of `z + tau ln prior` (Menon et al. 2021, arXiv:2007.07314, eq. 10).
    ///
    /// Trained with the adjustment and used without it, the classifier is consistent for the balanced error. The prior need
    /// not be normalised: a factor common to all classes changes nothing, so class counts will do. `tau` 0 is cross-entropy,
    /// `tau` 1 with counts is [`BalancedSoftmax`].
    pub LogitAdjusted(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Frequency of each class in training.
        prior: const [C] where prior > 0,
        /// Strength of the adjustment.
        tau: scalar = 1.0,
    ) {
        let adjusted = z + tau * ln(prior);
        lse[C](adjusted) - adjusted[C = y]
    }
}

loss! {
    /// Balanced softmax: `-ln(n_y e^{z_y} / Σ n e^z)` with `n` the class counts (Ren et al. 2020, arXiv:2007.10740,
    /// eq. 3 and 4; `BalancedMetaSoftmax`).
    ///
    /// For training on long-tailed data and testing on balanced data: at test time use `z` alone. A class with count 0 is ruled out: it
    /// has probability and gradient 0. A label of such a class has an infinite loss, as in the authors' code.
    // A count of 0 is −∞ among the logits, which rules the class out; only a label of such a class has an infinite loss.
    #[acknowledge(log_of_zero)]
    pub BalancedSoftmax(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Samples of each class in training.
        counts: const [C] where counts >= 0,
    ) {
        -ln(counts[C = y] * exp(z[C = y]) / sum[C](counts * exp(z)))
    }
}
