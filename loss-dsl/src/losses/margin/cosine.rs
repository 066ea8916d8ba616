//! Softmax over cosines with a margin that is subtracted from the cosine.

use crate::loss;

loss! {
    /// CosFace: large margin cosine loss (Wang et al. 2018, arXiv:1801.09414, eq. 4). The same as
    /// [`AmSoftmax`], with that paper's defaults.
    pub CosFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin, subtracted from the cosine of the label's class.
        m: scalar = 0.35,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let z = s * (if C == y { c - m } else { c });
        lse[C](z) - z[C = y]
    }

    /// AM-Softmax: additive margin softmax (Wang et al. 2018, arXiv:1801.05599, eq. 6). The same as
    /// [`CosFace`], with that paper's defaults.
    ///
    /// The released Caffe layer applies the margin only where the cosine is above it; this is
    /// the paper's formula.
    pub AmSoftmax(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 30.0 where s > 0,
        /// Margin, subtracted from the cosine of the label's class.
        m: scalar = 0.35,
    ) {
        CosFace(x, w, y; s = s, m = m)
    }
}
