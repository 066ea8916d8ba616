//! Softmax over normalised features without a margin.

use crate::loss;

loss! {
    /// L2-constrained softmax (Ranjan et al. 2017, arXiv:1703.09507, eq. 3): every feature is given the length α before the last
    /// linear layer, `z = α w·x̂ + b`.
    ///
    /// For face verification and other tasks where features are compared by angle: easy and hard samples get
    /// the same length, so that the hard ones are not neglected. α may be learnt, but learning makes it ever
    /// larger; to keep it fixed, ignore `gradients.alpha`, and choose it above
    /// [`bounds::l2_softmax_alpha`](crate::losses::bounds::l2_softmax_alpha). The default is above that bound for up to 980,000 classes at
    /// p = 0.9.
    ///
    /// **References.** In Caffe: an L2 normalisation and a `Scale` layer before the inner product. The normalisation layers in
    /// circulation add 1e-7, 1e-6 or 1e-12 to the squared length (one of them another number on the CPU than on the GPU);
    /// this adds nothing.
    ///
    /// **Conventions.** A zero feature has the logits b, and receives no gradient.
    pub L2Softmax(
        /// Features.
        x: [N, D],
        /// Weights of the linear layer.
        w: [C, D],
        /// Biases of the linear layer.
        b: [C],
        /// Labels.
        y: [N] in C,
        /// Length of the features.
        alpha: learn scalar = 16.0 where alpha > 0,
    ) {
        let z = alpha * dot[D](unit[D](x), w) + b;
        lse[C](z) - z[C = y]
    }

    /// NormFace (Wang et al. 2017, arXiv:1704.06369): softmax over cosines times a scale, `z = s cos θ`.
    ///
    /// The base of all losses with a margin on the cosine or the angle, which it is with the margin 0. Without the scale
    /// (s = 1) the loss could not fall far: [`bounds::norm_face_loss`](crate::losses::bounds::norm_face_loss) is what is left when all
    /// classes are as far apart as they can be. To keep the scale fixed, ignore `gradients.s`.
    ///
    /// **References.** The release learns s from 10 and clamps it to 0.01 and above, in the forward pass only. It overwrites w
    /// by its unit vectors and differentiates as if they were free; this is the gradient of the
    /// formula, at right angles to w. pytorch-metric-learning's `NormalizedSoftmaxLoss(temperature)` has s = 1 / temperature,
    /// fixed.
    ///
    /// **Conventions.** The cosine with a zero vector is 0, and no gradient passes through it.
    pub NormFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the cosines.
        s: learn scalar = 10.0 where s > 0,
    ) {
        let z = s * dot[D](unit[D](x), unit[D](w));
        lse[C](z) - z[C = y]
    }
}
