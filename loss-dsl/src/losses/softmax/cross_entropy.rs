//! Softmax cross-entropy.

use crate::loss;

loss! {
    /// Softmax cross-entropy, `-ln softmax(z)` at the label: Caffe's `SoftmaxWithLoss`, PyTorch's `CrossEntropyLoss`.
    ///
    /// Logits are `[N, C]` or have further axes behind, `[N, C, H, W]` with labels `[N, H, W]`: the softmax axis is the second,
    /// which is Caffe's default `axis: 1`; for another axis pass a permuted view. What the references set, and what sets it here:
    ///
    /// | Caffe `loss_param` | PyTorch | here |
    /// | --- | --- | --- |
    /// | `ignore_label: k` (default: none) | `ignore_index=k` (default -100) | [`ignore_index`](crate::Options::ignore_index) `Some(k)`, default none |
    /// | `normalization: VALID` (default), `normalize: true` | `reduction="mean"` | the default: [`Normalizer::Valid`](crate::Normalizer) |
    /// | `FULL` | | [`Normalizer::Full`](crate::Normalizer) |
    /// | `BATCH_SIZE`, `normalize: false` | | [`Normalizer::BatchSize`](crate::Normalizer) |
    /// | `NONE` | `reduction="sum"` | [`Reduction::Sum`](crate::Reduction) or [`Normalizer::None`](crate::Normalizer) |
    /// | | `reduction="none"` | [`Reduction::None`](crate::Reduction) |
    /// | | `weight=w` | [`WeightedSoftmax`](crate::losses::WeightedSoftmax) |
    /// | | `label_smoothing=ε` | [`LabelSmoothing`](crate::losses::LabelSmoothing), [`WeightedLabelSmoothing`](crate::losses::WeightedLabelSmoothing) |
    /// | | probabilities for targets | [`SoftTargetCrossEntropy`](crate::losses::SoftTargetCrossEntropy) |
    /// | `loss_weight` | | the gradient that is passed to `pull_back` |
    ///
    /// An ignored position has neither loss nor gradient; its label's class stays in the softmax of all others. If all are ignored, value
    /// and gradient are 0; PyTorch gives NaN, Caffe divides by at least 1. A label that is out of range is an
    /// error; Caffe reads out of bounds there.
    ///
    /// Caffe computes `-ln max(p, FLT_MIN)`: it reports at most 87.3365 but keeps the gradient. Here the value is not capped, so value and
    /// gradient are one function. The gradient at the label is `-(1 - p)` with `1 - p` the share of the other classes, not `p - 1`,
    /// which in f32 is 0 from a gap of 17 on. A logit of -∞ rules its class out.
    pub SoftmaxCrossEntropy(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
    ) {
        lse[C](z) - z[C = y]
    }
}

loss! {
    /// Softmax cross-entropy at a temperature: of `z / temperature` (Hinton et al. 2015,
    /// arXiv:1503.02531, eq. 1). No factor of the temperature is put back.
    pub TemperatureSoftmax(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Temperature; above 1 softens, below 1 sharpens.
        temperature: scalar = 1.0 where temperature > 0,
    ) {
        let scaled = z / temperature;
        lse[C](scaled) - scaled[C = y]
    }
}
