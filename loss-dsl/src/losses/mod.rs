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
//! | [`LSoftmax`], [`LSoftmax1`] … [`LSoftmax3`] | softmax over \|w\|\|x\|ψ(θ), ψ(θ) ≈ cos mθ | Liu et al. 2016, eq. 6 |
//! | [`ASoftmax`], [`ASoftmax1`] … [`ASoftmax3`] | the same with \|w\| = 1 (SphereFace) | Liu et al. 2017, eq. 7 |
//! | [`L2Softmax`] | softmax over α w·x̂ + b | Ranjan et al. 2017, eq. 3 |
//! | [`NormFace`] | softmax over s·cos θ | Wang et al. 2017 |
//! | [`CosFace`], [`AmSoftmax`] | softmax over s(cos θ − m·\[y\]) | Wang et al. 2018 |
//! | [`ArcFace`], [`ArcFaceContinuous`], [`ArcFaceEasy`], [`ArcFacePlain`], [`ArcFaceDetached`] | softmax over s·cos(θ + m·\[y\]) | Deng et al. 2019, eq. 3 |
//! | [`CombinedMargin`] | label's logit s(cos(m1 θ + m2) − m3) | Deng et al. 2019, eq. 4 |

#[cfg(feature = "distillation")]
mod distillation;
#[cfg(feature = "focal")]
mod focal;
#[cfg(feature = "margin")]
mod margin;
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
#[cfg(feature = "sigmoid")]
pub use sigmoid::*;
#[cfg(feature = "softmax")]
pub use softmax::*;
