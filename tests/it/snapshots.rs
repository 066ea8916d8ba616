//! What users read, kept under `snapshots/`: the formulas of every built-in loss as text and as LaTeX, and the generated
//! Rust and the explanations of some. A change shows in review; `cargo insta review` accepts it.

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::emit::{emit, sharded};
use loss_codegen::explain::explain_all;
use loss_codegen::simplify::explain::Form;
use loss_tests::support::library;
use loss_tests::support::subject::Subject;

fn formulas(subject: &Subject) {
    let derivation = subject.loss.derivation();
    let name = subject.loss.name();
    insta::assert_snapshot!(format!("{name}_text"), derivation.to_string());
    insta::assert_snapshot!(format!("{name}_latex"), derivation.to_latex());
}

loss_tests::for_each_built_in!(formulas);

/// The explanation of one loss.
fn explanation(name: &str, block: proc_macro2::TokenStream) -> String {
    let losses = explain_all(block, Form::Formula);
    let losses = losses.unwrap_or_else(|_| panic!("{name} has mistakes"));
    let loss = losses.iter().find(|loss| loss.name == name);
    loss.expect("the block defines it").to_string()
}

/// How a loss came to its formulas as a test.
macro_rules! explained {
    ($($test:ident $loss:literal,)*) => { $(
        #[test]
        fn $test() {
            let explanation = explanation($loss, library::block_of($loss));
            insta::assert_snapshot!(concat!($loss, "_explained"), explanation);
        }
    )* };
}

explained! {
    explanation_of_softmax_cross_entropy "SoftmaxCrossEntropy",
    explanation_of_label_smoothing "LabelSmoothing",
    explanation_of_focal "Focal",
    explanation_of_cos_face "CosFace",
}

/// A logistic loss as one would write it who has never seen it overflow.
const NAIVE: &str = "
    NaiveLogistic(x: [N], t: const [N] where 0 <= t && t <= 1) {
        let p = 1 / (1 + exp(-x));
        -t * ln(p) - (1 - t) * ln(1 - p)
    }
";

#[test]
fn explanation_of_a_naive_loss() {
    let block = NAIVE.parse().expect("tokens");
    insta::assert_snapshot!(
        "NaiveLogistic_explained",
        explanation("NaiveLogistic", block)
    );
}

/// The README shows a real explanation.
#[test]
fn the_explanation_in_the_readme_is_real() {
    let block = NAIVE.parse().expect("tokens");
    let explanation = explanation("NaiveLogistic", block);
    let (_, steps) = explanation.split_once("\n\n").expect("a name");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(steps.trim_end()), "{steps}");
}

/// The generated items of one loss, as rustfmt would have them.
fn rust(name: &str) -> String {
    let loss = compiled(name);
    let tokens = emit(
        &loss.header,
        &loss.simplified.kernel,
        &loss.plans,
        loss.account(),
    );
    formatted(name, tokens)
}

fn compiled(name: &str) -> Compiled {
    let block = library::block_of(name);
    let losses = compile(block).unwrap_or_else(|_| panic!("{name} has mistakes"));
    let mut losses = losses.into_iter();
    let loss = losses.find(|loss| loss.header.name == name);
    loss.expect("the block defines it")
}

fn formatted(name: &str, tokens: proc_macro2::TokenStream) -> String {
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

/// What a loss has besides where an axis may be spread over ranks.
#[test]
fn code_of_shards() {
    let name = "SoftmaxCrossEntropy";
    let loss = compiled(name);
    let graph = &loss.simplified.kernel.loss.graph;
    let tokens = sharded(&loss.header, graph, loss.sharded().as_ref());
    insta::assert_snapshot!("SoftmaxCrossEntropy_sharded_code", formatted(name, tokens));
}
