//! "Write the textbook, get the stable kernel": what the author wrote does not matter.

use loss_codegen::compile::{Compiled, compile};
use loss_codegen::emit;
use loss_codegen::ir::{Graph, Node, NodeId, Reducer, UnaryOp};
use loss_codegen::render;

fn one(source: &str) -> Compiled {
    let tokens = source.parse().expect("Rust tokens");
    let mut losses = compile(tokens).unwrap_or_else(|diagnostics| {
        let messages: Vec<_> = diagnostics.iter().map(|d| d.text()).collect();
        panic!("{source}\n{}", messages.join("\n"))
    });
    losses.remove(0)
}

/// The emitted code without the definition that it quotes, and with the formulas of the kernel: those that are shown keep
/// the order of the definition.
fn code(source: &str) -> String {
    let mut compiled = one(source);
    compiled.simplified.kernel.loss.source.clear();
    compiled.derivation = render::derivation(&compiled.simplified.kernel);
    // What is written in another way has another e-graph.
    compiled.report.nodes = 0;
    let Compiled {
        header,
        simplified,
        plans,
        ..
    } = &compiled;
    emit::emit(header, &simplified.kernel, plans, compiled.account()).to_string()
}

/// A loss, its parameters, what is said before each spelling, and the spellings.
type Spelled = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// As different people write them.
const SPELLINGS: &[Spelled] = &[
    (
        "cross entropy",
        "z: [N, C], y: [N] in C",
        "",
        &[
            "lse[C](z) - z[C = y]",
            "-ln(exp(z[C = y]) / sum[C](exp(z)))",
            "-ln(softmax[C](z)[C = y])",
            "-log_softmax[C](z)[C = y]",
            "ln(sum[C](exp(z))) - z[C = y]",
            "let m = max[C](z); let e = exp(z - m); -ln((e / sum[C](e))[C = y])",
            "-sum[C](if C == y { log_softmax[C](z) } else { 0 })",
            "let m = max[C](z); m + ln(sum[C](exp(z - m))) - z[C = y]",
            "ln(sum[C](exp(z - z[C = y])))",
            "-sum[C, C == y](ln(softmax[C](z)))",
        ],
    ),
    (
        "entropy",
        "z: [N, C]",
        "",
        &[
            "let p = softmax[C](z); -sum[C](p * ln(p))",
            "let p = softmax[C](z); sum[C](p * -ln(p))",
            "let l = log_softmax[C](z); -sum[C](exp(l) * l)",
            "let p = exp(z) / sum[C](exp(z)); -sum[C](p * ln(p))",
            "let p = softmax[C](z); -sum[C](xlogy(p, p))",
            "let p = softmax[C](z); sum[C](p * ln(1 / p))",
            "let p = softmax[C](z); -sum[C](p * (z - lse[C](z)))",
            "let p = softmax[C](z); lse[C](z) - sum[C](p * z)",
        ],
    ),
    (
        "divergence",
        "z: [N, C], v: [N, C]",
        "let p = softmax[C](z);",
        &[
            "let q = softmax[C](v); sum[C](p * (ln(p) - ln(q)))",
            "let q = softmax[C](v); sum[C](p * ln(p / q))",
            "let q = softmax[C](v); sum[C](p * ln(p)) - sum[C](p * ln(q))",
            "let q = softmax[C](v); sum[C](xlogy(p, p) - p * ln(q))",
            "let l = log_softmax[C](v); sum[C](p * (log_softmax[C](z) - l))",
            "sum[C](p * (z - v)) - lse[C](z) + lse[C](v)",
        ],
    ),
    (
        "binary focal",
        "x: [N], t: mask [N], g: scalar = 2 where g >= 0",
        "",
        &[
            "let p = sigmoid(if t { x } else { -x }); -pow(1 - p, g) * ln(p)",
            "let p = sigmoid(x); let q = if t { p } else { 1 - p }; -pow(1 - q, g) * ln(q)",
            "let p = 1 / (1 + exp(-x)); let q = if t { p } else { 1 - p }; -pow(1 - q, g) * ln(q)",
            "let u = if t { x } else { -x }; pow(sigmoid(-u), g) * softplus(-u)",
            "let q = sigmoid(-x); let p = if t { 1 - q } else { q }; -pow(1 - p, g) * ln(p)",
        ],
    ),
    (
        "temperature",
        "z: [N, C], y: [N] in C, t: scalar = 2 where t > 0",
        "",
        &[
            "lse[C](z / t) - z[C = y] / t",
            "-ln(softmax[C](z / t)[C = y])",
            "-log_softmax[C](z / t)[C = y]",
            "let e = exp(z / t); -ln(e[C = y] / sum[C](e))",
            "let e = pow(exp(z), 1 / t); -ln(e[C = y] / sum[C](e))",
            "ln(sum[C](exp(z / t))) - (z / t)[C = y]",
        ],
    ),
    (
        "label smoothing",
        "z: [N, C], y: [N] in C, e: scalar = 0.1 where 0 <= e && e <= 1",
        "",
        &[
            "let l = log_softmax[C](z); (1 - e) * -l[C = y] - e * mean[C](l)",
            "(1 - e) * (lse[C](z) - z[C = y]) - e * mean[C](ln(softmax[C](z)))",
            "(1 - e) * -ln(softmax[C](z)[C = y]) - sum[C](e * log_softmax[C](z)) / size[C]",
            "lse[C](z) - (1 - e) * z[C = y] - e * mean[C](z)",
            "(1 - e) * -ln(exp(z[C = y]) / sum[C](exp(z))) + e * mean[C](lse[C](z) - z)",
        ],
    ),
    (
        "weighted exponentials",
        "z: [N, C], n: const [C] where n >= 0, y: [N] in C",
        "",
        &[
            "lse[C](z + ln(n)) - (z + ln(n))[C = y]",
            "-ln(n[C = y] * exp(z[C = y]) / sum[C](n * exp(z)))",
            "-ln(softmax[C](z + ln(n))[C = y])",
            "ln(sum[C](n * exp(z))) - ln(n[C = y] * exp(z[C = y]))",
            "let e = n * exp(z); -ln((e / sum[C](e))[C = y])",
            "-log_softmax[C](z + ln(n))[C = y]",
            "ln(sum[C](n * exp(z))) - ln(n[C = y]) - z[C = y]",
        ],
    ),
    (
        "odds against the others",
        "z: [N, C], y: [N] in C",
        "",
        &[
            "lse[C, C != y](z) - z[C = y]",
            "-ln(exp(z[C = y]) / sum[C, C != y](exp(z)))",
            "ln(sum[C, C != y](exp(z))) - lse[C, C == y](z)",
            "lse[C, C != y](z) - max[C, C == y](z)",
            "ln(sum[C, C != y](exp(z - z[C = y])))",
            "lse[C, C != y](z - z[C = y])",
        ],
    ),
    (
        "focal",
        "z: [N, C], y: [N] in C, g: scalar = 2 where g >= 0",
        "",
        &[
            "let p = softmax[C](z)[C = y]; -pow(1 - p, g) * ln(p)",
            "let l = log_softmax[C](z)[C = y]; -pow(1 - exp(l), g) * l",
            "let p = exp(z[C = y]) / sum[C](exp(z)); -pow(1 - p, g) * ln(p)",
            "let p = softmax[C](z)[C = y]; -exp(g * ln(1 - p)) * ln(p)",
            "let p = softmax[C](z)[C = y]; pow(1 - p, g) * (lse[C](z) - z[C = y])",
            "let l = lse[C](z) - z[C = y]; pow(1 - exp(-l), g) * l",
        ],
    ),
    (
        "sigmoid cross entropy of a label",
        "x: [N], t: mask [N]",
        "",
        &[
            "if t { softplus(-x) } else { softplus(x) }",
            "if t { -ln(sigmoid(x)) } else { -ln(1 - sigmoid(x)) }",
            "if t { ln(1 + exp(-x)) } else { log1p(exp(x)) }",
            "if t { -ln(1 / (1 + exp(-x))) } else { -log_sigmoid(-x) }",
            "if t { -ln(exp(x) / (1 + exp(x))) } else { -ln(1 / (1 + exp(x))) }",
            "if t { -ln(exp(x) / (exp(x) + 1)) } else { -ln(1 - 1 / (1 + exp(-x))) }",
        ],
    ),
    (
        "sigmoid cross entropy of a probability",
        "x: [N], t: const [N] where 0 <= t && t <= 1",
        "",
        &[
            "-t * ln(sigmoid(x)) - (1 - t) * ln(1 - sigmoid(x))",
            "t * softplus(-x) + (1 - t) * softplus(x)",
            "-(t * log_sigmoid(x) + (1 - t) * log_sigmoid(-x))",
            "t * ln(1 + exp(-x)) + (1 - t) * ln(1 + exp(x))",
            "let p = 1 / (1 + exp(-x)); -(t * ln(p) + (1 - t) * ln(1 - p))",
        ],
    ),
    (
        "own partner against the others",
        "a: [N, D], b: [N, D]",
        "axis M like N; let s = dot[D](a, b[N -> M]);",
        &[
            "softplus(lse[M, M != N](s) - s[M = N])",
            "softplus(lse[M, M != N](s - s[M = N]))",
            "ln(1 + sum[M, M != N](exp(s - s[M = N])))",
            "log1p(sum[M, !(M == N)](exp(s - s[M = N])))",
            "log1p(exp(lse[M, M != N](s - s[M = N])))",
        ],
    ),
    (
        "cosine similarity",
        "a: [N, D], b: [N, D]",
        "",
        &[
            "1 - dot[D](unit[D](a), unit[D](b))",
            "1 - dot[D](a, b) / (norm[D](a) * norm[D](b))",
            "1 - sum[D](a * b) / (sqrt(sum[D](a * a)) * sqrt(sum[D](square(b))))",
            "1 - sum[D](unit[D](a) * unit[D](b))",
            "1 - dot[D](a / norm[D](a), b / norm[D](b))",
            "1 - cos(acos(dot[D](unit[D](a), unit[D](b))))",
        ],
    ),
    (
        "squared distance",
        "a: [N, D], b: [N, D]",
        "",
        &[
            "sum[D](square(a - b))",
            "sum[D]((a - b) * (a - b))",
            "dot[D](a - b, a - b)",
            "pow(norm[D](a - b), 2)",
            "square(sqrt(sum[D](square(a - b))))",
            "sum[D](pow(abs(a - b), 2))",
        ],
    ),
    (
        "angular margin",
        "c: [N] where -1 < c && c < 1, m: scalar = 0.5",
        "",
        &[
            "cos(acos(c) + m)",
            "cos(m + acos(c))",
            "let t = acos(c); cos(t) * cos(m) - sin(t) * sin(m)",
            "c * cos(m) - sin(acos(c)) * sin(m)",
            "c * cos(m) - sqrt((1 - c) * (1 + c)) * sin(m)",
        ],
    ),
];

#[test]
fn however_a_loss_is_written_the_kernel_is_the_same() {
    let mut differ = vec![];
    for (loss, parameters, before, bodies) in SPELLINGS {
        assert!(bodies.len() >= 5, "{loss}");
        let code = |body: &str| code(&format!("pub Same({parameters}) {{ {before} {body} }}"));
        let first = code(bodies[0]);
        let others = bodies[1..].iter().filter(|body| code(body) != first);
        differ.extend(others.map(|body| format!("{loss}: {} and {body}", bodies[0])));
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
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
