//! Generalised cross-entropy.

use crate::loss;

loss! {
    /// Generalised cross-entropy: `(1 - p^q) / q` for the probability `p` of the label (Zhang & Sabuncu 2018,
    /// arXiv:1805.07836, eq. 6).
    ///
    /// Between cross-entropy (`q` → 0) and the mean absolute error `1 - p` (`q` = 1): the gradient is cross-entropy's times `p^q`, so a
    /// sample that contradicts the model, as a wrong label does, counts for little. It also makes the start of training slow where there are
    /// many classes. Value and gradient are accurate as p → 0 and as p → 1, where `1 - p^q` as written cancels.
    pub GeneralizedCrossEntropy(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Robustness: near 0 as cross-entropy, 1 as the mean absolute error.
        q: scalar = 0.7 where 0 < q && q <= 1,
    ) {
        let p = softmax[C](z)[C = y];
        (1 - pow(p, q)) / q
    }
}
