//! The library of losses, all written with [`loss!`](crate::loss): the compiler that users have is
//! the one that made these.
//!
//! Families are features of the crate, all on by default: with `default-features = false` name those that you use.
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`SoftmaxCrossEntropy`] | −ln p_y | Caffe `SoftmaxWithLoss`, PyTorch `CrossEntropyLoss` |
//! | [`WeightedSoftmax`] | −w_y ln p_y | PyTorch `CrossEntropyLoss(weight)` |
//! | [`AdaptiveWeightedSoftmax`] | −w ln p_y, w from the image's own label counts | Caffe_Long |
//! | [`HedSigmoid`] | class-balanced sigmoid cross-entropy of an image | Xie & Tu 2015, eq. 2 |
//! | [`BinaryFocal`] | −α_t (1 − p_t)^γ ln p_t | Lin et al. 2017, eq. 5 |
//! | [`Focal`] | −(1 − p_y)^γ ln p_y | Lin et al. 2017, eq. 4 |
//! | [`TemperatureSoftmax`] | −ln softmax(z / T)_y | Hinton et al. 2015, eq. 1 |
//! | [`Distillation`] | α T² KL(q‖p) + (1 − α) CE | Hinton et al. 2015 |
//! | [`CosFace`], [`AmSoftmax`] | softmax over s(cos θ − m·\[y\]) | Wang et al. 2018 |
//! | [`ArcFace`] | softmax over s·cos(θ + m·\[y\]) | Deng et al. 2019, eq. 3 |
//! | [`Contrastive`], [`BatchContrastive`] | d² of pairs that match, max(0, m − d)² of others | Hadsell et al. 2006, eq. 4 |
//! | [`TripletMargin`], [`BatchAllTriplet`], [`BatchHardTriplet`] | max(0, d(a, p) − d(a, n) + m) | PyTorch `TripletMarginLoss`; Hermans et al. 2017 |
//! | [`InfoNce`], [`Clip`] | softmax over the similarities to all partners of a batch | van den Oord et al. 2018; Radford et al. 2021 |
//! | [`SigLip`] | sigmoid of the similarity of every pair | Zhai et al. 2023, eq. 1 |
//! | [`NPairs`] | ln(1 + Σ exp(a·p_m − a·p)) | Sohn 2016, eq. 5 |
//! | [`NtXent`], [`SupCon`] | softmax over a batch with partners | Chen et al. 2020, eq. 1; Khosla et al. 2020, eq. 2 |
//! | [`MultiSimilarity`], [`PairCircle`] | log-sum-exp of weighted similarities | Wang et al. 2019; Sun et al. 2020 |
//! | [`ProxyNca`], [`ProxyAnchor`] | the same against a proxy a class | Movshovitz-Attias et al. 2017; Kim et al. 2020, eq. 4 |

#[cfg(feature = "distillation")]
mod distillation;
#[cfg(feature = "focal")]
mod focal;
#[cfg(feature = "margin")]
mod margin;
#[cfg(feature = "pairs")]
mod pairs;
#[cfg(feature = "sigmoid")]
mod sigmoid;
#[cfg(feature = "softmax")]
mod softmax;

#[cfg(feature = "distillation")]
pub use distillation::*;
#[cfg(feature = "focal")]
pub use focal::*;
#[cfg(feature = "margin")]
pub use margin::*;
#[cfg(feature = "pairs")]
pub use pairs::*;
#[cfg(feature = "sigmoid")]
pub use sigmoid::*;
#[cfg(feature = "softmax")]
pub use softmax::*;
