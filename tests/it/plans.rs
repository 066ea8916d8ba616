//! Plans as users see them: what is told of a kernel is what it does.

use std::collections::BTreeSet;

use loss_dsl::losses::{ArcFace, SigmoidCrossEntropy, SoftmaxCrossEntropy};
use loss_dsl::{KernelPlan, Plan};
use loss_tests::support::library;

fn gradient(plan: &Plan) -> &KernelPlan {
    plan.kernel("gradient").expect("every loss has one")
}

#[test]
fn every_step_reads_what_is_given_or_written_before() {
    for name in library::names() {
        let loss = library::loss(&name);
        let (spec, plan) = (loss.spec(), loss.derivation().plan());
        for kernel in plan.kernels {
            let mut known: BTreeSet<&str> = spec.arrays().map(|array| array.name).collect();
            known.insert("ḡ");
            for step in kernel.steps {
                for array in step.reads {
                    let cotangent = array.name == "cotangent";
                    assert!(
                        cotangent || known.contains(array.name),
                        "{name}, {}: {} is read before it is written\n{kernel}",
                        kernel.name,
                        array.name,
                    );
                }
                known.extend(step.writes.iter().map(|array| array.name));
            }
            let value = if kernel.name == "weights" {
                "weights"
            } else {
                "losses"
            };
            assert!(known.contains(value), "{name}: {kernel}");
        }
        let written: BTreeSet<&str> = gradient(plan)
            .steps
            .iter()
            .flat_map(|step| step.writes)
            .map(|array| array.name)
            .collect();
        for parameter in spec.differentiable() {
            let slope = format!("d_{}", parameter.name);
            assert!(written.contains(slope.as_str()), "{name} has no {slope}");
        }
    }
}

#[test]
fn cross_entropy_moves_logits_and_gradient_once() {
    let plan = SoftmaxCrossEntropy::derivation().plan();
    let extent = |axis: &str| if axis == "C" { 1000 } else { 64 };
    let (matrix, vector) = (64 * 1000, 64);
    // Logits and labels in, losses out.
    let forward = plan.kernel("forward").expect("every loss has one");
    assert_eq!(
        forward.bytes(extent, 4),
        4 * matrix + 8 * vector + 4 * vector
    );
    // Logits, labels and cotangents in, losses and gradient out.
    let gradient = gradient(plan);
    assert_eq!(
        gradient.bytes(extent, 4),
        4 * 2 * matrix + 8 * vector + 4 * 2 * vector
    );
    assert_eq!(gradient.steps.len(), 1);
    assert_eq!(gradient.steps[0].passes, 3);
    let (_, transcendental) = gradient.operations(extent);
    assert!(
        transcendental < matrix + 10 * vector,
        "one exponential an element"
    );
}

#[test]
fn the_logits_of_a_head_exist_a_tile_at_a_time() {
    for name in library::names() {
        let plan = library::loss(&name).derivation().plan();
        for kernel in plan.kernels.iter().filter(|kernel| kernel.tiled.is_some()) {
            let tiled = kernel.tiled.unwrap_or_default();
            let writes = kernel.steps.iter().flat_map(|step| step.writes);
            for array in writes.filter(|array| array.name.starts_with("kept")) {
                assert_eq!(array.axes.contains(&tiled), array.tile, "{name}: {array}");
            }
        }
    }
    assert_eq!(gradient(ArcFace::derivation().plan()).tiled, Some("C"));
}

#[test]
fn plans_are_printed() {
    insta::assert_snapshot!(
        "plan of SoftmaxCrossEntropy",
        SoftmaxCrossEntropy::derivation().plan()
    );
    insta::assert_snapshot!(
        "plan of SigmoidCrossEntropy",
        SigmoidCrossEntropy::derivation().plan()
    );
    insta::assert_snapshot!("plan of ArcFace", ArcFace::derivation().plan());
}
