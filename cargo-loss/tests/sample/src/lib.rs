//! A user's losses.

mod ranking;

use loss_dsl::loss;

loss! {
    /// Softmax cross-entropy, as a textbook writes it.
    ///
    /// With a temperature.
    pub CrossEntropy(
        /// Logits.
        z: [N, C],
        y: [N] in C,
        t: scalar = 1.0 where t > 0,
    ) {
        let p = exp(z / t) / sum[C](exp(z / t));
        -ln(p[C = y])
    }
}

/// A loss may be declared where it is used.
pub fn inside() {
    loss! {
        /// The library's focal loss beside a penalty.
        Calm(z: [N, C], y: [N] in C, lambda: learn scalar = 0.1) {
            Focal(z, y; gamma = 3) + lambda * mean[C](square(z))
        }
    }
}
