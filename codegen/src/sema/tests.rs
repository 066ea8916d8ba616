//! What the notation means: forms that must come out as one node, and what a loss is made of.

use super::analyse;
use crate::ir::{Loss, Range, Role};
use crate::support::Diagnostics;
use crate::syntax;

fn analysed(source: &str) -> (Vec<Option<Loss>>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let tokens = source.parse().expect("tokens");
    let definitions = syntax::parse(tokens, &mut diagnostics);
    let losses = analyse(&definitions, &mut diagnostics);
    let messages = diagnostics.iter().map(|found| found.text()).collect();
    (losses, messages)
}

fn accepted(source: &str) -> Loss {
    let (mut losses, messages) = analysed(source);
    assert!(messages.is_empty(), "{source}\n{messages:#?}");
    losses.pop().flatten().expect("a loss")
}

const PARAMETERS: &str = "x: [N, D], w: [C, D], z: [N, C], y: [N] in C, t: const [N, C], keep: mask [N], s: scalar = 2, k: static int = 3, hard: flag";

/// A loss of all parameters whose value is `value`.
fn with_everything(declarations: &str, value: &str) -> String {
    format!(
        "L({PARAMETERS}) {{
             axis M like N;
             axis B like C;
             {declarations}
             let _all = sum[C, D](x * w * z * t) * s * if keep && hard {{ k }} else {{ sum[B](if B == y {{ z[C -> B] }} else {{ 0 }}) + sum[M](z[N -> M, C = y]) }};
             {value}
         }}"
    )
}

fn same(declarations: &str, a: &str, b: &str) {
    let source = with_everything(declarations, &format!("({a}) - ({b})"));
    let (losses, messages) = analysed(&source);
    assert!(messages.is_empty(), "{a}\n{messages:#?}");
    let loss = losses[0].as_ref().expect("a loss");
    assert!(
        loss.graph.is_zero(loss.value),
        "{a}\n{b}\n{:?}",
        loss.graph.node(loss.value)
    );
}

#[test]
fn forms_that_mean_the_same() {
    let cases = [
        // operators
        ("s - -s", "2 * s"),
        ("s / s", "1"),
        (
            "if s < 1 || s > 2 { s } else { 0 }",
            "if !(!(s < 1) && !(2 < s)) { s } else { 0 }",
        ),
        ("if s != 1 { s } else { 0 }", "if s == 1 { 0 } else { s }"),
        // functions
        (
            "recip(s) + square(s) + relu(s)",
            "1 / s + s * s + max(s, 0)",
        ),
        ("clamp(s, 0, 1)", "min(max(s, 0), 1)"),
        ("log_sigmoid(s)", "-softplus(-s)"),
        ("log10(s) * ln(10) + log2(s) * ln(2)", "2 * ln(s)"),
        ("max(1, 5, 3) + min(4, 2)", "7"),
        ("pow(s, k)", "s * s * s"),
        ("number(C)[C = y]", "number(y)"),
        // indices
        ("z[C = y]", "sum[C](if C == y { z } else { 0 })"),
        ("z[C = 1]", "sum[C](if C == 1 { z } else { 0 })"),
        ("z[N -> M][M -> N, C = y]", "z[C = y]"),
        ("(z * z[C = y])[C = y]", "square(z[C = y])"),
        ("z[C -> B][B = y]", "z[C = y]"),
        (
            "sum[M](if M == N { z[N -> M, C = y] } else { 0 })",
            "z[C = y]",
        ),
        // reductions
        ("mean[C](z)", "sum[C](z) / size[C]"),
        (
            "mean[C, D](z * x)",
            "sum[C, D](z * x) / (size[C] * size[D])",
        ),
        ("min[C](z)", "-max[C](-z)"),
        ("dot[D](x, x)", "sum[D](x * x)"),
        ("norm[D](x)", "sqrt(sum[D](square(x)))"),
        ("softmax[C](z)[C = y]", "exp(z[C = y] - lse[C](z))"),
        ("log_softmax[C](z)[C = y]", "z[C = y] - lse[C](z)"),
        ("ln(sum[C](exp(z)))", "lse[C](z)"),
        (
            "lse[C](z) - sum[C](softmax[C](z) * z)",
            "-sum[C](softmax[C](z) * log_softmax[C](z))",
        ),
        (
            "ln(softmax[C](z)[C = y] / softmax[C](2 * z)[C = y])",
            "log_softmax[C](z)[C = y] - log_softmax[C](2 * z)[C = y]",
        ),
        (
            "sum[C](xlogy(softmax[C](z), softmax[C](z)))",
            "sum[C](softmax[C](z) * log_softmax[C](z))",
        ),
        ("sum[C, C == y](z)", "z[C = y]"),
        ("count[C, C != y]", "sum[C, C != y](1)"),
        (
            "count[M, y == y[N -> M]]",
            "sum[M](if y == y[N -> M] { 1 } else { 0 })",
        ),
        (
            "sum[M, keep[N -> M]](x[N -> M, D = 0])",
            "sum[M](if keep[N -> M] { x[N -> M, D = 0] } else { 0 })",
        ),
        ("lse[C, C < y](z)", "ln(sum[C, C < y](exp(z)))"),
        ("sum[C](size[C] - size[C] + z)", "sum[C](z)"),
        // unrolling
        ("sum[i in 0..k](pow(s, i))", "1 + s + s * s"),
        ("prod[i in 1..=k](i)", "6"),
        ("max[i in 0..k](i * (2 - i))", "1"),
        ("sum[i in 0..0](s)", "0"),
        ("sum[i in 0..2](sum[j in 0..=i](i + j))", "0 + 1 + 2"),
        // a condition that is a mask alone
        ("sum[N, keep](z[C = y])[M = 0]", "0"),
    ];
    for (a, b) in &cases[..cases.len() - 1] {
        same("", a, b);
    }
    // Local functions see what was declared before them, and take values with any axes.
    same(
        "let a = s + 1; fn f(u, v) { let c = u * v; c + a }",
        "f(s, z[C = y]) + f(1, 2)",
        "s * z[C = y] + 2 + 2 * s + 2",
    );
    same(
        "let a = if hard { let b = s; b * b } else if s > 0 { s } else { 0 };",
        "a",
        "if hard { square(s) } else { if s > 0 { s } else { 0 } }",
    );
}

#[test]
fn a_mask_alone_may_be_a_condition() {
    let source =
        "L(z: [N, C], keep: mask [C]) { sum[C, keep](z) - sum[C](if keep { z } else { 0 }) }";
    let loss = accepted(source);
    assert!(loss.graph.is_zero(loss.value));
}

#[test]
fn a_loss_and_its_parts() {
    let loss = accepted(
        "/// First line.
         /// Second line.
         pub Weighted(
             /// Scores.
             z: [N, H, C],
             y: [H, N] in C,
             class_weight: const [C] where 0 <= class_weight,
             a: scalar = -0.5 where -1 < a && a < pi / 2,
             b: learn scalar,
             m: static int = 2 + 2,
             on: flag = true,
         ) {
             pub let p = softmax[C](z);
             weight class_weight[C = y];
             let e = a * b * m;
             if on { -ln(p[C = y]) + e } else { e }
         }",
    );
    assert_eq!(loss.doc, "First line.\nSecond line.");
    let params = loss.graph.params();
    assert_eq!(params[0].doc, "Scores.");
    assert_eq!(
        params[0].role,
        Role::Tensor {
            differentiable: true
        }
    );
    assert_eq!(
        params[2].role,
        Role::Tensor {
            differentiable: false
        }
    );
    assert_eq!((params[2].range.lo, params[2].range.lo_open), (0.0, false));
    assert_eq!(
        params[3].role,
        Role::Scalar {
            learn: false,
            default: -0.5
        }
    );
    assert_eq!(
        (params[3].range.lo, params[3].range.hi),
        (-1.0, std::f64::consts::PI / 2.0)
    );
    assert!(params[3].range.lo_open && params[3].range.hi_open);
    assert_eq!(
        params[4].role,
        Role::Scalar {
            learn: true,
            default: 1.0
        }
    );
    assert_eq!(params[5].role, Role::Static(4));
    assert_eq!(params[6].role, Role::Flag(true));
    let name = |axis| loss.graph.axis(axis).name.as_str();
    // The label's array order, and for the output the order of the array that has its axes.
    assert_eq!(
        loss.batch.iter().map(|&a| name(a)).collect::<Vec<_>>(),
        ["H", "N"]
    );
    let auxiliary = &loss.auxiliary[0];
    assert_eq!(auxiliary.name, "p");
    assert_eq!(
        auxiliary.axes.iter().map(|&a| name(a)).collect::<Vec<_>>(),
        ["N", "H", "C"]
    );
    assert!(loss.weight.is_some());
    assert!(
        loss.source
            .starts_with("pub Weighted(\n    z: [N, H, C],\n")
    );
}

#[test]
fn the_losses_of_the_design() {
    let losses = [
        "ArcFace(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 64.0, m: scalar = 0.5) {
             let c = dot[D](unit[D](x), unit[D](w));
             let phi = cos(acos(c[C = y]) + m);
             let z = s * if C == y { phi } else { c };
             lse[C](z) - z[C = y]
         }",
        "Contrastive(x: [N, D], y: [N] in K, c: const [K], t: scalar = 0.1 where t > 0) {
             axis M like N;
             let u = unit[D](x);
             let sim = dot[D](u, u[N -> M]) / t;
             let positives = count[M, M != N && y == y[N -> M]];
             let near = sum[M, M != N && y == y[N -> M]](sim - lse[M, M != N](sim));
             if positives > 0 { -near / positives * c[K = y] } else { 0 }
         }",
        "Dice(p: [N, P], t: const [N, P]) { 1 - 2 * sum[P](p * t) / (sum[P](p) + sum[P](t)) }",
        "Scalar(x: [N]) { mean[N](square(x)) }",
        "Elementwise(x: [N, D], t: const [N, D]) { abs(x - t) }",
        "Pairs(x: [N, D], positive: [N] in N) { sum[D](square(x - x[N = positive])) }",
    ];
    for source in losses {
        accepted(source);
    }
}

#[test]
fn a_loss_within_a_loss_is_written_out_on_its_arguments() {
    let softmax =
        "@import Softmax(z: [N, C], y: [N] in C, t: scalar = 1, cut: flag, n: static int = 1) {
        axis M like N;
        let _pairs = sum[M](z[N -> M, C = y]);
        if cut { 0 } else { n * (lse[C](z / t) - z[C = y] / t) }
    }";
    let cases = [
        // by declared order
        (
            "z: [B, K], y: [B] in K",
            "Softmax(z, y; t = 2)",
            "lse[K](z / 2) - z[K = y] / 2",
        ),
        // by the label, then the one axis that remains
        (
            "z: [B, K], y: [B] in K",
            "Softmax(2 * z, y)",
            "lse[K](2 * z) - 2 * z[K = y]",
        ),
        // by name
        (
            "z: [N, C, P], y: [N] in C",
            "sum[P](Softmax(tanh(z), y; n = 3))",
            "sum[P](3 * (lse[C](tanh(z)) - tanh(z)[C = y]))",
        ),
        (
            "z: [B, K], y: [B] in K, off: flag",
            "Softmax(z, y; cut = off)",
            "if off { 0 } else { lse[K](z) - z[K = y] }",
        ),
    ];
    for (parameters, call, written) in cases {
        let loss = accepted(&format!(
            "{softmax} L({parameters}) {{ {call} - ({written}) }}"
        ));
        assert!(loss.graph.is_zero(loss.value), "{call}");
    }
    // Data of the callee has no gradient, and its weight is a factor.
    let loss = accepted(
        "@import W(z: [N], t: const [N]) { weight t; square(z - t) }
         L(z: [N]) { W(z, z) - detach(z) * square(z - detach(z)) }",
    );
    assert!(loss.graph.is_zero(loss.value));
}

#[test]
fn several_definitions_are_independent() {
    let (losses, messages) = analysed(
        "A(x: [N]) { x + q }
         B(x: [N]) { square(x) }
         C(x: [N]) { A(x) + B(x) + r }
         B(x: [N]) { x }",
    );
    assert!(
        losses[0].is_none() && losses[1].is_some() && losses[2].is_none() && losses[3].is_none()
    );
    assert_eq!(
        messages,
        [
            "nothing is called `q`",
            "nothing is called `r`",
            "`B` is already defined"
        ]
    );
}

#[test]
fn a_mistake_makes_no_further_ones() {
    let (_, messages) = analysed(
        "L(x: [N, D], y: [N] in C, z: [N, C], v: scaler) {
             let a = expo(x) + v;
             let b = a * 2 + z[D = y];
             fn f(u) { u + q }
             let c = f(1) + f(2) + f(b) + f(x, x);
             sum[D](c) + b
         }",
    );
    let heads: Vec<&str> = messages
        .iter()
        .map(|m| m.lines().next().unwrap_or(""))
        .collect();
    assert_eq!(
        heads[1..],
        [
            "no function or loss is called `expo`",
            "this value has no axis `D` to index: it has axes `N`, `C`",
            "nothing is called `q`",
            "`f` takes 1 argument, found 2",
        ]
    );
}

#[test]
fn growth_is_bounded() {
    let (_, messages) =
        analysed("L(x: [N]) { sum[i in 0..256](sum[j in 0..256](pow(x, i) * pow(x, j))) }");
    assert_eq!(messages.len(), 1, "{messages:?}");
    let (_, messages) = analysed("L(x: [N]) { sum[i in 0..257](x) }");
    assert_eq!(messages, ["this loop has more than 256 iterations"]);
}

#[test]
fn every_form_of_where_is_a_range() {
    let open = Range::REAL;
    let forms = [
        ("s > 0", Range { lo: 0.0, ..open }),
        ("0 < s", Range { lo: 0.0, ..open }),
        ("s >= 0", Range::NONNEGATIVE),
        ("s < 1 / 2", Range { hi: 0.5, ..open }),
        ("-2 <= s && s <= 3", Range::closed(-2.0, 3.0)),
        (
            "s <= 3 && s > -2 && s > -5",
            Range {
                lo_open: true,
                ..Range::closed(-2.0, 3.0)
            },
        ),
    ];
    for (form, range) in forms {
        let loss = accepted(&format!(
            "L(x: [N], s: scalar = 0.25 where {form}) {{ s * x }}"
        ));
        let graph = &loss.graph;
        let declared = graph
            .params()
            .iter()
            .find(|param| param.name == "s")
            .expect("s");
        assert_eq!(declared.range, range, "{form}");
        // A tensor takes the same forms, and what is computed from it knows them.
        let loss = accepted(&format!("L(s: [N] where {form}) {{ s + 0 }}"));
        assert_eq!(loss.graph.range(loss.value), range, "{form}");
    }
}
