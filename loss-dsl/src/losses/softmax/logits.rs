//! Softmax cross-entropy of logits that are kept from growing.

use crate::loss;

loss! {
    /// Softmax cross-entropy with the z-loss: `CE + lambda ln² Z`, where `ln Z = lse(z)` (PaLM, Chowdhery et al. 2022,
    /// arXiv:2204.02311, section 5).
    ///
    /// Cross-entropy does not see a shift that all logits share; the z-loss draws `ln Z` towards 0, which keeps logits within
    /// the range of low-precision floats. For language models and large heads. `lambda` 0 is plain cross-entropy.
    ///
    /// Both terms share reduction, weights and ignored labels here. Liger's kernel divides its z-loss by the number of labels
    /// that count even where the cross-entropy is divided by the sum of class weights.
    pub ZLossCrossEntropy(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Strength of the z-loss.
        lambda: scalar = 1e-4 where lambda >= 0,
    ) {
        let log_z = lse[C](z);
        log_z - z[C = y] + lambda * square(log_z)
    }
}

loss! {
    /// Softmax cross-entropy of logits that are softly capped: of `cap · tanh(z / cap)` (Gemma 2, 2024, arXiv:2408.00118,
    /// section 2).
    ///
    /// Capped logits stay between `-cap` and `cap`, so the loss is at most `2 cap + ln C`. The gradient has the factor
    /// `1 - tanh²(z / cap)`: it is 0 to the last bit where a logit is ten times the cap. Gemma 2 caps its final logits at
    /// 30.
    pub SoftCappedCrossEntropy(
        /// Logits before the cap.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// The bound of the logits.
        cap: scalar = 30.0 where cap > 0,
    ) {
        let capped = cap * tanh(z / cap);
        lse[C](capped) - capped[C = y]
    }
}
