//! Softmax over cosines with a margin that is subtracted from the cosine.

use crate::loss;

loss! {
    /// CosFace: large margin cosine loss (Wang et al. 2018, arXiv:1801.09414, eq. 4): the label's logit is `s (cos θ − m)`, the
    /// others' `s cos θ`. The same as [`AmSoftmax`], with that paper's defaults.
    ///
    /// For embeddings that are compared by angle; the easiest of the margins to train with. How large s has to be and
    /// m can be says [`bounds`](crate::losses::bounds).
    ///
    /// **References.** pytorch-metric-learning's `CosFaceLoss` and OpenSphere have the same defaults; insightface takes m = 0.4.
    ///
    /// **Conventions.** The cosine with a zero vector is 0, and no gradient passes through it.
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
    /// **References.** The released Caffe layer applies the margin only where the cosine is above it, `cos θ > 0.35`: its logit
    /// jumps up by 0.35 s as the angle grows past that, and its backward pass does not know. Its annealed margin stays 0 unless
    /// `bias_min` and `bias_max` are set. This is the paper's formula.
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
