//! Overlaps that weigh false alarms and misses differently.

use crate::loss;

loss! {
    /// Tversky loss, `1 - TP / (TP + alpha FP + beta FN)` with soft counts of `p = sigmoid(x)` (Salehi et al. 2017, arXiv:1706.05721,
    /// eq. 3): one value per image and class.
    ///
    /// A larger `beta` punishes misses, for more recall on small lesions. `alpha = beta = 0.5` is Dice, 1 is [`Jaccard`]. `smooth` is added to
    /// numerator and denominator. For images without the class see [`Dice`](super::Dice).
    ///
    /// `optax.losses.dice_loss(x, t, alpha=a, beta=b)` = `Tversky { alpha: a, beta: b, .. }`. segmentation_models_pytorch's `TverskyLoss` adds
    /// up over the batch, and leaves out classes without pixels: the same for batches of one image that has all classes.
    pub Tversky(
        /// Logits.
        x: [N, C, H, W],
        /// Which pixels the class covers.
        t: mask [N, C, H, W],
        /// Weight of false positives.
        alpha: scalar = 0.5 where alpha >= 0,
        /// Weight of false negatives.
        beta: scalar = 0.5 where beta >= 0,
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
    ) {
        let p = sigmoid(x);
        let hit = sum[H, W, t](p);
        let missed = alpha * sum[H, W, !t](p) + beta * sum[H, W, t](1 - p);
        1 - (hit + smooth) / (hit + missed + smooth)
    }
}

loss! {
    /// Focal Tversky loss, [`Tversky`] to the power `gamma` (Abraham & Khan 2019, arXiv:1810.07842, eq. 4): one value per image and
    /// class.
    ///
    /// An exponent below 1 keeps the gradient of nearly perfect masks up, one above 1 leaves them alone. The paper writes `1/γ` with
    /// γ = 4/3, which is the default `gamma = 0.75` here; its weights of misses and false alarms are 0.7 and 0.3. The gradient at a perfect
    /// mask is 0, its limit, where implementations from scores have an infinite power of 0.
    ///
    /// segmentation_models_pytorch's `TverskyLoss(gamma=g)` raises the mean over the classes to the power, not each class.
    pub FocalTversky(
        /// Logits.
        x: [N, C, H, W],
        /// Which pixels the class covers.
        t: mask [N, C, H, W],
        /// Weight of false positives.
        alpha: scalar = 0.3 where alpha >= 0,
        /// Weight of false negatives.
        beta: scalar = 0.7 where beta >= 0,
        /// Exponent.
        gamma: scalar = 0.75 where gamma > 0,
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
    ) {
        let p = sigmoid(x);
        let hit = sum[H, W, t](p);
        let missed = alpha * sum[H, W, !t](p) + beta * sum[H, W, t](1 - p);
        let loss = 1 - (hit + smooth) / (hit + missed + smooth);
        if loss == 0 { 0 } else { pow(loss, gamma) }
    }
}

loss! {
    /// Jaccard or intersection-over-union loss, `1 - (|p∩t| + smooth) / (|p∪t| + smooth)` with `p = sigmoid(x)` (Rahman & Wang 2016): one
    /// value per image and class.
    ///
    /// The soft form of the IoU that segmentations are judged by; like [`Dice`](super::Dice), but a bad mask weighs more. For images without
    /// the class see there.
    ///
    /// segmentation_models_pytorch's `JaccardLoss(smooth=s)` adds up over the batch, and leaves out classes without pixels: for
    /// batches of one image that has all classes it is `Jaccard { smooth: s, .. }`. MONAI's `DiceLoss(jaccard=True)` doubles numerator and denominator.
    pub Jaccard(
        /// Logits.
        x: [N, C, H, W],
        /// Which pixels the class covers.
        t: mask [N, C, H, W],
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
    ) {
        let p = sigmoid(x);
        let hit = sum[H, W, t](p);
        let missed = sum[H, W](if t { 1 - p } else { p });
        1 - (hit + smooth) / (hit + missed + smooth)
    }
}
