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
//! | [`LabelSmoothing`], [`WeightedLabelSmoothing`] | −(1 − ε) w_y ln p_y − ε/C Σ w ln p | Szegedy et al. 2016; PyTorch `CrossEntropyLoss(weight, label_smoothing)` |
//! | [`SoftTargetCrossEntropy`] | −Σ t ln p | PyTorch `CrossEntropyLoss` with probabilities |
//! | [`ZLossCrossEntropy`] | −ln p_y + λ lse(z)² | PaLM 2022, section 5 |
//! | [`SoftCappedCrossEntropy`] | −ln p_y of c·tanh(z / c) | Gemma 2 2024 |
//! | [`Poly1`] | −ln p_y + ε (1 − p_y) | Leng et al. 2022, eq. 5 |
//! | [`LogitAdjusted`] | −ln p_y of z + τ ln prior | Menon et al. 2021, eq. 10 |
//! | [`BalancedSoftmax`] | −ln(n_y e^{z_y} / Σ n e^z) | Ren et al. 2020, eq. 3 |
//! | [`Ldam`] | softmax over s(cos θ − Δ_y·\[y\]), Δ ∝ n^(−1/4) | Cao et al. 2019, eq. 13 |
//! | [`GeneralizedCrossEntropy`] | (1 − p_y^q) / q | Zhang & Sabuncu 2018, eq. 6 |
//! | [`SymmetricCrossEntropy`] | −α ln p_y − βA (1 − p_y) | Wang et al. 2019, eq. 7 |
//! | [`SigmoidCrossEntropy`], [`WeightedSigmoid`], [`MultiLabelSoftMargin`] | −w t ln σ(x) − (1 − t) ln σ(−x) | PyTorch `BCEWithLogitsLoss(pos_weight)`, `MultiLabelSoftMarginLoss` |
//! | [`Asymmetric`] | focal, negatives shifted by a clip | Ridnik et al. 2021, eq. 7 |
//! | [`HedSigmoid`] | class-balanced sigmoid cross-entropy of an image | Xie & Tu 2015, eq. 2 |
//! | [`BinaryFocal`] | −α_t (1 − p_t)^γ ln p_t | Lin et al. 2017, eq. 5 |
//! | [`Focal`], [`WeightedFocal`] | −w_y (1 − p_y)^γ ln p_y | Lin et al. 2017, eq. 4 |
//! | [`Poly1Focal`] | −(1 − p_y)^γ ln p_y + ε (1 − p_y)^(γ + 1) | Leng et al. 2022, eq. 7 |
//! | [`TemperatureSoftmax`] | −ln softmax(z / T)_y | Hinton et al. 2015, eq. 1 |
//! | [`Distillation`] | α T² KL(q‖p) + (1 − α) CE | Hinton et al. 2015 |
//! | [`CosFace`], [`AmSoftmax`] | softmax over s(cos θ − m·\[y\]) | Wang et al. 2018 |
//! | [`ArcFace`] | softmax over s·cos(θ + m·\[y\]) | Deng et al. 2019, eq. 3 |

#[cfg(feature = "distillation")]
mod distillation;
#[cfg(feature = "focal")]
mod focal;
#[cfg(feature = "imbalance")]
mod imbalance;
#[cfg(feature = "margin")]
mod margin;
#[cfg(feature = "robust")]
mod robust;
#[cfg(feature = "sigmoid")]
mod sigmoid;
#[cfg(feature = "softmax")]
mod softmax;

#[cfg(feature = "distillation")]
pub use distillation::*;
#[cfg(feature = "focal")]
pub use focal::*;
#[cfg(feature = "imbalance")]
pub use imbalance::*;
#[cfg(feature = "margin")]
pub use margin::*;
#[cfg(feature = "robust")]
pub use robust::*;
#[cfg(feature = "sigmoid")]
pub use sigmoid::*;
#[cfg(feature = "softmax")]
pub use softmax::*;
