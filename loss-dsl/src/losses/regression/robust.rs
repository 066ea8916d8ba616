//! Robust errors: outliers pull with a bounded or a vanishing force.
//!
//! Special cases of the general robust loss of Barron 2019 (arXiv:1701.03077), in kornia's scaling: near the target each is half the
//! squared error.

use crate::loss;

loss! {
    /// Charbonnier's loss (Charbonnier et al. 1994), `√((x - t)² + eps²) - eps`: an absolute error with a round bottom of radius `eps`.
    ///
    /// Super-resolution and optical flow use a small `eps`, and often leave out the constant `- eps`.
    ///
    /// `kornia.losses.charbonnier_loss(x, t)` = `Charbonnier::default()`.
    pub Charbonnier(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
        /// Radius of the bottom.
        eps: scalar = 1.0 where eps > 0,
    ) {
        sqrt(square(x - t) + square(eps)) - eps
    }
}

loss! {
    /// Cauchy's (Lorentzian) loss, `ln(1 + (x - t)² / 2)`: the pull of an outlier decays as 1 / distance.
    ///
    /// `kornia.losses.cauchy_loss(x, t)` = `Cauchy::default()`. Scale the inputs to move the bend, which is at an error of about 1.
    pub Cauchy(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        ln(1 + square(x - t) / 2)
    }
}

loss! {
    /// Geman-McClure loss (Geman & McClure 1985), `2 d² / (d² + 4)` for `d = x - t`: at most 2, so that an outlier counts once and
    /// hardly pulls.
    ///
    /// `kornia.losses.geman_mcclure_loss(x, t)` = `GemanMcClure::default()`.
    pub GemanMcClure(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        let square_error = square(x - t);
        2 * square_error / (square_error + 4)
    }
}

loss! {
    /// Welsch's (Leclerc's) loss, `1 - exp(-(x - t)² / 2)`: at most 1, the pull of an outlier vanishes exponentially.
    ///
    /// `kornia.losses.welsch_loss(x, t)` = `Welsch::default()`.
    pub Welsch(
        /// Predictions.
        x: [N],
        /// Targets.
        t: const [N],
    ) {
        1 - exp(-square(x - t) / 2)
    }
}
