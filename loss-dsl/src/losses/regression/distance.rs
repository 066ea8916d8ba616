//! Distances between prediction and target.

use crate::loss;

loss! {
    /// Squared error, `(x - t)²`, without a factor ½.
    ///
    /// `torch.nn.MSELoss()` = `MeanSquaredError::default()`. optax's `l2_loss` and Caffe's `EuclideanLoss` are half of it.
    pub MeanSquaredError(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        square(x - t)
    }
}

loss! {
    /// Absolute error, `|x - t|`, with the slope 0 at `x = t`.
    ///
    /// `torch.nn.L1Loss()` = `MeanAbsoluteError::default()`.
    pub MeanAbsoluteError(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        abs(x - t)
    }
}

loss! {
    /// Huber's loss (Huber 1964, eq. 4.2): half the squared error within `delta` of the target, a straight line of slope `delta` beyond.
    ///
    /// For targets with outliers, which pull with a bounded force. Value and slope are continuous at `delta`. It is `delta` times
    /// [`SmoothL1`] with `beta = delta`.
    ///
    /// `torch.nn.HuberLoss(delta=d)` = `Huber { delta: d, .. }`.
    pub Huber(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
        /// Where the line begins.
        delta: scalar = 1.0 where delta > 0,
    ) {
        let d = abs(x - t);
        if d <= delta { square(d) / 2 } else { delta * (d - delta / 2) }
    }
}

loss! {
    /// Smooth absolute error (Girshick 2015, arXiv:1504.08083, eq. 3): `|x - t| - beta / 2` beyond `beta`, a parabola within.
    ///
    /// The box regression of Fast R-CNN. `beta = 0` is [`MeanAbsoluteError`].
    ///
    /// `torch.nn.SmoothL1Loss(beta=b)` = `SmoothL1 { beta: b, .. }`.
    pub SmoothL1(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
        /// Half the width of the parabola.
        beta: scalar = 1.0 where beta >= 0,
    ) {
        let d = abs(x - t);
        if d < beta { square(d) / (2 * beta) } else { d - beta / 2 }
    }
}

loss! {
    /// Log-cosh, `ln(cosh(x - t))`: a parabola near the target, the absolute error less `ln 2` far from it, smooth in between.
    ///
    /// Its gradient is `tanh(x - t)`. Neither overflows for large errors, nor cancels for small ones, where
    /// `d + softplus(-2 d) - ln 2` (optax, Keras) has no correct digit below `d = 1e-4` in f32.
    ///
    /// `optax.losses.log_cosh(x, t)` = `LogCosh::default()`; PyTorch has none.
    pub LogCosh(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        ln(cosh(x - t))
    }
}
