//! Softmax cross-entropy.

use crate::loss;

loss! {
    /// Softmax cross-entropy, `-ln softmax(z)` at the label.
    ///
    /// Caffe's `SoftmaxWithLoss` and PyTorch's `CrossEntropyLoss`. Unlike Caffe's, the value is not
    /// capped at 87.3 (there, `-ln max(p, FLT_MIN)`), so value and gradient are the same function everywhere.
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
