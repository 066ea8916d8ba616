//! A head of one binary classifier a class.

use crate::loss;

loss! {
    /// SphereFace2: a binary classifier for each class, on the sphere, with a margin on both sides (Wen et al., ICLR 2022,
    /// arXiv:2108.01513, eq. 5-8; type C, additive margins). No softmax: classes do not compete, which suits
    /// verification, noisy labels, and classes spread over machines.
    ///
    /// With `g(c) = 2 ((c + 1)/2)^t - 1` for the cosine `c`,
    /// `(alpha sp(-(r (g(c_y) - m) + b)) + (1 - alpha) Σ_{j≠y} sp(r (g(c_j) + m) + b)) / r`, where sp is the softplus. The bias `b`
    /// learns; start it at [`initial_bias`](Self::initial_bias), which depends on the number of classes.
    ///
    /// The gradient is that of the formula. OpenSphere computes `g` without gradient and lets the slope of `c` through in its place, keeps
    /// the centres at length 1 by hand, and takes 50 C times the mean over samples and classes, which is 50 times this
    /// loss. For zero features all cosines are 0, and so are their gradients.
    pub SphereFace2(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        r: scalar = 40.0 where r > 0,
        /// Margin, to both sides.
        m: scalar = 0.4,
        /// Exponent that spreads the similarities; 1 leaves the cosine.
        t: scalar = 3.0 where t >= 1,
        /// Share of the label's own classifier, λ in the paper.
        alpha: scalar = 0.7 where 0 <= alpha && alpha <= 1,
        /// Bias of all classifiers.
        b: learn scalar = 0.0,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        // Of opposite vectors c may be rounded to less than -1, where a power of a fraction is NaN.
        let g = 2 * (if c <= -1 { 0 } else { pow((c + 1) / 2, t) }) - 1;
        let positive = softplus(-(r * (g[C = y] - m) + b));
        let negative = sum[C, C != y](softplus(r * (g + m) + b));
        (alpha * positive + (1 - alpha) * negative) / r
    }
}

impl SphereFace2 {
    /// The bias at which the slopes of the positive and of the negative classifiers by `b` are in balance while all cosines
    /// are 0, as OpenSphere starts it: with `z = alpha / ((1 - alpha) (classes - 1))`,
    /// `a_y = r g(0) - r m` and `a_n = r g(0) + r m`, the root `b` of `z σ(-a_y - b) = σ(a_n + b)`. The balance needs two classes at least
    /// and `0 < alpha < 1`; the result is not finite otherwise. With few classes OpenSphere's own formula cancels.
    pub fn initial_bias(&self, classes: usize) -> f64 {
        let z = self.alpha / ((1.0 - self.alpha) * (classes as f64 - 1.0));
        let g = 2.0 * 0.5_f64.powf(self.t) - 1.0;
        let (positive, negative) = (self.r * (g - self.m), self.r * (g + self.m));
        let root = ((1.0 - z).powi(2) + 4.0 * z * (positive - negative).exp()).sqrt();
        if z < 1.0 {
            (2.0 * z).ln() - negative - (1.0 - z + root).ln()
        } else {
            // 1 − z + root cancels, and with few classes nothing is left of it.
            ((z - 1.0 + root) / 2.0).ln() - positive
        }
    }
}
