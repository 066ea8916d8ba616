//! Focal losses.

use crate::loss;

loss! {
    /// Binary focal loss on logits (Lin et al. 2017, arXiv:1708.02002, eq. 5), one value per element.
    ///
    /// RetinaNet divides the sum by the number of positive anchors: use
    /// [`Reduction::Sum`](crate::Reduction). A trailing class axis (`[N, C]` logits and targets, multi-label)
    /// may be given where `[N]` is declared.
    pub BinaryFocal(
        /// Logits.
        x: [N],
        /// Targets.
        t: mask [N],
        /// Weight of the positives; the negatives have `1 - alpha`.
        alpha: scalar = 0.25 where 0 <= alpha && alpha <= 1,
        /// Focusing exponent; 0 gives the weighted cross-entropy.
        gamma: scalar = 2.0 where gamma >= 0,
    ) {
        let towards = if t { x } else { -x };
        let p = sigmoid(towards);
        let a = if t { alpha } else { 1 - alpha };
        -a * pow(1 - p, gamma) * ln(p)
    }
}

loss! {
    /// Multi-class focal loss, `-(1 - p)^gamma ln p` for the probability `p` of the label
    /// (Lin et al. 2017, arXiv:1708.02002, eq. 4).
    ///
    /// The gradient tends to 0 as `p` tends to 1 for every `gamma >= 0`, where implementations from
    /// probabilities give NaN for `gamma < 1`.
    pub Focal(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Focusing exponent; 0 gives softmax cross-entropy.
        gamma: scalar = 2.0 where gamma >= 0,
    ) {
        let p = softmax[C](z)[C = y];
        -pow(1 - p, gamma) * ln(p)
    }
}
