//! Symmetric cross-entropy.

use crate::loss;

loss! {
    /// Symmetric cross-entropy: `alpha CE + beta RCE` (Wang et al. 2019, arXiv:1908.06112, eq. 7), for training with wrong labels.
    ///
    /// The reverse cross-entropy `-Σ p ln q` of the one-hot target `q` needs a value for `ln 0`, `log_zero`; it is then
    /// `-log_zero (1 - p_y)`, a multiple of the mean absolute error.
    ///
    /// The paper has `log_zero` -4. The authors' code clips the one-hot target at 1e-4 instead, which is `log_zero`
    /// -9.2103 (ln 1e-4), and also clips `p` at 1e-7, without effect but in the last digits. `alpha` 0.1 and `beta` 1 are for 10
    /// classes; for CIFAR-100 the paper has `alpha` 6 and `beta` 0.1.
    pub SymmetricCrossEntropy(
        /// Logits.
        z: [N, C],
        /// Labels.
        y: [N] in C,
        /// Factor of cross-entropy.
        alpha: scalar = 0.1 where alpha >= 0,
        /// Factor of reverse cross-entropy.
        beta: scalar = 1.0 where beta >= 0,
        /// What stands for ln 0.
        log_zero: scalar = -4.0 where log_zero <= 0,
    ) {
        let p = softmax[C](z)[C = y];
        -alpha * ln(p) - beta * log_zero * (1 - p)
    }
}
