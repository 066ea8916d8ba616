//! Negative log-likelihoods.

use crate::loss;

loss! {
    /// Negative log-likelihood of counts under a Poisson distribution of mean `exp(x)`: `exp(x) - t x`, without the constant `ln t!`.
    ///
    /// `torch.nn.PoissonNLLLoss()` = `PoissonNll::default()`. `log_input=False` = `PoissonNll { log_input: false, .. }`: then `x` is the mean
    /// itself and the value `x - t ln(x + eps)`. `full=True` = `full: true` adds Stirling's approximation of `ln t!`,
    /// `t ln t - t + ln(2π t) / 2`, where `t > 1`.
    // With `log_input` any x is good, so no range is declared; without it a mean below 0 has no likelihood.
    #[acknowledge(log_of_zero)]
    pub PoissonNll(
        /// Logarithms of the means, or the means.
        x: [N],
        /// Counts.
        t: const [N] where t >= 0,
        /// Added to a mean before its logarithm is taken.
        eps: scalar = 1e-8 where eps >= 0,
        /// Whether `x` is a logarithm.
        log_input: flag = true,
        /// Whether `ln t!` is added, approximately.
        full: flag = false,
    ) {
        let data = if log_input { exp(x) - t * x } else { x - t * ln(x + eps) };
        let stirling = t * ln(t) - t + ln(2 * pi * t) / 2;
        data + if full && t > 1 { stirling } else { 0 }
    }
}

loss! {
    /// Negative log-likelihood under a Gaussian whose mean and variance are predicted: `(ln v + (x - t)² / v) / 2` with
    /// `v = max(var, eps)` (Nix & Weigend 1994).
    ///
    /// The gradient is that of the value: 0 for a variance below `eps`. PyTorch hides the maximum from autograd, so that such a variance
    /// gets the slope that it would have at `eps`, and can grow again: `straight_through`.
    ///
    /// `torch.nn.GaussianNLLLoss(eps=e)` = `GaussianNll { eps: e, straight_through: true, .. }`; `full=True` = `full: true` adds
    /// `ln(2π) / 2`. Variances that several elements share are to be broadcast to their shape. [`GaussianNllLogVar`] needs no `eps`.
    pub GaussianNll(
        /// Means.
        x: [N],
        /// Targets.
        t: const [N],
        /// Variances.
        var: [N] where var >= 0,
        /// Least variance.
        eps: scalar = 1e-6 where eps > 0,
        /// Whether the constant `ln(2π) / 2` is added.
        full: flag = false,
        /// Whether a variance below `eps` has the gradient of `eps`.
        straight_through: flag = false,
    ) {
        let bounded = if var < eps { eps } else { var };
        let v = if straight_through { var + detach(bounded - var) } else { bounded };
        (ln(v) + square(x - t) / v) / 2 + if full { ln(2 * pi) / 2 } else { 0 }
    }
}

loss! {
    /// Negative log-likelihood under a Gaussian whose mean and *logarithm* of the variance are predicted:
    /// `(s + (x - t)² exp(-s)) / 2` (Kendall & Gal 2017, arXiv:1703.04977, eq. 8).
    ///
    /// Any `s` is a variance, so nothing needs to be bounded: the usual head for heteroscedastic regression. The constant `ln(2π) / 2` is left
    /// out.
    pub GaussianNllLogVar(
        /// Means.
        x: [N],
        /// Targets.
        t: const [N],
        /// Logarithms of the variances.
        log_var: [N],
    ) {
        (log_var + square(x - t) * exp(-log_var)) / 2
    }
}
