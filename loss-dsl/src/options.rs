//! Choices common to every loss, made at run time.
//!
//! With ℓₙ the loss of position n (a declared weight already multiplied in), uₙ its sample weight
//! and V the positions that are not ignored,
//!
//! | reduction | value |
//! | --- | --- |
//! | `Mean` | Σ_{n∈V} uₙ ℓₙ / Z |
//! | `Sum` | Σ_{n∈V} uₙ ℓₙ |
//! | `None` | uₙ ℓₙ for each n, 0 where ignored |
//!
//! and Z is the [`Normalizer`]. A loss whose definition is already a scalar is not reduced.

use ndarray::ArrayD;

/// How losses of samples are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Sum over the [`Normalizer`].
    #[default]
    Mean,
    /// Plain sum.
    Sum,
    /// One value per sample.
    None,
}

/// The denominator Z of [`Reduction::Mean`]: Caffe's four and PyTorch's weighted mean.
///
/// Where Z is 0 (no samples, all ignored, all weights 0), value and gradients are 0; PyTorch gives NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalizer {
    /// Number of positions that are not ignored.
    #[default]
    Valid,
    /// Number of all positions, ignored ones included.
    Full,
    /// Extent of the first array axis of the batch, whatever the number of positions in a sample.
    BatchSize,
    /// 1.
    None,
    /// Σ_{n∈V} uₙ wₙ, where wₙ is the weight that the definition declares (`weight …;`, 1 if none).
    WeightedMean,
}

impl Normalizer {
    /// All of them, for tables and tests.
    pub const ALL: [Normalizer; 5] = [
        Normalizer::Valid,
        Normalizer::Full,
        Normalizer::BatchSize,
        Normalizer::None,
        Normalizer::WeightedMean,
    ];
}

/// Choices common to every loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// How losses of samples are joined. Default: mean.
    pub reduction: Reduction,
    /// What a mean divides by. Default: positions that are not ignored.
    pub normalizer: Normalizer,
    /// Label value that marks positions to leave out. It need not be a position on the label's axis.
    /// Default: none.
    pub ignore_index: Option<i64>,
    /// Weight of each sample, in the shape of the per-sample losses. Default: all 1.
    pub sample_weights: Option<ArrayD<f64>>,
    /// How many classes a head takes at once, which decides its memory: with at least as many as there are, the logits are
    /// kept and every product is computed once; with fewer, memory does not grow with the number of classes and the logits
    /// are computed a second time for the gradient. Results differ by rounding. Of no effect where nothing is
    /// multiplied. Default: by size.
    pub tile: Option<usize>,
}
