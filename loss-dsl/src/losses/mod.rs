//! The library of losses, all written with [`loss!`](crate::loss): the compiler that users have is
//! the one that made these.
//!
//! Families are features of the crate, all on by default: with `default-features = false` name those that you use.
//!
//! Softmax cross-entropy (feature `softmax`)
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
//! | [`TemperatureSoftmax`] | −ln softmax(z / T)_y | Hinton et al. 2015, eq. 1 |
//!
//! Classes of very different frequency (feature `imbalance`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`LogitAdjusted`] | −ln p_y of z + τ ln prior | Menon et al. 2021, eq. 10 |
//! | [`BalancedSoftmax`] | −ln(n_y e^{z_y} / Σ n e^z) | Ren et al. 2020, eq. 3 |
//! | [`Ldam`] | softmax over s(cos θ − Δ_y·\[y\]), Δ ∝ n^(−1/4) | Cao et al. 2019, eq. 13 |
//!
//! Wrong labels (feature `robust`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`GeneralizedCrossEntropy`] | (1 − p_y^q) / q | Zhang & Sabuncu 2018, eq. 6 |
//! | [`SymmetricCrossEntropy`] | −α ln p_y − βA (1 − p_y) | Wang et al. 2019, eq. 7 |
//!
//! Focal (feature `focal`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`BinaryFocal`] | −α_t (1 − p_t)^γ ln p_t | Lin et al. 2017, eq. 5 |
//! | [`Focal`], [`WeightedFocal`] | −w_y (1 − p_y)^γ ln p_y | Lin et al. 2017, eq. 4 |
//! | [`Poly1Focal`] | −(1 − p_y)^γ ln p_y + ε (1 − p_y)^(γ + 1) | Leng et al. 2022, eq. 7 |
//!
//! Sigmoid cross-entropy, many labels (feature `sigmoid`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`SigmoidCrossEntropy`], [`WeightedSigmoid`], [`MultiLabelSoftMargin`] | −w t ln σ(x) − (1 − t) ln σ(−x) | PyTorch `BCEWithLogitsLoss(pos_weight)`, `MultiLabelSoftMarginLoss` |
//! | [`Asymmetric`] | focal, negatives shifted by a clip | Ridnik et al. 2021, eq. 7 |
//! | [`HedSigmoid`] | class-balanced sigmoid cross-entropy of an image | Xie & Tu 2015, eq. 2 |
//!
//! Distillation (feature `distillation`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`Distillation`] | α T² KL(q‖p) + (1 − α) CE | Hinton et al. 2015 |
//!
//! Heads: margins and scales on angles (feature `margin`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`LSoftmax`], [`LSoftmax1`], [`LSoftmax2`], [`LSoftmax3`] | softmax over \|w\|\|x\|ψ(θ), ψ(θ) ≈ cos mθ | Liu et al. 2016, eq. 6 |
//! | [`ASoftmax`], [`ASoftmax1`], [`ASoftmax2`], [`ASoftmax3`] | the same with \|w\| = 1 (SphereFace) | Liu et al. 2017, eq. 7 |
//! | [`L2Softmax`] | softmax over α w·x̂ + b | Ranjan et al. 2017, eq. 3 |
//! | [`NormFace`] | softmax over s·cos θ | Wang et al. 2017 |
//! | [`CosFace`], [`AmSoftmax`] | softmax over s(cos θ − m·\[y\]) | Wang et al. 2018 |
//! | [`ArcFace`], [`ArcFaceContinuous`], [`ArcFaceEasy`], [`ArcFacePlain`], [`ArcFaceDetached`] | softmax over s·cos(θ + m·\[y\]) | Deng et al. 2019, eq. 3 |
//! | [`CombinedMargin`] | label's logit s(cos(m1 θ + m2) − m3) | Deng et al. 2019, eq. 4 |
//! | [`SubCenterArcFace`] | ArcFace on the largest of K cosines a class | Deng et al. 2020 |
//! | [`SoftTriple`] | softmax over soft maxima of K cosines a class | Qian et al. 2019, eq. 6-8 |
//! | [`MagFace`] | ArcFace with m(‖x‖), and λ g(‖x‖) | Meng et al. 2021, eq. 3 |
//! | [`AdaFace`] | softmax over s(cos(θ − m k\[y\]) − m(1 + k)\[y\]), k from ‖x‖ within the batch | Kim et al. 2022, eq. 8-10 |
//! | [`CurricularFace`] | ArcFace with c(t + c) for hard negatives | Huang et al. 2020, eq. 5-9 |
//! | [`SphereFace2`] | binary classifiers over 2((cos θ + 1)/2)^t − 1 ∓ m | Wen et al. 2022, eq. 5-8 |
//! | [`Circle`] | softmax over γ \[O − cos θ\]₊ (cos θ − Δ) | Sun et al. 2020, eq. 6-8 |
//! | [`P2SGrad`] | Σ_j (cos θ_j − \[j = y\])² | Zhang et al. 2019, eq. 11 |
//! | [`CenterLoss`], [`CenterSoftmax`] | ‖x − c_y‖² / 2, alone and beside cross-entropy | Wen et al. 2016, eq. 2, 5 |
//!
//! Pairs, and a batch against itself (feature `pairs`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`Contrastive`], [`BatchContrastive`] | d² of pairs that match, max(0, m − d)² of others | Hadsell et al. 2006, eq. 4 |
//! | [`TripletMargin`], [`BatchAllTriplet`], [`BatchHardTriplet`] | max(0, d(a, p) − d(a, n) + m) | PyTorch `TripletMarginLoss`; Hermans et al. 2017 |
//! | [`InfoNce`], [`Clip`] | softmax over the similarities to all partners of a batch | van den Oord et al. 2018; Radford et al. 2021 |
//! | [`SigLip`] | sigmoid of the similarity of every pair | Zhai et al. 2023, eq. 1 |
//! | [`NPairs`] | ln(1 + Σ exp(a·p_m − a·p)) | Sohn 2016, eq. 5 |
//! | [`NtXent`], [`SupCon`] | softmax over a batch with partners | Chen et al. 2020, eq. 1; Khosla et al. 2020, eq. 2 |
//! | [`MultiSimilarity`], [`PairCircle`] | log-sum-exp of weighted similarities | Wang et al. 2019; Sun et al. 2020 |
//! | [`ProxyNca`], [`ProxyAnchor`] | the same against a proxy a class | Movshovitz-Attias et al. 2017; Kim et al. 2020, eq. 4 |
//!
//! Segmentation (feature `segmentation`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`Dice`], [`BatchDice`], [`SoftmaxDice`] | 1 − 2 \|p∩t\| / (\|p\| + \|t\|) | Milletari et al. 2016 |
//! | [`GeneralizedDice`] | the same, classes weighted by 1 / \|t\|² | Sudre et al. 2017 |
//! | [`Tversky`], [`FocalTversky`] | (1 − TP / (TP + α FP + β FN))^γ | Salehi et al. 2017; Abraham & Khan 2019 |
//! | [`Jaccard`] | 1 − \|p∩t\| / \|p∪t\| | Rahman & Wang 2016 |
//!
//! Regression (feature `regression`)
//!
//! | loss | formula per sample | source |
//! | --- | --- | --- |
//! | [`MeanSquaredError`], [`MeanAbsoluteError`] | (x − t)², \|x − t\| | PyTorch `MSELoss`, `L1Loss` |
//! | [`Huber`], [`SmoothL1`] | a parabola, a line beyond δ | Huber 1964; Girshick 2015, eq. 3 |
//! | [`LogCosh`] | ln cosh(x − t) | optax `log_cosh` |
//! | [`Quantile`], [`Expectile`] | τ or 1 − τ times \|x − t\|, (x − t)² | Koenker & Bassett 1978; Newey & Powell 1987 |
//! | [`Charbonnier`], [`Cauchy`], [`GemanMcClure`], [`Welsch`] | robust errors | kornia |
//! | [`PoissonNll`] | eˣ − t x | PyTorch `PoissonNLLLoss` |
//! | [`GaussianNll`], [`GaussianNllLogVar`] | ½ (ln v + (x − t)² / v) | PyTorch `GaussianNLLLoss`; Kendall & Gal 2017, eq. 8 |
//! | [`KlDivergence`] | Σ t (ln t − x) | PyTorch `KLDivLoss` |
//! | [`CosineEmbedding`] | 1 − cos, or max(0, cos − m) | PyTorch `CosineEmbeddingLoss` |
//! | [`Hinge`], [`SquaredHinge`] | max(0, 1 − y x) | Cortes & Vapnik 1995 |

#[cfg(feature = "distillation")]
mod distillation;
#[cfg(feature = "focal")]
mod focal;
#[cfg(feature = "imbalance")]
mod imbalance;
#[cfg(feature = "margin")]
mod margin;
#[cfg(feature = "pairs")]
mod pairs;
#[cfg(feature = "regression")]
mod regression;
#[cfg(feature = "robust")]
mod robust;
#[cfg(feature = "segmentation")]
mod segmentation;
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
#[cfg(feature = "pairs")]
pub use pairs::*;
#[cfg(feature = "regression")]
pub use regression::*;
#[cfg(feature = "robust")]
pub use robust::*;
#[cfg(feature = "segmentation")]
pub use segmentation::*;
#[cfg(feature = "sigmoid")]
pub use sigmoid::*;
#[cfg(feature = "softmax")]
pub use softmax::*;
