//! Divergence of distributions.

use crate::loss;

loss! {
    /// Kullback-Leibler divergence `Σ t (ln t - x)` of a target distribution from *log*-probabilities `x`, one value per sample.
    ///
    /// A class with the target 0 adds nothing, whatever its log-probability, −∞ included (PyTorch's value is NaN there). Nothing is
    /// normalised: `x` is the logarithm of a softmax, as [`log_softmax`](crate::loss) gives it. To start from logits, use
    /// [`Distillation`](crate::losses::Distillation) or a loss of your own.
    ///
    /// `torch.nn.KLDivLoss("batchmean")` = `KlDivergence::default()` with [`Normalizer::BatchSize`](crate::Normalizer::BatchSize):
    /// for `[N, C]` the default normaliser is the same, trailing axes `[N, C, T]` are summed. PyTorch's `"mean"` divides by the number of
    /// classes too, which is no divergence. `KLDivLoss(log_target=True)` = `KlDivergence { log_target: true, .. }`.
    pub KlDivergence(
        /// Log-probabilities.
        x: [N, C],
        /// Target probabilities, or their logarithms.
        t: const [N, C],
        /// Whether `t` holds logarithms.
        log_target: flag = false,
    ) {
        let p = if log_target { exp(t) } else { t };
        let log_p = if log_target { t } else { ln(t) };
        sum[C, p > 0](p * (log_p - x))
    }
}
