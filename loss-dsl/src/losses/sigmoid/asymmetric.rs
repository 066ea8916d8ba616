//! Asymmetric loss of several labels a sample.

use crate::loss;

loss! {
    /// Asymmetric loss (ASL, Ridnik et al. 2021, arXiv:2009.14119, eq. 7), for several labels a sample of which few are
    /// positive; one value per element.
    ///
    /// Positives: `-(1 - p)^gamma_pos ln p`. Negatives: `-m^gamma_neg ln(1 - m)` with the shifted probability
    /// `m = max(p - clip, 0)`, so that a negative below `clip` counts for nothing; at `p = clip` the slope is 0.
    ///
    /// The authors' code sums over all elements: [`Reduction::Sum`](crate::Reduction). There both logarithms are clamped at
    /// 1e-8, so positives beyond x = -18.4 have no gradient; here they have. `detached` is its
    /// `disable_torch_grad_focal_loss`: the focusing factors are constants for the gradient (its `AsymmetricLoss` has that on, its
    /// `AsymmetricLossOptimized` and timm have it off). All exponents and `clip` 0 give [`SigmoidCrossEntropy`](crate::losses::SigmoidCrossEntropy);
    /// equal exponents and `clip` 0 the focal loss.
    pub Asymmetric(
        /// Logits.
        x: [N],
        /// Whether the label is present.
        t: mask [N],
        /// Focusing exponent of the positives.
        gamma_pos: scalar = 1.0 where gamma_pos >= 0,
        /// Focusing exponent of the negatives.
        gamma_neg: scalar = 4.0 where gamma_neg >= 0,
        /// The probability below which a negative does not count.
        clip: scalar = 0.05 where 0 <= clip && clip < 1,
        /// Whether no gradient passes through the focusing factors.
        detached: flag = false,
    ) {
        fn focus(u) {
            if detached { detach(u) } else { u }
        }
        let p = sigmoid(x);
        let m = p - clip;
        // Without a clip m and 1 − m may underflow.
        let miss = if clip > 0 {
            -focus(pow(m, gamma_neg)) * ln(1 - m)
        } else {
            -focus(pow(p, gamma_neg)) * ln(1 - p)
        };
        if t {
            -focus(pow(1 - p, gamma_pos)) * ln(p)
        } else if m <= 0 {
            0
        } else {
            miss
        }
    }
}
