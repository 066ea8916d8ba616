//! "Write the textbook, get the stable kernel": what the author wrote does not matter.

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::emit;
use loss_codegen::ir::{Graph, Node, NodeId, Reducer, UnaryOp};

fn one(source: &str) -> Compiled {
    let tokens = source.parse().expect("Rust tokens");
    let mut losses = compile(tokens).unwrap_or_else(|diagnostics| {
        let messages: Vec<_> = diagnostics.iter().map(|d| d.text()).collect();
        panic!("{source}\n{}", messages.join("\n"))
    });
    losses.remove(0)
}

/// The emitted code without the definition that it quotes.
fn code(source: &str) -> String {
    let mut compiled = one(source);
    compiled.simplified.kernel.loss.source.clear();
    let Compiled {
        header,
        simplified,
        plans,
        derivation,
        hazards,
        ..
    } = &compiled;
    emit::emit(header, &simplified.kernel, plans, derivation, hazards).to_string()
}

fn same(parameters: &str, bodies: &[&str]) {
    let source = |body: &str| format!("pub Same({parameters}) {{ {body} }}");
    let first = code(&source(bodies[0]));
    for body in &bodies[1..] {
        assert_eq!(
            code(&source(body)),
            first,
            "{} and {body} differ",
            bodies[0]
        );
    }
}

#[test]
fn cross_entropy() {
    same(
        "z: [N, C], y: [N] in C",
        &[
            "lse[C](z) - z[C = y]",
            "-ln(exp(z[C = y]) / sum[C](exp(z)))",
            "-ln(softmax[C](z)[C = y])",
            "-log_softmax[C](z)[C = y]",
            "ln(sum[C](exp(z))) - z[C = y]",
            "let m = max[C](z); let e = exp(z - m); -ln((e / sum[C](e))[C = y])",
            "-sum[C](if C == y { log_softmax[C](z) } else { 0 })",
        ],
    );
}

#[test]
fn label_smoothing() {
    same(
        "z: [N, C], y: [N] in C, e: scalar = 0.1 where 0 <= e && e <= 1",
        &[
            "let l = log_softmax[C](z); (1 - e) * -l[C = y] - e * mean[C](l)",
            "(1 - e) * (lse[C](z) - z[C = y]) - e * mean[C](ln(softmax[C](z)))",
            "(1 - e) * -ln(softmax[C](z)[C = y]) - sum[C](e * log_softmax[C](z)) / size[C]",
        ],
    );
}

#[test]
fn weighted_exponentials() {
    same(
        "z: [N, C], n: const [C] where n >= 0, y: [N] in C",
        &[
            "lse[C](z + ln(n)) - (z + ln(n))[C = y]",
            "-ln(n[C = y] * exp(z[C = y]) / sum[C](n * exp(z)))",
            "-ln(softmax[C](z + ln(n))[C = y])",
            "ln(sum[C](n * exp(z))) - ln(n[C = y] * exp(z[C = y]))",
        ],
    );
}

#[test]
fn odds_against_the_others() {
    same(
        "z: [N, C], y: [N] in C",
        &[
            "lse[C, C != y](z) - z[C = y]",
            "-ln(exp(z[C = y]) / sum[C, C != y](exp(z)))",
            "ln(sum[C, C != y](exp(z))) - lse[C, C == y](z)",
            "lse[C, C != y](z) - max[C, C == y](z)",
        ],
    );
}

#[test]
fn sigmoid_cross_entropy() {
    same(
        "x: [N], t: mask [N]",
        &[
            "if t { softplus(-x) } else { softplus(x) }",
            "if t { -ln(sigmoid(x)) } else { -ln(1 - sigmoid(x)) }",
            "if t { ln(1 + exp(-x)) } else { log1p(exp(x)) }",
            "if t { -ln(1 / (1 + exp(-x))) } else { -log_sigmoid(-x) }",
        ],
    );
}

#[test]
fn own_partner_against_the_others() {
    let bodies = [
        "softplus(lse[M, M != N](s) - s[M = N])",
        "softplus(lse[M, M != N](s - s[M = N]))",
        "ln(1 + sum[M, M != N](exp(s - s[M = N])))",
        "log1p(sum[M, !(M == N)](exp(s - s[M = N])))",
    ];
    let bodies = bodies.map(|body| format!("axis M like N; let s = dot[D](a, b[N -> M]); {body}"));
    same(
        "a: [N, D], b: [N, D]",
        &bodies.each_ref().map(String::as_str),
    );
}

#[test]
fn cosine_similarity() {
    same(
        "a: [N, D], b: [N, D]",
        &[
            "1 - dot[D](unit[D](a), unit[D](b))",
            "1 - dot[D](a, b) / (norm[D](a) * norm[D](b))",
            "1 - sum[D](a * b) / (sqrt(sum[D](a * a)) * sqrt(sum[D](square(b))))",
        ],
    );
}

#[test]
fn cross_entropy_is_printed_as_softmax_minus_one_hot() {
    let compiled = one("pub CE(z: [N, C], y: [N] in C) { -ln(exp(z[C = y]) / sum[C](exp(z))) }");
    assert_eq!(compiled.derivation.value.text, "lse[C](z) − z[C = y]");
    assert_eq!(
        compiled.derivation.gradients[0].1.text,
        "ḡ · (softmax[C](z) − 1[C = y])"
    );
}

fn roots(compiled: &Compiled) -> (&Graph, Vec<NodeId>) {
    let kernel = &compiled.simplified.kernel;
    let gradients = kernel.gradients.iter().map(|g| g.1);
    (
        &kernel.loss.graph,
        gradients.chain([kernel.loss.value]).collect(),
    )
}

const HEAD: &str =
    "x: [N, D], w: [C, D], y: [N] in C, s: scalar = 16.0 where s > 0, m: scalar = 0.5";

#[test]
fn a_margin_leaves_no_arc_cosine() {
    let of_vectors = format!(
        "pub Arc({HEAD}) {{
            let c = dot[D](unit[D](x), unit[D](w));
            let z = s * if C == y {{ cos(acos(c) + m) }} else {{ c }};
            lse[C](z) - z[C = y]
        }}"
    );
    let of_cosines = "pub Arc(c: [N, C] where -1 <= c && c <= 1, y: [N] in C, m: scalar = 0.5) {
        let z = if C == y { cos(acos(c) + m) } else { c };
        lse[C](z) - z[C = y]
    }";
    for source in [of_vectors.as_str(), of_cosines] {
        let compiled = one(source);
        let (graph, roots) = roots(&compiled);
        for id in graph.reachable(&roots) {
            let arc = matches!(
                graph.node(id),
                Node::Unary(UnaryOp::Acos, _) | Node::Angle { .. }
            );
            assert!(!arc, "{}", graph.show(id));
        }
    }
}

#[test]
fn the_gradient_of_a_unit_vector_reuses_the_cosines() {
    let compiled = one(&format!(
        "pub Cos({HEAD}) {{
            let c = dot[D](unit[D](x), unit[D](w));
            let z = s * if C == y {{ c - m }} else {{ c }};
            lse[C](z) - z[C = y]
        }}"
    ));
    let (graph, roots) = roots(&compiled);
    let features = graph
        .axes()
        .iter()
        .position(|axis| axis.name == "D")
        .expect("an axis D");
    let mut over_features = 0;
    for id in graph.reachable(&roots) {
        let Node::Reduce(Reducer::Sum, axes, body) = graph.node(id) else {
            continue;
        };
        if !axes.iter().any(|axis| usize::from(axis.0) == features) {
            continue;
        }
        over_features += 1;
        let nested = graph
            .reachable(&[*body])
            .into_iter()
            .find(|&inner| matches!(graph.node(inner), Node::Reduce(Reducer::Sum, ..)));
        assert!(nested.is_none(), "a contraction inside {}", graph.show(id));
    }
    // The cosines, and those of the labels.
    assert!(
        (1..=2).contains(&over_features),
        "{over_features} sums over D"
    );
}
