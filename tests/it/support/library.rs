//! The built-in losses: their sources as text, and a test for each of them.

use std::path::Path;

use loss_codegen::support::Diagnostics;
use loss_codegen::syntax;
use proc_macro2::TokenStream;

/// The inside of every `loss! { … }` of `loss-dsl/src/losses`, in order of file and line.
///
/// # Panics
/// If a file does not read.
pub(crate) fn blocks() -> Vec<TokenStream> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the library's folder")
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| blocks_of(file)).collect()
}

fn blocks_of(file: &Path) -> Vec<TokenStream> {
    let text = std::fs::read_to_string(file).expect("a source file");
    let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let calls = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(item) if item.mac.path.is_ident("loss") => Some(item.mac.tokens),
        _ => None,
    });
    calls.collect()
}

/// `$check::<Loss>(&subject)` as a test for every built-in loss, in a module `built_in`.
macro_rules! for_each_built_in {
    ($check:ident) => {
        $crate::support::library::for_each_built_in! {
            $check
            adaptive_weighted_softmax AdaptiveWeightedSoftmax,
            am_softmax AmSoftmax,
            arc_face ArcFace,
            binary_focal BinaryFocal,
            cos_face CosFace,
            distillation Distillation,
            focal Focal,
            hed_sigmoid HedSigmoid,
            softmax_cross_entropy SoftmaxCrossEntropy,
            temperature_softmax TemperatureSoftmax,
            weighted_softmax WeightedSoftmax,
        }
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
pub(crate) use for_each_built_in;

/// The names of all built-in losses, sorted.
pub(crate) fn names() -> Vec<String> {
    let mut names: Vec<_> = blocks().into_iter().flat_map(names_in).collect();
    names.sort();
    names
}

/// The inside of the `loss! { … }` that defines `name`.
///
/// # Panics
/// If there is none.
pub(crate) fn block_of(name: &str) -> TokenStream {
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
