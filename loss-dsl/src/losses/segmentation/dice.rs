//! Dice losses of independent binary masks.

use crate::loss;

loss! {
    /// Dice loss, `1 - (2 |p∩t| + smooth) / (|p| + |t| + smooth)` with `p = sigmoid(x)` (Milletari et al. 2016, arXiv:1606.04797,
    /// section 3): one value per image and class.
    ///
    /// For regions that are small beside the image, where cross-entropy is dominated by the background. Often added to it.
    /// The value is computed as what is missed over the total, so that a score near 1 does not cancel.
    ///
    /// A class that an image does not have has the value `|p| / (|p| + smooth)`: a large `smooth` teaches the network to leave it out, a
    /// small one makes it nearly 1 without a gradient. With `skip_empty` it is 0.
    ///
    /// MONAI's `DiceLoss(sigmoid=True, smooth_nr=s, smooth_dr=s)` = `Dice { smooth: s, .. }`; its `squared_pred=True` = `squared: true`,
    /// the denominator `Σp² + Σt²` of the paper. `optax.losses.dice_loss(x, t)` = `Dice { smooth: 2.0, .. }`: its `smooth` is half of this
    /// one. segmentation_models_pytorch adds up over the batch: [`BatchDice`].
    pub Dice(
        /// Logits.
        x: [N, C, H, W],
        /// Which pixels the class covers.
        t: mask [N, C, H, W],
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
        /// Whether the value is `-ln` of the score rather than 1 less it.
        log_loss: flag = false,
        /// Whether the denominator adds up squares.
        squared: flag = false,
        /// Whether a class without pixels has the value 0.
        skip_empty: flag = false,
    ) {
        let p = sigmoid(x);
        let miss = if t { 1 - p } else { p };
        let hit = sum[H, W, t](p);
        let missed = sum[H, W](if squared { square(miss) } else { miss });
        let score = (2 * hit + smooth) / (2 * hit + missed + smooth);
        let loss = if log_loss { -ln(score) } else { 1 - score };
        if skip_empty && count[H, W, t] == 0 { 0 } else { loss }
    }
}

loss! {
    /// Dice loss over a whole batch: the sums of [`Dice`] run over its images too, one value per class.
    ///
    /// Small regions weigh less than with [`Dice`], and a batch has a class more often than an image does. The value is not a sum
    /// over images: gradients of parts of a batch do not add up to that of the batch.
    ///
    /// segmentation_models_pytorch's `DiceLoss("multilabel", smooth=s)` = `BatchDice { smooth: s, skip_empty: true, .. }`. For its default
    /// `smooth=0.0` take `smooth: 1e-7`, which is its bound `eps` of the denominator. With `log_loss=True` it also bounds the score, where
    /// its gradient is 0.
    pub BatchDice(
        /// Logits.
        x: [N, C, H, W],
        /// Which pixels the class covers.
        t: mask [N, C, H, W],
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
        /// Whether the value is `-ln` of the score rather than 1 less it.
        log_loss: flag = false,
        /// Whether a class without pixels has the value 0.
        skip_empty: flag = false,
    ) {
        let p = sigmoid(x);
        let hit = sum[N, H, W, t](p);
        let missed = sum[N, H, W](if t { 1 - p } else { p });
        let score = (2 * hit + smooth) / (2 * hit + missed + smooth);
        let loss = if log_loss { -ln(score) } else { 1 - score };
        if skip_empty && count[N, H, W, t] == 0 { 0 } else { loss }
    }
}
