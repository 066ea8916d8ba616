//! A head that weighs hard negatives more as training goes on.

use crate::loss;

loss! {
    /// CurricularFace: hard negatives weigh less than easy ones at the start of training and more later (Huang et al., CVPR 2020,
    /// arXiv:2004.00288, eq. 5-9).
    ///
    /// A negative is hard if its cosine is above `cos(θ_y + m)`; its logit is then `s c (t + c)`. `t` is the running mean of the cosines to
    /// the labels' centres, and is *state*: each evaluation moves it by this batch before it is used, as the official code does,
    /// and [`advance`](Self::advance) keeps the moved one.
    ///
    /// ```
    /// # use loss_dsl::losses::CurricularFace;
    /// # use ndarray::array;
    /// # let (x, w, y) = (array![[0.3, -1.2], [1.0, 0.2]], array![[0.1, 0.9], [-0.5, 0.3]], array![1, 0]);
    /// let mut loss = CurricularFace::default();
    /// // For each batch:
    /// let (value, gradients) = loss.value_and_grad(&x, &w, &y)?;
    /// loss.advance(&x, &w, &y)?;
    /// # assert!(value.total() > 0.0 && loss.t != 0.0);
    /// # Ok::<(), loss_dsl::Error>(())
    /// ```
    ///
    /// The label's logit is ArcFace's with the classic fall-back, as in the official code, `cos θ - m sin m` where `θ + m > π`. The paper
    /// starts `t` at 0. No gradient passes through `t`, nor through which negatives are hard: the gradient is the slope of the
    /// value at constant `t`, and finite everywhere, where the official one is NaN at `cos θ = ±1`.
    /// The logit of a negative jumps where it turns hard, unless `t + c = 1`.
    pub CurricularFace(
        /// Features.
        x: [N, D],
        /// Class centres.
        w: [C, D],
        /// Labels.
        y: [N] in C,
        /// Scale of the logits.
        s: scalar = 64.0 where s > 0,
        /// Margin in radians.
        m: scalar = 0.5,
        /// Share of a batch in the running mean.
        alpha: scalar = 0.01 where 0 <= alpha && alpha <= 1,
        /// Running mean of the cosines to the labels' centres, before this batch.
        t: scalar = 0.0,
    ) {
        let c = dot[D](unit[D](x), unit[D](w));
        let target = c[C = y];
        let now = detach(alpha * mean[N](target) + (1 - alpha) * t);
        next t = now;
        let turned = cos(acos(target) + m);
        let phi = if target > cos(pi - m) { turned } else { target - m * sin(m) };
        let negative = if c > turned { c * (now + c) } else { c };
        let z = s * (if C == y { phi } else { negative });
        lse[C](z) - z[C = y]
    }
}
