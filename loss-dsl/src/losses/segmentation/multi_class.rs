//! Dice losses of classes that exclude each other.

use crate::loss;

loss! {
    /// Multi-class Dice loss: [`Dice`](super::Dice) of `p = softmax(z)` with one-hot labels, its mean over the classes. One value per image.
    ///
    /// With `skip_empty` a class that the image does not have adds 0 to the mean, which is still over all classes.
    ///
    /// MONAI's `DiceLoss(softmax=True, to_onehot_y=True, smooth_nr=s, smooth_dr=s)` = `SoftmaxDice { smooth: s, .. }`. For batches of one
    /// image, segmentation_models_pytorch's `DiceLoss("multiclass", smooth=s)` = `SoftmaxDice { smooth: s, skip_empty: true, .. }`.
    pub SoftmaxDice(
        /// Logits.
        z: [N, C, H, W],
        /// Labels.
        y: [N, H, W] in C,
        /// Added to numerator and denominator.
        smooth: scalar = 1.0 where smooth > 0,
        /// Whether a class without pixels adds 0.
        skip_empty: flag = false,
    ) {
        let p = softmax[C](z);
        let hit = sum[H, W, C == y](p);
        let missed = sum[H, W](if C == y { 1 - p } else { p });
        let loss = 1 - (2 * hit + smooth) / (2 * hit + missed + smooth);
        mean[C](if skip_empty && count[H, W, C == y] == 0 { 0 } else { loss })
    }
}

loss! {
    /// Generalised Dice loss, `1 - 2 Σ w |p∩t| / Σ w (|p| + |t|)` over the classes with `p = softmax(z)` and weights `w = 1 / |t|²` (Sudre et al.
    /// 2017, arXiv:1707.03237, section 2.1). One value per image.
    ///
    /// Regions of all sizes weigh alike. A class that the image does not have gets the largest weight of those that it has, as in
    /// MONAI and NiftyNet (its own would be infinite).
    ///
    /// MONAI's `GeneralizedDiceLoss(softmax=True, to_onehot_y=True, smooth_nr=0, smooth_dr=0)` = `GeneralizedDice::default()`. With MONAI's default of
    /// 1e-5 the loss depends on the size of the image, as the weights do.
    // An image has a pixel and the pixel has a class, so that a weight is positive; no interval shows it.
    #[acknowledge(division_by_zero)]
    pub GeneralizedDice(
        /// Logits.
        z: [N, C, H, W],
        /// Labels.
        y: [N, H, W] in C,
    ) {
        let p = softmax[C](z);
        let pixels = count[H, W, C == y];
        let inverse = if pixels > 0 { 1 / square(pixels) } else { 0 };
        let w = if pixels > 0 { inverse } else { max[C](inverse) };
        let hit = sum[C](w * sum[H, W, C == y](p));
        let missed = sum[C](w * sum[H, W](if C == y { 1 - p } else { p }));
        1 - 2 * hit / (2 * hit + missed)
    }
}
