//! Losses in which rules fire.

use super::points::Points;

/// `(rules that must fire, points, definition)`.
pub(super) const SAMPLES: &[(&[&str], Points, &str)] = &[
    (
        &["softmax-minus-one-hot", "factor"],
        Points::All,
        "L(z: [N, C], y: [N] in C) { lse[C](z) - z[C = y] }",
    ),
    (
        &["softmax-minus-one-hot", "factor"],
        Points::All,
        "L(z: [N, C], y: [N] in C, g: scalar = 2 where g >= 0) {
            let p = softmax[C](z)[C = y];
            -pow(1 - p, g) * ln(p)
        }",
    ),
    (
        &["logits-less-lse", "softmax-minus-one-hot"],
        Points::All,
        "L(z: [N, C], y: [N] in C, e: scalar = 0.1) {
            lse[C](z) - (1 - e) * z[C = y] - e * mean[C](z)
        }",
    ),
    (
        &["one-minus"],
        Points::All,
        "L(x: [N], k: scalar = 3 where k > 0) { k * tanh(x / k) + 2 - 2 * square(tanh(x)) }",
    ),
    (
        &["one-minus", "exp-of-scaled-log"],
        Points::All,
        "L(z: [N, C], y: [N] in C, x: [N], q: scalar = 0.7 where q > 0) {
            let p = softmax[C](z)[C = y];
            (1 - pow(p, q)) / q + (1 - pow(1 - p, q)) + (1 - pow(sigmoid(x), q)) + expm1(q * ln(p))
        }",
    ),
    (
        &["sum-of-closed-terms"],
        Points::All,
        "L(z: [N, C], y: [N] in C, e: scalar = 0.1) {
            let q = (1 - e) * (if C == y { 1 } else { 0 }) + e / size[C];
            -sum[C](q * log_softmax[C](z))
        }",
    ),
    (
        &["sum-of-closed-terms"],
        Points::All,
        "L(z: [N, C], b: [N]) { sum[C](softmax[C](z) * b * b + z) }",
    ),
    (
        &["contraction-at-hand", "select-same"],
        Points::NonZero,
        "L(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 4, m: scalar = 0.3) {
            let c = dot[D](unit[D](x), unit[D](w));
            let z = s * (if C == y { c - m } else { c });
            lse[C](z) - z[C = y]
        }",
    ),
    (
        &["cosine-of-angle", "one-minus", "hoist"],
        Points::NonZero,
        "L(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 4, m: scalar = 0.3) {
            let c = dot[D](unit[D](x), unit[D](w));
            let phi = cos(acos(c[C = y]) + m);
            let z = s * (if C == y { phi } else { c });
            lse[C](z) - z[C = y]
        }",
    ),
    (
        &["cosine-of-angle", "sine-times-direction"],
        Points::NonZero,
        "L(x: [N, D], w: [N, D]) { cos(4 * acos(dot[D](unit[D](x), unit[D](w)))) }",
    ),
    (
        &["cosine-of-angle", "sine-times-direction"],
        Points::NonZero,
        "L(x: [N, D], w: [N, D]) { cos(3 * acos(dot[D](unit[D](x), unit[D](w)))) }",
    ),
    (
        &["cosine-of-angle", "sine-cancels"],
        Points::All,
        "L(c: [N] where -1 < c && c < 1, m: scalar = 0.3) { cos(2 * acos(c) + m) }",
    ),
    (
        &["cosine-of-angle", "sine-cancels"],
        Points::All,
        "L(c: [N] where -1 < c && c < 1) { cos(3 * acos(c)) + sin(acos(c)) }",
    ),
    (
        &["count-thresholds"],
        Points::Generic,
        "L(c: [N] where -1 < c && c < 1) { c * floor(3 * acos(c) / pi) + floor(4 * acos(c) / pi) }",
    ),
    (
        &["compare-angle"],
        Points::Generic,
        "L(c: [N] where -1 < c && c < 1) {
            let t = acos(c);
            (if t < pi / 3 { c } else { 0 }) + (if 1 < t { 1 } else { c * c }) + (if t >= pi / 4 { 3 } else { c })
        }",
    ),
    (
        &["norm-times-unit", "square-of-norm", "unit-dot-self"],
        Points::All,
        "L(x: [N, D]) {
            sum[D](norm[D](x) * unit[D](x) * unit[D](x)) + norm[D](x) * norm[D](x) + dot[D](unit[D](x), x)
        }",
    ),
    (
        &["sigmoid-pair", "softplus-pair"],
        Points::All,
        "L(x: [N], t: const [N]) { t * softplus(-x) + (1 - t) * softplus(x) }",
    ),
    (
        &["merge-powers", "exp-of-scaled-log"],
        Points::All,
        "L(p: [N] where 0 < p && p < 1, g: scalar = 2 where g >= 0, z: [N, C], y: [N] in C) {
            pow(p, g) * p * p + exp(g * ln(p)) * z[C = y] + exp(g * log_softmax[C](z)[C = y])
        }",
    ),
    (
        &["log-of-product"],
        Points::All,
        "L(p: [N] where 0 < p && p < 1, q: [N] where 0 < q) { ln(p * q * q) * p }",
    ),
    (
        &["one-minus-part"],
        Points::All,
        "L(x: [N], t: const [N]) { let s = square(x - t); 2 * s / (s + 4) }",
    ),
    (
        &["one-minus-part", "log-of-part"],
        Points::All,
        "L(x: [N, S], t: mask [N, S], s: scalar = 1 where s > 0) {
            let hit = sum[S, t](sigmoid(x));
            let miss = sum[S, !t](sigmoid(x)) + sum[S, t](1 - sigmoid(x));
            1 - (2 * hit + s) / (2 * hit + miss + s) - ln((hit + s) / (hit + 2 * miss + s))
        }",
    ),
    (
        &["root-minus-part"],
        Points::All,
        "L(x: [N], e: scalar = 0.5 where e > 0) { sqrt(x * x + e * e) - e + x * (3 * sqrt(x * x + 4) - 6) }",
    ),
    (
        &["merge-selects", "select-factor", "select-known"],
        Points::All,
        "L(x: [N], t: mask [N], r: mask [N], a: scalar = 0.3) {
            let u = if t { a * x } else { x * (1 - a) };
            let v = if t && r { 0 } else { x * (if t { sin(x) } else { cos(x) }) };
            u * v + if t { x } else { -x }
        }",
    ),
    (
        &["fuse-sums"],
        Points::All,
        "L(x: [N, D], w: [C, D], v: [C, D]) {
            let a = dot[D](x, w);
            sum[C](sin(a)) + sum[C](cos(a) * size[D]) + sum[C](dot[D](x, v) * norm[D](v))
        }",
    ),
    (
        &["collect-factors", "collect-terms"],
        Points::NonZero,
        "L(x: [N, D], b: [N]) {
            let n = norm[D](x);
            b * (1 + n) / (1 + sum[D](unit[D](x) * x)) + (b + sin(b)) - sum[D](unit[D](x) * x) + n
        }",
    ),
];
