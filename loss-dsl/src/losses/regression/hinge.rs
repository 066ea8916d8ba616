//! Hinge losses: binary classification by the sign of a score.

use crate::loss;

loss! {
    /// Hinge loss, `max(0, 1 - y x)` with `y` = ±1 (Cortes & Vapnik 1995): the support vector machine's.
    ///
    /// The slope at the corner `y x = 1` is taken as 0.
    ///
    /// `optax.losses.hinge_loss(x, y)` and Keras's `hinge` = `Hinge::default()` with the mask `y > 0`.
    pub Hinge(
        /// Scores.
        x: [N],
        /// Whether the sample is positive, `y` = 1 rather than -1.
        positive: mask [N],
    ) {
        let agreement = if positive { x } else { -x };
        if agreement >= 1 { 0 } else { 1 - agreement }
    }
}

loss! {
    /// Squared hinge loss, `max(0, 1 - y x)²` with `y` = ±1: smooth at the corner.
    ///
    /// Keras's `squared_hinge` = `SquaredHinge::default()` with the mask `y > 0`.
    pub SquaredHinge(
        /// Scores.
        x: [N],
        /// Whether the sample is positive, `y` = 1 rather than -1.
        positive: mask [N],
    ) {
        let agreement = if positive { x } else { -x };
        if agreement >= 1 { 0 } else { square(1 - agreement) }
    }
}
