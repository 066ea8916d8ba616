//! Heads whose margin depends on the length of the feature, which stands for the quality of the sample.

use crate::loss;

loss! {
    /// MagFace: an angular margin that grows with the length of the feature (Meng et al., CVPR 2021,
    /// arXiv:2103.06627, eq. 3 and sec. 3.2). Lengths become a measure of quality: easy samples are pushed to
    /// long features, hard ones to short.
    ///
    /// With `a` the length of `x` clamped to `[l_a, u_a]`, the margin is linear in it from `l_m` to `u_m`, and
    /// `lambda_g (1/a + a/u_a²)` is added; the gradient goes through the length in both. Outside of
    /// the interval the length has no gradient.
    ///
    /// Defaults are those of the official code: `easy` (its `MagLinear` has `easy_margin=True`), and
    /// the `lambda_g` of its training script (`trainer.py` alone has 20). `easy` off and `fall_back` on is its `easy_margin=False`; both off is
    /// the formula as printed. The paper's theory wants
    /// `lambda_g >= s (u_m - l_m) / (u_a - l_a) · u_a² l_a² / (u_a² - l_a²)`, 22.6 for the defaults. The gradient of the
    /// official code is NaN at `cos θ = ±1`; this one is finite everywhere, as for [`ArcFace`](crate::losses::ArcFace).
    // That `u_a` is above `l_a` is for the caller to see to: a declared range is between numbers.
    #[acknowledge(division_by_zero)]
    pub MagFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Smallest length that is told apart.
        l_a: scalar = 10.0 where l_a > 0,
        /// Largest length that is told apart, above `l_a`.
        u_a: scalar = 110.0 where u_a > 0,
        /// Margin at `l_a`, in radians.
        l_m: scalar = 0.45,
        /// Margin at `u_a`, in radians.
        u_m: scalar = 0.8,
        /// Weight of the regulariser.
        lambda_g: scalar = 35.0 where lambda_g >= 0,
        /// Whether `cos θ - m sin m` is taken beyond `θ + m = π`.
        fall_back: flag = true,
        /// Whether the margin is only applied where `cos θ > 0`.
        easy: flag = true,
    ) {
        let a = clamp(norm[D](x), l_a, u_a);
        let m = l_m + (u_m - l_m) / (u_a - l_a) * (a - l_a);
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let turned = cos(acos(target) + m);
        let phi = if easy {
            if target > 0 { turned } else { target }
        } else if fall_back {
            if target > cos(pi - m) { turned } else { target - m * sin(m) }
        } else {
            turned
        };
        let z = s * (if C == y { phi } else { c });
        lse[C](z) - z[C = y] + lambda_g * (1 / a + a / square(u_a))
    }
}

loss! {
    /// AdaFace: a margin that adapts to the quality of the sample, for which the length of its feature stands (Kim et al., CVPR 2022,
    /// arXiv:2204.00964, eq. 8-10): hard samples count where the length is above the batch's, easy ones where it is below.
    ///
    /// With `k` the length of `x`, standardised and times `h`, clamped to ±1, the label's logit is `s (cos(θ - m k) - m (1 + k))`; `k = -1` is
    /// ArcFace, 0 is CosFace. No gradient passes through the length.
    ///
    /// Mean and deviation are *state*: each evaluation moves them by the share `t_alpha` of this batch before they are used, as the
    /// official code does, and [`advance`](Self::advance) keeps the moved ones: call it after each step. The deviation is the one with
    /// `N - 1`; of a single sample it is 0, where the official code has NaN. The initial 20 and 100, the clamp of lengths to
    /// [0.001, 100] and the clamp of angles to `[eps, π - eps]` are the official code's, and so is `t_alpha = 0.01` (of its training
    /// script; the class itself has 1). That code also clamps all cosines to ±(1 - eps), which takes the gradient away from
    /// features within 2.6 degrees of a centre; this does not.
    pub AdaFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin.
        m: scalar = 0.4,
        /// Concentration: `k` is `h` at one deviation above the mean.
        h: scalar = 0.333,
        /// Share of a batch in the running statistics.
        t_alpha: scalar = 0.01 where 0 <= t_alpha && t_alpha <= 1,
        /// Added to the deviation; and the closest that an angle comes to 0 and π.
        eps: scalar = 1e-3 where eps > 0,
        /// Running mean of the lengths, before this batch.
        batch_mean: scalar = 20.0 where batch_mean >= 0,
        /// Running standard deviation of the lengths, before this batch.
        batch_std: scalar = 100.0 where batch_std >= 0,
    ) {
        let length = detach(clamp(norm[D](x), 0.001, 100));
        let centre = mean[N](length);
        let spread = if size[N] > 1 { sqrt(sum[N](square(length - centre)) / (size[N] - 1)) } else { 0 };
        let mu = t_alpha * centre + (1 - t_alpha) * batch_mean;
        let sigma = t_alpha * spread + (1 - t_alpha) * batch_std;
        next batch_mean = mu;
        next batch_std = sigma;
        let k = clamp(h * (length - mu) / (sigma + eps), -1, 1);
        let c = dot[D](unit[D](x), unit[D](w));
        let turned = cos(clamp(acos(c[C = y]) - m * k, eps, pi - eps));
        let z = s * (if C == y { turned - m * (1 + k) } else { c });
        lse[C](z) - z[C = y]
    }
}
