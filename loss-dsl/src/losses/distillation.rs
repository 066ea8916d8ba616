//! Distillation.

use crate::loss;

loss! {
    /// Knowledge distillation with hard labels (Hinton et al. 2015, arXiv:1503.02531, section 2):
    /// `alpha T² KL(q || p) + (1 - alpha) CE`, with `p` and `q` the softmax of student and teacher
    /// at temperature `T`.
    ///
    /// The factor T² keeps the gradient's size as T grows: the soft part has the slope `alpha T (p - q)`, which tends to `alpha (z - v) / C`
    /// for logits `z`, `v` of mean 0 (the paper's eq. 4). Value and gradient both have it. `alpha` 1 has no use for the labels.
    ///
    /// * PyTorch: `alpha T² kl_div(log_softmax(z / T), softmax(v / T), reduction="batchmean") + (1 - alpha) cross_entropy(z, y)` is
    ///   the default mean. `kl_div`'s `reduction="mean"` divides by N·C, a soft part that is C times too small.
    /// * Caffe_Long's `KnowledgeDistillation` is the soft part (`alpha` 1), with T² in the gradient alone: its value is this one over T², and
    ///   a gradient check fails for T other than 1. Its `ignore_label` is [`ignore_index`](crate::Options::ignore_index), its
    ///   normalisers are [`Normalizer`](crate::Normalizer)'s.
    /// * Implementations without the factor T²: scale `alpha` and `1 - alpha` accordingly.
    ///
    /// The terms `q (ln q - ln p)` are written in logarithms: they are 0 where `q` underflows, and finite where `p` does.
    pub Distillation(
        /// Logits of the student.
        z: [N, C],
        /// Logits of the teacher.
        teacher: const [N, C],
        /// Labels.
        y: [N] in C,
        /// Temperature of the soft part.
        temperature: scalar = 4.0 where temperature > 0,
        /// Share of the soft part.
        alpha: scalar = 0.9 where 0 <= alpha && alpha <= 1,
    ) {
        let log_p = log_softmax[C](z / temperature);
        let log_q = log_softmax[C](teacher / temperature);
        let soft = sum[C](exp(log_q) * (log_q - log_p));
        let hard = lse[C](z) - z[C = y];
        alpha * temperature * temperature * soft + (1 - alpha) * hard
    }
}
