//! Distillation.

use crate::loss;

loss! {
    /// Knowledge distillation with hard labels (Hinton et al. 2015, arXiv:1503.02531, section 2):
    /// `alpha T² KL(q || p) + (1 - alpha) CE`, with `p` and `q` the softmax of student and teacher
    /// at temperature `T`.
    ///
    /// The factor T² keeps the gradient's size as T grows. Value and gradient both have it; Caffe_Long's
    /// layer has it in the gradient alone.
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
