//! Binary cross-entropy of logits.

use crate::loss;

loss! {
    /// Binary cross-entropy of logits, `-target ln σ(x) - (1 - target) ln σ(-x)`, one value per element: PyTorch's
    /// `BCEWithLogitsLoss`, Caffe's `SigmoidCrossEntropyLoss`.
    ///
    /// Any shape may be given where `[N]` is declared, `[N, C]` for several labels a sample. Targets may be soft.
    ///
    /// * PyTorch's mean is over all elements, the default. Its `weight` is
    ///   [`sample_weights`](crate::Options::sample_weights), one per element; its `pos_weight` is [`WeightedSigmoid`].
    /// * Caffe divides by the extent of the first axis, [`Normalizer::BatchSize`](crate::Normalizer), unless told otherwise
    ///   ("for historical reasons"); its `ignore_label` is a sample weight of 0 here, where targets are numbers.
    pub SigmoidCrossEntropy(
        /// Logits.
        x: [N],
        /// Probabilities aimed at.
        target: const [N] where 0 <= target && target <= 1,
    ) {
        let p = sigmoid(x);
        -target * ln(p) - (1 - target) * ln(1 - p)
    }
}

loss! {
    /// Binary cross-entropy of logits whose positives have a weight per class,
    /// `-w target ln σ(z) - (1 - target) ln σ(-z)`, one value per element: PyTorch's
    /// `BCEWithLogitsLoss(pos_weight=w)`.
    ///
    /// A weight above 1 raises recall, one below 1 precision; usual is the number of negatives over that of positives. The mean is over all
    /// elements, as PyTorch's.
    pub WeightedSigmoid(
        /// Logits.
        z: [N, C],
        /// Probabilities aimed at.
        target: const [N, C] where 0 <= target && target <= 1,
        /// Weight of the positives of each class.
        positive: const [C] where positive >= 0,
    ) {
        let p = sigmoid(z);
        -positive * target * ln(p) - (1 - target) * ln(1 - p)
    }
}

loss! {
    /// Binary cross-entropy of several labels a sample, the mean over the classes: PyTorch's `MultiLabelSoftMarginLoss`.
    ///
    /// The same total as [`SigmoidCrossEntropy`] of `[N, C]`, but one value per sample. PyTorch's weight per class is a
    /// [sample weight](crate::Options::sample_weights) of the class in [`SigmoidCrossEntropy`].
    pub MultiLabelSoftMargin(
        /// Logits.
        z: [N, C],
        /// Probabilities aimed at.
        target: const [N, C] where 0 <= target && target <= 1,
    ) {
        let p = sigmoid(z);
        -mean[C](target * ln(p) + (1 - target) * ln(1 - p))
    }
}
