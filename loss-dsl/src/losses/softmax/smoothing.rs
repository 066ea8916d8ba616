//! Label smoothing.

use crate::loss;

loss! {
    /// Softmax cross-entropy with label smoothing, `-(1 - epsilon) ln p_y - epsilon / C Σ ln p` (Szegedy et al. 2016,
    /// arXiv:1512.00567, section 7).
    ///
    /// PyTorch's `CrossEntropyLoss(label_smoothing=epsilon)`: the label keeps `1 - epsilon + epsilon / C`. (Some
    /// implementations give the others `epsilon / (C - 1)` instead, which is an `epsilon` larger by C / (C - 1) here.)
    /// `epsilon` 0 is cross-entropy, 1 has no use for the label.
    ///
    /// Against overconfidence in classification; a teacher trained with it distils worse (Müller et al. 2019).
    pub LabelSmoothing(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// The mass that is spread evenly over all classes.
        epsilon: scalar = 0.1 where 0 <= epsilon && epsilon <= 1,
    ) {
        let log_p = log_softmax[C](z);
        -(1 - epsilon) * log_p[C = y] - epsilon * mean[C](log_p)
    }
}

loss! {
    /// Label smoothing with a weight per class, `-(1 - epsilon) w_y ln p_y - epsilon / C Σ w ln p`: PyTorch's
    /// `CrossEntropyLoss(weight=w, label_smoothing=epsilon)`.
    ///
    /// Every class has its own weight in the smoothed part, so a sample whose label weighs 0 still has a loss. For PyTorch's mean, which
    /// divides by the sum of `w_y`, set [`Normalizer::WeightedMean`](crate::Normalizer); the default divides by the number
    /// of samples.
    pub WeightedLabelSmoothing(
        /// Logits.
        z: [N, C],
        /// Weight of each class.
        weight: const [C] where weight >= 0,
        /// Labels.
        y: [N] in C,
        /// The mass that is spread evenly over all classes.
        epsilon: scalar = 0.1 where 0 <= epsilon && epsilon <= 1,
    ) {
        denominator weight[C = y];
        let log_p = log_softmax[C](z);
        -(1 - epsilon) * weight[C = y] * log_p[C = y] - epsilon * mean[C](weight * log_p)
    }
}
