//! Focal losses.

use crate::loss;

loss! {
    /// Binary focal loss on logits (Lin et al. 2017, arXiv:1708.02002, eq. 5), one value per element:
    /// `-α_t (1 - p_t)^gamma ln p_t`.
    ///
    /// Any shape may be given where `[N]` is declared, `[N, C]` for several labels a sample. The gradient passes
    /// through the focusing factor, as in torchvision; some repositories detach it under the same name.
    ///
    /// * torchvision's `sigmoid_focal_loss` is this; its `alpha < 0`, no weighting, is `alpha` ½ and twice the value.
    /// * RetinaNet divides the sum by the number of positive anchors: use [`Reduction::Sum`](crate::Reduction) and divide.
    /// * `gamma` 0 is cross-entropy, weighted with `alpha` and `1 - alpha`, exactly.
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
    /// probabilities give NaN for `gamma < 1`. `gamma` 0 is softmax cross-entropy exactly. For an α per class see
    /// [`WeightedFocal`]. Caffe's `FocalLoss` layers have an `alpha` too; in the original it has no effect on the CPU, where its line is
    /// commented out.
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

loss! {
    /// Multi-class focal loss with a weight per class, `-w_y (1 - p)^gamma ln p`: the α-balanced focal loss of several classes
    /// (Lin et al. 2017, arXiv:1708.02002, eq. 5, with an α per class).
    ///
    /// The default mean divides by the number of samples; [`Normalizer::WeightedMean`](crate::Normalizer) divides by the
    /// sum of their weights, as PyTorch's weighted cross-entropy does.
    pub WeightedFocal(
        /// Logits.
        z: [N, C],
        /// Weight of each class, the paper's α.
        weight: const [C] where weight >= 0,
        /// Labels.
        y: [N] in C,
        /// Focusing exponent; 0 gives weighted softmax cross-entropy.
        gamma: scalar = 2.0 where gamma >= 0,
    ) {
        weight weight[C = y];
        let p = softmax[C](z)[C = y];
        -pow(1 - p, gamma) * ln(p)
    }
}

loss! {
    /// Poly-1 of the multi-class focal loss: `-(1 - p)^gamma ln p + epsilon (1 - p)^(gamma + 1)` for the probability `p` of the
    /// label (Leng et al. 2022, arXiv:2204.12511, eq. 7).
    ///
    /// `gamma` 0 is Poly-1, `epsilon` 0 the focal loss. The paper lowers the first coefficient for detection (`epsilon` -1).
    pub Poly1Focal(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Focusing exponent.
        gamma: scalar = 2.0 where gamma >= 0,
        /// What is added to the coefficient of `(1 - p)^(gamma + 1)`.
        epsilon: scalar = 1.0 where epsilon >= -1,
    ) {
        let p = softmax[C](z)[C = y];
        -pow(1 - p, gamma) * ln(p) + epsilon * pow(1 - p, gamma + 1)
    }
}
