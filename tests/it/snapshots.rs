//! What users read, kept under `snapshots/`: the formulas of every built-in loss as text and as LaTeX, and the generated
//! Rust of some. A change shows in review; `cargo insta review` accepts it.

use loss_codegen::compile::compile;
use loss_codegen::emit::emit;
use loss_tests::support::library;
use loss_tests::support::subject::Subject;

fn formulas(subject: &Subject) {
    let derivation = subject.loss.derivation();
    let name = subject.loss.name();
    insta::assert_snapshot!(format!("{name}_text"), derivation.to_string());
    insta::assert_snapshot!(format!("{name}_latex"), derivation.to_latex());
}

loss_tests::for_each_built_in!(formulas);

/// The generated items of one loss, as rustfmt would have them.
fn rust(name: &str) -> String {
    let block = library::block_of(name);
    let losses = compile(block).unwrap_or_else(|_| panic!("{name} has mistakes"));
    let loss = losses
        .iter()
        .find(|loss| loss.header.name == name)
        .expect("the block defines it");
    let tokens = emit(
        &loss.header,
        &loss.simplified.kernel,
        &loss.plans,
        &loss.derivation,
        &loss.hazards,
    );
    let file = syn::parse2(tokens).unwrap_or_else(|error| panic!("{name}: {error}"));
    prettyplease::unparse(&file)
}

/// The code of a loss as a test.
macro_rules! code {
    ($($test:ident $loss:literal,)*) => { $(
        #[test]
        fn $test() {
            insta::assert_snapshot!(concat!($loss, "_code"), rust($loss));
        }
    )* };
}

code! {
    code_of_softmax_cross_entropy "SoftmaxCrossEntropy",
    code_of_weighted_softmax "WeightedSoftmax",
    code_of_binary_focal "BinaryFocal",
    code_of_focal "Focal",
    code_of_distillation "Distillation",
    code_of_hed_sigmoid "HedSigmoid",
    code_of_cos_face "CosFace",
    code_of_arc_face "ArcFace",
}
