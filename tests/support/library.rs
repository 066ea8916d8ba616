//! The built-in losses: their sources as text, and a test for each of them.

use std::path::Path;

use loss_codegen::support::Diagnostics;
use loss_codegen::syntax;
use proc_macro2::TokenStream;

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
            adaptive_weighted_softmax AdaptiveWeightedSoftmax,
            am_softmax AmSoftmax,
            arc_face ArcFace,
            asymmetric Asymmetric,
            balanced_softmax BalancedSoftmax,
            binary_focal BinaryFocal,
            cos_face CosFace,
            distillation Distillation,
            focal Focal,
            generalized_cross_entropy GeneralizedCrossEntropy,
            hed_sigmoid HedSigmoid,
            label_smoothing LabelSmoothing,
            ldam Ldam,
            logit_adjusted LogitAdjusted,
            multi_label_soft_margin MultiLabelSoftMargin,
            poly1 Poly1,
            poly1_focal Poly1Focal,
            sigmoid_cross_entropy SigmoidCrossEntropy,
            soft_capped_cross_entropy SoftCappedCrossEntropy,
            soft_target_cross_entropy SoftTargetCrossEntropy,
            softmax_cross_entropy SoftmaxCrossEntropy,
            symmetric_cross_entropy SymmetricCrossEntropy,
            temperature_softmax TemperatureSoftmax,
            weighted_focal WeightedFocal,
            weighted_label_smoothing WeightedLabelSmoothing,
            weighted_sigmoid WeightedSigmoid,
            weighted_softmax WeightedSoftmax,
            z_loss_cross_entropy ZLossCrossEntropy,
        }
    };
}

/// `$check::<Loss>(&subject)` as a test for every built-in loss, in a module `built_in`.
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
                    super::$check::<loss_dsl::losses::$loss>(&subject);
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
