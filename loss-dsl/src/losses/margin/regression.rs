//! Regression of cosines on one-hot targets.

use crate::loss;

loss! {
    /// P2SGrad as a loss: `Σ_j (cos θ_j - [j = y])²`, whose slopes by the cosines are, up to a factor of 2, the ones that
    /// P2SGrad puts in the place of softmax's (Zhang et al., CVPR 2019, arXiv:1905.02479, eq. 11). No scale and no margin to choose.
    ///
    /// pytorch-metric-learning's `P2SGradLoss` takes the mean over the classes too, and so has 1/C of this value; it renormalises
    /// its centres in place and leaves the projection out of their gradient, which here is that of the formula. The gradient of
    /// a zero feature is 0.
    pub P2SGrad(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        sum[C](square(c - if C == y { 1 } else { 0 }))
    }
}
