//! Margins that depend on the frequency of the label.

use crate::loss;

loss! {
    /// Label-distribution-aware margin: softmax cross-entropy over `s (z - Δ [C = y])` with the margin `Δ_j` proportional to
    /// `n_j^{-1/4}`, largest for the rarest class, where it is `max_margin` (Cao et al. 2019, arXiv:1906.07413, eq. 10 and 13).
    ///
    /// As in the authors' code (LDAM-DRW) the logits `z` are cosines: features and class weights are normalised before, and `s`
    /// scales what comes after the margin. The paper's formula has no scale. For the deferred re-weighting give the class weights
    /// of the labels as [`sample_weights`](crate::Options::sample_weights) with
    /// [`Normalizer::WeightedMean`](crate::Normalizer), which is the code's `cross_entropy(…, weight)`.
    pub Ldam(
        /// Cosines between features and class weights.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Samples of each class in training.
        counts: const [C] where counts > 0,
        /// Scale of the logits.
        s: scalar = 30.0 where s > 0,
        /// Margin of the rarest class.
        max_margin: scalar = 0.5 where max_margin >= 0,
    ) {
        let rarity = pow(counts, -0.25);
        let margin = max_margin * rarity / max[C](rarity);
        let logits = s * if C == y { z - margin } else { z };
        lse[C](logits) - logits[C = y]
    }
}
