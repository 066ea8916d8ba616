//! Targets that are distributions.

use crate::loss;

loss! {
    /// Softmax cross-entropy against a distribution over the classes, `-Σ target ln p`.
    ///
    /// PyTorch's `CrossEntropyLoss` with probabilities for targets (its mean divides by the number of samples, as the default here does), timm's
    /// `SoftTargetCrossEntropy`: for mixup, CutMix, labels of several annotators. Nothing requires that the targets of a sample add up to 1; their
    /// sum is a weight of the sample, and the gradient `p Σ target - target` says so. The targets have no gradient.
    pub SoftTargetCrossEntropy(
        /// Logits.
        z: [N, C],
        /// What the probabilities should be.
        target: const [N, C],
    ) {
        -sum[C](target * log_softmax[C](z))
    }
}
