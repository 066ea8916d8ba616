//! What simplification must find, that it keeps every value, and that its rules are identities.

mod catalogue;
mod conditions;
mod explained;
mod found;
mod optimality;
mod points;
mod replay;
mod samples;
mod soundness;
mod table;
mod unsound;

use super::{Report, simplify_with_report};
use crate::ir::{Gradient, Graph, Loss, NodeId, Simplified};
use crate::support::Diagnostics;
use crate::{diff, sema, syntax};

/// The losses of a `loss!` body.
fn losses(source: &str) -> Vec<Loss> {
    let mut diagnostics = Diagnostics::new();
    let tokens = source.parse().expect("tokens");
    let definitions = syntax::parse(tokens, &mut diagnostics);
    let losses = sema::analyse(&definitions, &mut diagnostics);
    let messages: Vec<_> = diagnostics.iter().map(|found| found.text()).collect();
    assert!(messages.is_empty(), "{source}\n{messages:#?}");
    losses.into_iter().flatten().collect()
}

/// One loss, differentiated and simplified.
fn simplified(source: &str) -> (Gradient, Simplified, Report) {
    let loss = losses(source).pop().expect("a loss");
    let gradient = diff::gradient(loss);
    let (simplified, report) = simplify_with_report(gradient.clone());
    (gradient, simplified, report)
}

/// The gradient of a parameter by name.
fn gradient_of(gradient: &Gradient, name: &str) -> NodeId {
    let graph: &Graph = &gradient.loss.graph;
    let found = gradient
        .gradients
        .iter()
        .find(|g| graph.param(g.0).name == name);
    found.expect("a differentiated parameter").1
}

/// Losses that do not ship: one for every kind of structure.
const MORE: &[&str] = &[
    "Cosine(a: [N, D], b: [N, D]) { 1 - dot[D](unit[D](a), unit[D](b)) }",
    "ArcOnCosines(c: [N, C] where -1 < c && c < 1, y: [N] in C, s: scalar = 8, m: scalar = 0.5) {
        let z = s * if C == y { cos(acos(c) + m) } else { c };
        lse[C](z) - z[C = y]
    }",
    "Sphere(x: [N, D], w: [C, D], y: [N] in C) {
        let c = dot[D](unit[D](x), unit[D](w));
        let k = floor(4 * acos(c) / pi);
        let psi = (1 - 2 * (k - 2 * floor(k / 2))) * cos(4 * acos(c)) - 2 * k;
        let z = norm[D](x) * if C == y { psi } else { c };
        lse[C](z) - z[C = y]
    }",
    "Norm(x: [N, D], w: [C, D], y: [N] in C, s: learn scalar = 3 where s > 0) {
        let c = dot[D](unit[D](x), unit[D](w));
        lse[C](s * c) - s * c[C = y]
    }",
    "Smooth(z: [N, C], y: [N] in C, e: scalar = 0.1) {
        let q = (1 - e) * (if C == y { 1 } else { 0 }) + e / size[C];
        -sum[C](q * log_softmax[C](z))
    }",
    "InfoNce(x: [N, D], t: scalar = 0.5 where t > 0) {
        axis M like N;
        let u = unit[D](x);
        let c = dot[D](u, u[N -> M]) / t;
        lse[M, M != N](c) - sum[M, M == N](c)
    }",
    "Triplet(x: [N, D], p: [N, D], q: [N, D], m: scalar = 0.2) {
        max(0, norm[D](x - p) - norm[D](x - q) + m)
    }",
    "Center(x: [N, D], w: [C, D], y: [N] in C) {
        sum[D]((x - w[C = y]) * (x - w[C = y])) / 2
    }",
    "Dice(z: [N, H], t: const [N, H] where 0 <= t && t <= 1) {
        let p = sigmoid(z);
        1 - 2 * sum[H](p * t) / (sum[H](p) + sum[H](t) + 1)
    }",
    "SoftmaxDice(z: [N, C, H], y: [N, H] in C, s: scalar = 1 where s > 0) {
        let p = softmax[C](z);
        let hit = sum[H, C == y](p);
        let missed = sum[H](if C == y { 1 - p } else { p });
        mean[C](1 - (2 * hit + s) / (2 * hit + missed + s))
    }",
    "Huber(x: [N], t: const [N], d: scalar = 1 where d > 0) {
        let r = abs(x - t);
        if r < d { r * r / 2 } else { d * (r - d / 2) }
    }",
    "Supervised(x: [N, D], y: [N] in C, w: [C, D], t: scalar = 0.5 where t > 0) {
        axis M like N;
        let u = unit[D](x);
        let z = dot[D](u, u[N -> M]) / t;
        let same = y == y[N -> M] && M != N;
        let n = count[M, same];
        if n > 0 { -sum[M, same](z - lse[M, M != N](z)) / n } else { 0 } + dot[D](x, w[C = y])
    }",
    // What is detached becomes a second factor of the same.
    "Weighted(x: [N], t: [N]) {
        let w = 1 + x * x;
        weight detach(w);
        t - w / (w + w)
    }",
    // Branches that merge to powers of one thing.
    "Powers(z: [N, C], y: [N] in C, t: mask [N]) {
        let p = softmax[C](z)[C = y];
        (if t { p * p } else { p }) * (if t { p } else { p * p })
    }",
    "Jensen(z: [N, C], v: [N, C]) {
        let p = softmax[C](z);
        let q = softmax[C](v);
        let m = (p + q) / 2;
        sum[C](xlogy(p, p) + xlogy(q, q) - 2 * xlogy(m, m)) / 2
    }",
];
