//! Softmax with a margin that multiplies the angle to the label's centre.

use crate::loss;

loss! {
    /// L-Softmax: large-margin softmax (Liu et al. 2016, arXiv:1612.02295, eq. 4 to 6) with the margin m = 4.
    ///
    /// The angle θ to the label's centre counts m times: `ψ(θ) = (−1)^k cos mθ − 2k` on `kπ/m ≤ θ ≤ (k + 1)π/m` stands for
    /// its cosine. ψ falls from 1 to 1 − 2m without a jump or a kink. The lengths of feature and centre stay in the logits, and there is no
    /// bias.
    ///
    /// For features that shall be apart by angle while training starts from scratch. A large m does not
    /// converge on its own: begin with a large `lambda`, which blends in the plain inner product, and let it decay
    /// ([`LambdaAnnealing`](crate::losses::LambdaAnnealing)).
    ///
    /// [`LSoftmax1`], [`LSoftmax2`] and [`LSoftmax3`] are the other margins of the paper; any other is a loss of
    /// your own:
    ///
    /// ```
    /// use loss_dsl::{loss, losses::LSoftmax};
    ///
    /// loss! {
    ///     pub LSoftmax5(x: [N, D], w: [C, D], y: [N] in C, lambda: scalar = 0 where lambda >= 0) {
    ///         LSoftmax(x, w, y; lambda = lambda, m = 5)
    ///     }
    /// }
    /// ```
    ///
    /// **References.** The released Caffe layer computes this value and its gradient; it adds 1e-9 to the lengths and divides by
    /// `|x|` unguarded. It counts its iterations while it runs, so that a gradient checker sees a moving function.
    /// pytorch-metric-learning's `LargeMarginSoftmaxLoss` is `lambda = 0`, of an inverse cosine.
    ///
    /// **Conventions.** No inverse cosine is computed: cos mθ is a polynomial of cos θ, and the ends of the
    /// intervals are thresholds on it. The gradient is finite everywhere. A zero feature or centre has the
    /// angle π/2 to everything and receives nothing through its angle.
    pub LSoftmax(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine: the label's logit is `|x| |w| (λ cos θ + ψ(θ)) / (1 + λ)`.
        lambda: scalar = 0 where lambda >= 0,
        /// Margin: how many times the angle counts, from 1.
        m: static int = 4,
    ) {
        let z = dot[D](x, w);
        let theta = acos(dot[D](unit[D](x), unit[D](w[C = y])));
        let k = sum[j in 1..m](if theta >= j * pi / m { 1 } else { 0 });
        let psi = pow(-1, k) * cos(m * theta) - 2 * k;
        let length = norm[D](x) * norm[D](w[C = y]);
        let target = (lambda * z[C = y] + length * psi) / (1 + lambda);
        let logits = if C == y { target } else { z };
        lse[C](logits) - logits[C = y]
    }

    /// [`LSoftmax`] with m = 1: softmax cross-entropy of a linear layer without a bias.
    pub LSoftmax1(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
    ) {
        LSoftmax(x, w, y; m = 1)
    }

    /// [`LSoftmax`] with m = 2.
    pub LSoftmax2(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine in the label's logit.
        lambda: scalar = 0 where lambda >= 0,
    ) {
        LSoftmax(x, w, y; lambda = lambda, m = 2)
    }

    /// [`LSoftmax`] with m = 3.
    pub LSoftmax3(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine in the label's logit.
        lambda: scalar = 0 where lambda >= 0,
    ) {
        LSoftmax(x, w, y; lambda = lambda, m = 3)
    }
}

loss! {
    /// A-Softmax, the loss of SphereFace (Liu et al. 2017, arXiv:1704.08063, eq. 7) with the margin m = 4.
    ///
    /// [`LSoftmax`] with centres of length 1: the logits are `|x| cos θ`, the label's `|x| ψ(θ)`. The length of a feature
    /// stays and says how sure the network is of it; only directions of centres matter.
    ///
    /// Begin with a large `lambda` and let it decay, as for L-Softmax. [`ASoftmax1`], the paper's modified softmax,
    /// [`ASoftmax2`] and [`ASoftmax3`] are the other margins; any other is a loss of your own, like
    /// that for [`LSoftmax`].
    ///
    /// **References.** The released Caffe layer has this value, and other numbers for its gradient: it divides the slope of
    /// the label's logit in x by its length (by 15 at θ = 0.2, m = 4), and its slope in w
    /// knows of neither margin nor λ nor the length 1, which it restores by overwriting w. This is the gradient
    /// of the formula. pytorch-metric-learning's `SphereFaceLoss` is `lambda = 0`. OpenSphere's SphereFace normalises
    /// features too and passes no gradient through the margin.
    ///
    /// **Conventions.** As for [`LSoftmax`]; the gradient in w is at right angles to w and ∝ 1/|w|.
    pub ASoftmax(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine: the label's logit is `|x| (λ cos θ + ψ(θ)) / (1 + λ)`.
        lambda: scalar = 0 where lambda >= 0,
        /// Margin: how many times the angle counts, from 1.
        m: static int = 4,
    ) {
        let z = dot[D](x, unit[D](w));
        let theta = acos(dot[D](unit[D](x), unit[D](w[C = y])));
        let k = sum[j in 1..m](if theta >= j * pi / m { 1 } else { 0 });
        let psi = pow(-1, k) * cos(m * theta) - 2 * k;
        let target = (lambda * z[C = y] + norm[D](x) * psi) / (1 + lambda);
        let logits = if C == y { target } else { z };
        lse[C](logits) - logits[C = y]
    }

    /// [`ASoftmax`] with m = 1, the modified softmax of its paper (eq. 5): softmax cross-entropy with centres of length 1.
    pub ASoftmax1(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
    ) {
        ASoftmax(x, w, y; m = 1)
    }

    /// [`ASoftmax`] with m = 2.
    pub ASoftmax2(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine in the label's logit.
        lambda: scalar = 0 where lambda >= 0,
    ) {
        ASoftmax(x, w, y; lambda = lambda, m = 2)
    }

    /// [`ASoftmax`] with m = 3.
    pub ASoftmax3(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Weight of the plain cosine in the label's logit.
        lambda: scalar = 0 where lambda >= 0,
    ) {
        ASoftmax(x, w, y; lambda = lambda, m = 3)
    }
}
