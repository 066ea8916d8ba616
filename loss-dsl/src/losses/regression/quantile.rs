//! Errors that weigh differently above and below the target.

use crate::loss;

loss! {
    /// Quantile or pinball loss (Koenker & Bassett 1978): the error times `tau` where the prediction is too low, times `1 - tau` where
    /// it is too high.
    ///
    /// Its minimiser is the `tau`-quantile of the targets. The slope at `x = t` is taken as 0, a subgradient for every `tau`;
    /// at `tau = 0.5` this is half of [`MeanAbsoluteError`].
    ///
    /// `sklearn.metrics.mean_pinball_loss(t, x, alpha=a)` = `Quantile { tau: a, .. }`; PyTorch has none.
    pub Quantile(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
        /// The quantile.
        tau: scalar = 0.5 where 0 < tau && tau < 1,
    ) {
        abs(x - t) * if x < t { tau } else { 1 - tau }
    }
}

loss! {
    /// Expectile loss (Newey & Powell 1987): the squared error times `tau` where the prediction is too low, times `1 - tau` where it is
    /// too high.
    ///
    /// The smooth relative of [`Quantile`]; the value function of implicit Q-learning (Kostrikov et al. 2021, arXiv:2110.06169, eq. 5)
    /// is fitted with it. At `tau = 0.5` it is half of [`MeanSquaredError`].
    pub Expectile(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
        /// The expectile.
        tau: scalar = 0.5 where 0 < tau && tau < 1,
    ) {
        square(x - t) * if x < t { tau } else { 1 - tau }
    }
}
