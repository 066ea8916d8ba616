//! The table of rules as people read it, and that each of them earns its place.

use std::path::Path;

use super::*;
use crate::simplify::convert::{roots, to_egraph};
use crate::simplify::rules;
use crate::simplify::saturate::{Budget, saturate};

/// `UPDATE_RULES=1` writes the table; the difference is to be read.
#[test]
fn the_table_of_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simplify/tests/rules.txt");
    let rules = rules::all();
    let table: Vec<String> = rules.iter().map(ToString::to_string).collect();
    let table = table.join("\n");
    if std::env::var_os("UPDATE_RULES").is_some() {
        std::fs::write(&path, &table).expect("a file to write");
    }
    let kept = std::fs::read_to_string(&path).expect("the table");
    assert_eq!(
        table, kept,
        "run the test with UPDATE_RULES=1 and read the difference"
    );
}

/// Textbook forms that are to become stable.
const NAIVE: &[&str] = &[
    "A(z: [N, C]) { ln(sum[C](exp(z))) }",
    "B(z: [N, C], y: [N] in C) { -ln(exp(z[C = y]) / sum[C](exp(z))) }",
    "C(z: [N, C], y: [N] in C) { ln(1 - softmax[C](z)[C = y]) }",
    "D(x: [N]) { ln(1 / (1 + exp(-x))) + ln(1 - sigmoid(x)) }",
    "E(x: [N]) { ln(1 + exp(x)) }",
    "F(x: [N] where x < 0) { ln(1 - exp(x)) + (1 - exp(x)) }",
    "G(z: [N, C]) { let p = softmax[C](z); -sum[C](p * ln(p)) }",
    "H(z: [N, C], y: [N] in C, g: scalar = 2 where g >= 0) {
        let p = softmax[C](z)[C = y];
        -pow(1 - p, g) * ln(p)
    }",
    "I(x: [N, D]) { sqrt(sum[D](x * x)) }",
    "J(x: [N, D], t: const [N, D]) { sum[D](t * x / norm[D](x)) }",
    "K(c: [N] where -1 <= c && c <= 1, m: scalar = 0.5) { cos(acos(c) + m) + cos(3 * acos(c)) }",
    "M(x: [N]) { ln((exp(x) + exp(-x)) / 2) }",
    "O(x: [N, D]) { mean[D](x * x) - square(mean[D](x)) }",
    "P(z: [N, C], v: [N, C]) {
        let p = softmax[C](z);
        sum[C](p * (ln(p) - ln(softmax[C](v))))
    }",
    "Q(x: [N], t: const [N]) { let p = sigmoid(x); -t * ln(p) - (1 - t) * ln(1 - p) }",
    "R(x: [N], e: scalar = 1e-3 where e > 0) { sqrt(x * x + e * e) - e }",
    "S(x: [N, D]) { square(norm[D](x)) }",
    // Label smoothing, by logits and by targets.
    "T(z: [N, C], y: [N] in C, e: scalar = 0.1) { lse[C](z) - (1 - e) * z[C = y] - e * mean[C](z) }",
    "U(z: [N, C], y: [N] in C, e: scalar = 0.1) {
        let q = (1 - e) * (if C == y { 1 } else { 0 }) + e / size[C];
        -sum[C](q * ln(softmax[C](z)))
    }",
    // The margin of L-Softmax as its paper has it: (−1)^k cos mθ − 2k with k = ⌊mθ/π⌋.
    "V(c: [N] where -1 <= c && c <= 1) {
        let k = floor(4 * acos(c) / pi);
        (1 - 2 * (k - 2 * floor(k / 2))) * cos(4 * acos(c)) - 2 * k
    }",
    // A vector as its length times its direction.
    "X(x: [N, D]) {
        let n = norm[D](x);
        let u = x / n;
        sum[D](n * u * u) + dot[D](x, u)
    }",
    "S(p: [N] where 0 < p && p < 1, g: scalar = 2 where g >= 0) { exp(g * ln(p)) * p }",
];

#[test]
fn every_rule_fires_in_a_loss_or_makes_a_textbook_form_stable() {
    let rules = rules::all();
    let naive = NAIVE.iter().flat_map(|source| losses(source));
    let mut idle: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
    for loss in catalogue::shipped().into_iter().chain(naive) {
        let gradient = diff::gradient(loss);
        let mut converted = to_egraph(&gradient.loss.graph, &roots(&gradient));
        let fired = saturate(&mut converted.egraph, &rules, Budget::default(), None).fired;
        for (rule, count) in rules.iter().zip(fired) {
            if count > 0 {
                idle.retain(|name| *name != rule.name);
            }
        }
    }
    assert!(idle.is_empty(), "these never fire: {idle:?}");
}
