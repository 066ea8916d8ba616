//! The built-in losses: their sources as text, and a test for each of them.

use std::path::Path;

use loss_codegen::support::Diagnostics;
use loss_codegen::syntax;
use proc_macro2::TokenStream;

use super::any::AnyLoss;

/// The inside of every `loss! { … }` of `loss-dsl/src/losses`, in order of file and line.
///
/// # Panics
/// If a file does not read.
pub fn blocks() -> Vec<TokenStream> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    syntax::blocks_below(&folder).expect("the library's sources")
}

/// Passes the names of all built-in losses, sorted, to another macro: `$macro! { $argument adaptive_weighted_softmax
/// AdaptiveWeightedSoftmax, … }`, each in snake case (its test, its file of goldens) and as the type.
#[macro_export]
macro_rules! built_in_losses {
    ($macro:path $(, $argument:ident)?) => {
        $macro! {
            $($argument)?
            a_softmax ASoftmax,
            a_softmax1 ASoftmax1,
            a_softmax2 ASoftmax2,
            a_softmax3 ASoftmax3,
            ada_face AdaFace,
            adaptive_weighted_softmax AdaptiveWeightedSoftmax,
            am_softmax AmSoftmax,
            arc_face ArcFace,
            arc_face_continuous ArcFaceContinuous,
            arc_face_detached ArcFaceDetached,
            arc_face_easy ArcFaceEasy,
            arc_face_plain ArcFacePlain,
            asymmetric Asymmetric,
            balanced_softmax BalancedSoftmax,
            batch_all_triplet BatchAllTriplet,
            batch_contrastive BatchContrastive,
            batch_dice BatchDice,
            batch_hard_triplet BatchHardTriplet,
            binary_focal BinaryFocal,
            cauchy Cauchy,
            center_loss CenterLoss,
            center_softmax CenterSoftmax,
            charbonnier Charbonnier,
            circle Circle,
            clip Clip,
            combined_margin CombinedMargin,
            contrastive Contrastive,
            cos_face CosFace,
            cosine_embedding CosineEmbedding,
            curricular_face CurricularFace,
            dice Dice,
            distillation Distillation,
            expectile Expectile,
            focal Focal,
            focal_tversky FocalTversky,
            gaussian_nll GaussianNll,
            gaussian_nll_log_var GaussianNllLogVar,
            geman_mc_clure GemanMcClure,
            generalized_cross_entropy GeneralizedCrossEntropy,
            generalized_dice GeneralizedDice,
            hed_sigmoid HedSigmoid,
            hinge Hinge,
            huber Huber,
            info_nce InfoNce,
            jaccard Jaccard,
            kl_divergence KlDivergence,
            l2_softmax L2Softmax,
            l_softmax LSoftmax,
            l_softmax1 LSoftmax1,
            l_softmax2 LSoftmax2,
            l_softmax3 LSoftmax3,
            label_smoothing LabelSmoothing,
            ldam Ldam,
            log_cosh LogCosh,
            logit_adjusted LogitAdjusted,
            mag_face MagFace,
            mean_absolute_error MeanAbsoluteError,
            mean_squared_error MeanSquaredError,
            multi_label_soft_margin MultiLabelSoftMargin,
            multi_similarity MultiSimilarity,
            n_pairs NPairs,
            norm_face NormFace,
            nt_xent NtXent,
            p2_s_grad P2SGrad,
            pair_circle PairCircle,
            poisson_nll PoissonNll,
            poly1 Poly1,
            poly1_focal Poly1Focal,
            proxy_anchor ProxyAnchor,
            proxy_nca ProxyNca,
            quantile Quantile,
            sig_lip SigLip,
            sigmoid_cross_entropy SigmoidCrossEntropy,
            smooth_l1 SmoothL1,
            soft_capped_cross_entropy SoftCappedCrossEntropy,
            soft_target_cross_entropy SoftTargetCrossEntropy,
            soft_triple SoftTriple,
            softmax_cross_entropy SoftmaxCrossEntropy,
            softmax_dice SoftmaxDice,
            sphere_face2 SphereFace2,
            squared_hinge SquaredHinge,
            sub_center_arc_face SubCenterArcFace,
            sup_con SupCon,
            symmetric_cross_entropy SymmetricCrossEntropy,
            temperature_softmax TemperatureSoftmax,
            triplet_margin TripletMargin,
            tversky Tversky,
            weighted_focal WeightedFocal,
            weighted_label_smoothing WeightedLabelSmoothing,
            weighted_sigmoid WeightedSigmoid,
            weighted_softmax WeightedSoftmax,
            welsch Welsch,
            z_loss_cross_entropy ZLossCrossEntropy,
        }
    };
}

/// `$check(&subject)` as a test for every built-in loss, in a module `built_in`.
#[macro_export]
macro_rules! for_each_built_in {
    ($check:ident) => {
        $crate::built_in_losses! { $crate::for_each_built_in, $check }
    };
    ($check:ident $($test:ident $loss:ident,)*) => {
        mod built_in {
            $(
                #[test]
                fn $test() {
                    let subject = $crate::support::subject::Subject::built_in(stringify!($loss));
                    super::$check(&subject);
                }
            )*

            #[test]
            fn none_is_missing() {
                let names = [$(stringify!($loss)),*];
                assert_eq!(names, *$crate::support::library::names());
            }
        }
    };
}

macro_rules! table {
    ($($file:ident $loss:ident,)*) => {
        /// The built-in loss `name` at its defaults.
        ///
        /// The kernels of the whole library are compiled for this table, here and nowhere else.
        ///
        /// # Panics
        /// If there is none.
        pub fn loss(name: &str) -> AnyLoss {
            match name {
                $(stringify!($loss) => AnyLoss::of::<loss_dsl::losses::$loss>(),)*
                _ => panic!("no built-in loss {name}"),
            }
        }

        /// The file of goldens of each built-in loss, by name.
        pub const FILES: &[(&str, &str)] = &[$((stringify!($loss), stringify!($file))),*];
    };
}
crate::built_in_losses!(table);

/// The names of all built-in losses, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<_> = blocks().into_iter().flat_map(names_in).collect();
    names.sort();
    names
}

/// The inside of the `loss! { … }` that defines `name`.
///
/// # Panics
/// If there is none.
pub fn block_of(name: &str) -> TokenStream {
    let defines = |block: &TokenStream| names_in(block.clone()).iter().any(|own| own == name);
    let found = blocks().into_iter().find(defines);
    found.unwrap_or_else(|| panic!("no built-in loss {name}"))
}

fn names_in(block: TokenStream) -> Vec<String> {
    let definitions = syntax::parse(block, &mut Diagnostics::new());
    definitions
        .into_iter()
        .map(|definition| definition.name.text)
        .collect()
}
