//! What simplification has to find.

use super::*;
use crate::ir::{AxisSet, Node, Reducer, UnaryOp};
use crate::simplify::convert::roots;

/// The simplified gradient of a parameter as text.
fn shown(gradient: &Gradient, name: &str) -> String {
    gradient.loss.graph.show(gradient_of(gradient, name))
}

fn nodes(gradient: &Gradient) -> Vec<Node> {
    let graph = &gradient.loss.graph;
    let ids = graph.reachable(&roots(gradient));
    ids.into_iter().map(|id| graph.node(id).clone()).collect()
}

const CROSS_ENTROPY: &str = "L(z: [N, C], y: [N] in C) { lse[C](z) - z[C = y] }";

#[test]
fn cross_entropy_is_softmax_minus_one_hot_and_does_not_cancel() {
    let (_, simplified, _) = simplified(CROSS_ENTROPY);
    assert_eq!(
        shown(&simplified.formula, "z"),
        "cotangent * (softmax[C](z) - if(C == y, 1, 0))"
    );
    assert_eq!(
        shown(&simplified.kernel, "z"),
        "cotangent * if(C == y, -complement[C](z at C == y), softmax[C](z))"
    );
}

#[test]
fn textbook_cross_entropy_is_the_same_kernel() {
    let textbook = "L(z: [N, C], y: [N] in C) { -ln(exp(z[C = y]) / sum[C](exp(z))) }";
    let (a, b) = (simplified(CROSS_ENTROPY).1, simplified(textbook).1);
    assert_eq!(shown(&a.kernel, "z"), shown(&b.kernel, "z"));
    let bare = |node: &Node| matches!(node, Node::Unary(UnaryOp::Exp | UnaryOp::Ln, _));
    assert!(!nodes(&b.kernel).iter().any(bare));
}

#[test]
fn focal_loss_keeps_its_factors() {
    let (_, simplified, _) = simplified(
        "L(z: [N, C], y: [N] in C, gamma: scalar = 2 where gamma >= 0) {
            let p = softmax[C](z)[C = y];
            -pow(1 - p, gamma) * ln(p)
        }",
    );
    let kernel = shown(&simplified.kernel, "z");
    assert!(
        kernel.contains("if(C == y, -t1, softmax[C](z))"),
        "{kernel}"
    );
    assert!(
        kernel.contains("where t1 = complement[C](z at C == y)"),
        "{kernel}"
    );
    let formula = shown(&simplified.formula, "z");
    assert!(
        formula.contains("(softmax[C](z) - if(C == y, 1, 0))"),
        "{formula}"
    );
    // One power, and (1 - p)^(gamma - 1), infinite at p = 1, is not among them.
    let powers = nodes(&simplified.kernel);
    let powers = powers
        .iter()
        .filter(|n| matches!(n, Node::Binary(crate::ir::BinaryOp::Pow, ..)));
    assert_eq!(powers.count(), 1);
}

#[test]
fn temperature_and_weights_stay_outside() {
    let (_, simplified, _) = simplified(
        "L(z: [N, C], y: [N] in C, w: const [C], t: scalar = 2 where t > 0) {
            w[C = y] * (lse[C](z / t) - z[C = y] / t)
        }",
    );
    let kernel = shown(&simplified.kernel, "z");
    assert_eq!(kernel.matches("if(").count(), 1, "{kernel}");
    assert!(kernel.contains("-complement"), "{kernel}");
}

#[test]
fn sigmoid_cross_entropy_reads_well_and_does_not_cancel() {
    let (_, simplified, _) =
        simplified("L(x: [N], t: const [N]) { t * softplus(-x) + (1 - t) * softplus(x) }");
    assert_eq!(
        shown(&simplified.formula, "x"),
        "cotangent * (-t + sigmoid(x))"
    );
    let kernel = shown(&simplified.kernel, "x");
    assert!(
        kernel.contains("sigmoid(x)") && kernel.contains("sigmoid(-x)"),
        "{kernel}"
    );
    let value = simplified
        .kernel
        .loss
        .graph
        .show(simplified.kernel.loss.value);
    assert!(
        value.contains("softplus(x)") && value.contains("softplus(-x)"),
        "{value}"
    );
}

/// A sum over D of anything that is summed itself and still depends on D.
fn sums_over_contractions(gradient: &Gradient, axis: &str) -> usize {
    let graph = &gradient.loss.graph;
    let axes: AxisSet = (0..graph.axes().len() as u8)
        .map(crate::ir::AxisId)
        .filter(|&a| graph.axis(a).name == axis)
        .collect();
    fn holds(graph: &Graph, id: NodeId, axes: AxisSet) -> bool {
        if graph.free(id).is_disjoint(axes) {
            return false;
        }
        match graph.node(id) {
            Node::Reduce(Reducer::Sum, ..) => true,
            Node::Sum(..) | Node::Product(_) | Node::Select(..) => {
                let children = graph.node(id).children();
                children.into_iter().any(|child| holds(graph, child, axes))
            }
            _ => false,
        }
    }
    let sums = nodes(gradient);
    let sums = sums.iter().filter(|node| match node {
        Node::Reduce(Reducer::Sum, over, body) => {
            !over.is_disjoint(axes) && holds(graph, *body, axes)
        }
        _ => false,
    });
    sums.count()
}

const COSINES: &str = "let c = dot[D](unit[D](x), unit[D](w));";

#[test]
fn projection_uses_the_cosines_at_hand() {
    for logits in [
        "s * c",
        "s * if C == y { c - m } else { c }",
        "s * if C == y { cos(acos(c[C = y]) + m) } else { c }",
    ] {
        let (gradient, simplified, _) = simplified(&format!(
            "L(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 64, m: scalar = 0.4) {{
                {COSINES}
                let z = {logits} + 0 * m;
                lse[C](z) - z[C = y]
            }}"
        ));
        assert_ne!(sums_over_contractions(&gradient, "D"), 0, "{logits}");
        assert_eq!(
            sums_over_contractions(&simplified.kernel, "D"),
            0,
            "{logits}"
        );
    }
}

#[test]
fn cosine_similarity_has_the_projected_gradient() {
    let (_, simplified, _) =
        simplified("L(a: [N, D], b: [N, D]) { 1 - dot[D](unit[D](a), unit[D](b)) }");
    assert_eq!(
        shown(&simplified.kernel, "a"),
        "cotangent * recip_or_zero(norm[D](a)) * (-unit[D](b) + (unit[D](a) * sum[D](unit[D](a) * unit[D](b))))"
    );
}

/// Inverse cosines and sines, and sines and cosines of anything that is not a mere parameter.
fn trigonometry(gradient: &Gradient) -> Vec<Node> {
    let graph = &gradient.loss.graph;
    let mut found = nodes(gradient);
    found.retain(|node| match node {
        Node::Angle { .. } => true,
        Node::Unary(UnaryOp::Acos | UnaryOp::Asin, _) => true,
        Node::Unary(UnaryOp::Sin | UnaryOp::Cos, a) => !graph.free(*a).is_empty(),
        _ => false,
    });
    found
}

#[test]
fn margins_need_no_inverse_cosine() {
    let head = "x: [N, D], w: [C, D], y: [N] in C";
    for (parameters, logits) in [
        (head, "64 * if C == y { cos(acos(c) + 0.5) } else { c }"),
        (
            head,
            "30 * if C == y { cos(acos(c[C = y]) + 0.5) } else { c }",
        ),
        (head, "8 * if C == y { cos(4 * acos(c)) } else { c }"),
        (
            head,
            "8 * if C == y { cos(3 * acos(c) + 0.1) - 0.2 } else { c }",
        ),
        (
            head,
            "norm[D](x) * if C == y { cos(2 * acos(c)) - 2 * floor(2 * acos(c) / pi) } else { c }",
        ),
        (
            head,
            "64 * if C == y && acos(c) < 3 * pi / 4 { cos(acos(c) + 0.5) } else { c }",
        ),
    ] {
        let (_, simplified, _) = simplified(&format!(
            "L({parameters}) {{ {COSINES} let z = {logits}; lse[C](z) - z[C = y] }}"
        ));
        let left = trigonometry(&simplified.kernel);
        assert!(left.is_empty(), "{logits}: {left:?}");
    }
}

#[test]
fn a_margin_on_given_cosines_needs_none_either() {
    let (_, simplified, _) = simplified(
        "L(c: [N, C] where -1 <= c && c <= 1, y: [N] in C, m: scalar = 0.5) {
            let z = 64 * if C == y { cos(acos(c) + m) } else { c };
            lse[C](z) - z[C = y]
        }",
    );
    assert!(trigonometry(&simplified.kernel).is_empty());
}

#[test]
fn multiples_of_an_angle_are_polynomials() {
    let (_, simplified, _) =
        simplified("L(a: [N, D], b: [N, D]) { cos(4 * acos(dot[D](unit[D](a), unit[D](b)))) }");
    // The gradient is 4 U_3(c) times the part of one vector across the other: no sine, no quotient.
    let kernel = shown(&simplified.kernel, "a");
    assert!(trigonometry(&simplified.kernel).is_empty());
    let divides = |node: &Node| match node {
        Node::Product(factors) => factors.iter().any(|f| f.1 < 0),
        Node::Unary(op, _) => *op == UnaryOp::Sqrt,
        Node::Reduce(Reducer::Norm, _, body) => {
            !matches!(simplified.kernel.loss.graph.node(*body), Node::Load(..))
        }
        _ => false,
    };
    assert!(!nodes(&simplified.kernel).iter().any(divides), "{kernel}");
}

#[test]
fn one_contraction_where_two_were_written() {
    let (_, simplified, _) = simplified(
        "L(x: [N, D], w: [C, D]) {
            let a = dot[D](x, w);
            sum[C](sin(a)) + sum[C](tanh(a))
        }",
    );
    let graph = &simplified.kernel.loss.graph;
    let contractions = nodes(&simplified.kernel);
    let contractions = contractions.iter().filter(|node| match node {
        Node::Reduce(Reducer::Sum, axes, body) => graph.free(*body).len() == 3 && axes.len() == 1,
        _ => false,
    });
    // The logits, and one product for each gradient.
    assert_eq!(contractions.count(), 3);
}

#[test]
fn the_two_sides_of_a_one_hot_stay_apart() {
    let (_, simplified, _) = simplified(
        "L(x: [N, D], w: [C, D], y: [N] in C) {
            let z = dot[D](x, w);
            let f = if C == y { norm[D](x) * norm[D](w[C = y]) } else { z };
            lse[C](f) - f[C = y]
        }",
    );
    // A matrix product over all classes but the label's, and a scatter of rows to the labels' centres.
    let graph = &simplified.kernel.loss.graph;
    let slope = gradient_of(&simplified.kernel, "w");
    let sums = graph.reachable(&[slope]).into_iter().filter(|&id| {
        let over_samples = |axes: &AxisSet| axes.len() == 1 && graph.free(id).len() == 2;
        matches!(graph.node(id), Node::Reduce(Reducer::Sum, axes, _) if over_samples(axes))
    });
    let kernel = shown(&simplified.kernel, "w");
    assert!(sums.count() >= 2, "{kernel}");
}

#[test]
fn label_smoothing_needs_no_sum_of_targets() {
    let (_, simplified, _) = simplified(
        "L(z: [N, C], y: [N] in C, e: scalar = 0.1) {
            let q = (1 - e) * (if C == y { 1 } else { 0 }) + e / size[C];
            -sum[C](q * log_softmax[C](z))
        }",
    );
    let formula = shown(&simplified.formula, "z");
    assert!(!formula.contains("sum["), "{formula}");
}

#[test]
fn label_smoothing_is_one_kernel_however_written() {
    let head = "L(z: [N, C], y: [N] in C, e: scalar = 0.1 where 0 <= e && e <= 1)";
    let spellings = [
        "let l = log_softmax[C](z); -(1 - e) * l[C = y] - e * mean[C](l)",
        "lse[C](z) - (1 - e) * z[C = y] - e * mean[C](z)",
        "-(1 - e) * ln(softmax[C](z)[C = y]) - e / size[C] * sum[C](log_softmax[C](z))",
    ];
    for body in spellings {
        let (_, simplified, _) = simplified(&format!("{head} {{ {body} }}"));
        let kernel = shown(&simplified.kernel, "z");
        // At e = 0 it is the gradient of cross entropy, which must not cancel.
        assert!(kernel.contains("-complement[C](z at C == y)"), "{kernel}");
        let graph = &simplified.kernel.loss.graph;
        let value = graph.show(simplified.kernel.loss.value);
        assert!(value.contains("log_softmax[C](z at C == y)"), "{value}");
        assert!(!value.contains("lse"), "{value}");
        let formula = shown(&simplified.formula, "z");
        // p − e/C − (1 − e)·[C = y], one factor of the cotangent before it.
        for (part, times) in [("softmax[C](z)", 1), ("cotangent", 1), ("if(C == y, ", 1)] {
            assert_eq!(formula.matches(part).count(), times, "{formula}");
        }
    }
}

#[test]
fn a_power_close_to_one_is_not_subtracted_from_it() {
    let (_, simplified, _) = simplified(
        "L(z: [N, C], y: [N] in C, q: scalar = 0.7 where q > 0) {
            (1 - pow(softmax[C](z)[C = y], q)) / q
        }",
    );
    let graph = &simplified.kernel.loss.graph;
    let value = graph.show(simplified.kernel.loss.value);
    assert!(value.contains("expm1("), "{value}");
    let formula = &simplified.formula.loss;
    let value = formula.graph.show(formula.value);
    assert!(value.contains("pow("), "{value}");
}

#[test]
fn a_maximum_is_compared_before_rounding() {
    let (_, simplified, _) = simplified("L(z: [N, C], b: const [N]) { max[C](z + b) }");
    let kernel = shown(&simplified.kernel, "z");
    assert!(
        kernel.contains("z == max[C](z)") || kernel.contains("max[C](z) == z"),
        "{kernel}"
    );
}

#[test]
fn the_report_says_what_happened() {
    let (_, _, report) = simplified(CROSS_ENTROPY);
    let rules: Vec<_> = report.rules_fired.iter().map(|r| r.0).collect();
    assert_eq!(rules, ["factor", "softmax-minus-one-hot"]);
    assert!(!report.fell_back && report.nodes > 0 && report.iterations > 1);
}
