//! Each kind of hazard: there without a proof, gone with it.

use std::path::Path;

use super::Hazard;
use crate::compile::compile;
use crate::ir::HazardKind;

fn hazards(source: &str) -> Vec<Hazard> {
    let tokens = source.parse().expect("tokens");
    let losses = compile(tokens).unwrap_or_else(|diagnostics| {
        let messages: Vec<_> = diagnostics.iter().map(|found| found.text()).collect();
        panic!("{source}\n{messages:#?}")
    });
    losses.into_iter().flat_map(|loss| loss.hazards).collect()
}

/// `kind: expression where condition (outputs)`, a line each.
fn listed(source: &str) -> Vec<String> {
    let line = |hazard: &Hazard| {
        let outputs: Vec<_> = hazard.outputs.iter().map(ToString::to_string).collect();
        format!(
            "{}: {} where {} ({})",
            hazard.kind.name(),
            hazard.expression.text,
            hazard.condition.text,
            outputs.join(", ")
        )
    };
    hazards(source).iter().map(line).collect()
}

fn check(source: &str, expected: &[&str]) {
    assert_eq!(listed(source), expected, "{source}");
}

#[test]
fn logarithm_of_what_may_be_zero() {
    check(
        "L(p: [N]) { -ln(p) }",
        &["log_of_zero: ln(p) where p ≤ 0 (value, ∂/∂p)"],
    );
    check(
        "L(p: [N] where p >= 0) { -ln(p) }",
        &["log_of_zero: ln(p) where p = 0 (value, ∂/∂p)"],
    );
    check("L(p: [N] where p > 0) { -ln(p) }", &[]);
    check(
        "L(x: [N] where x >= -1) { ln(1 + x) }",
        &["log_of_zero: ln(x + 1) where x = −1 (value, ∂/∂x)"],
    );
    check("L(x: [N] where x > -1) { ln(1 + x) }", &[]);
    check(
        "L(x: [N], p: const [N] where p >= 0) { x * xlogy(p, p) }",
        &[],
    );
    check(
        "L(x: [N], p: const [N], q: const [N] where q >= 0) { x * xlogy(p, q) }",
        &["log_of_zero: p · ln(q) where q = 0 (value, ∂/∂x)"],
    );
}

#[test]
fn quotient_by_what_may_be_zero() {
    check(
        "L(x: [N], n: const [N]) { x / n }",
        &["division_by_zero: 1 / n where n = 0 (value, ∂/∂x)"],
    );
    check("L(x: [N], n: const [N] where n > 0) { x / n }", &[]);
    check("L(x: [N], n: const [N] where n < 0) { x / n }", &[]);
    check(
        "L(x: [N], n: const [N]) { if n != 0 { x / n } else { 0 } }",
        &[],
    );
    check(
        "L(x: [N], t: scalar where t >= 0) { x / t }",
        &["division_by_zero: 1 / t where t = 0 (value, ∂/∂x)"],
    );
    check(
        "L(x: [N]) { tan(x) }",
        &["division_by_zero: tan(x) where cos(x) = 0 (value, ∂/∂x)"],
    );
    check("L(x: [N] where -1 < x && x < 1) { tan(x) }", &[]);
}

#[test]
fn functions_outside_of_their_domains() {
    check(
        "L(x: [N]) { sqrt(x) }",
        &["outside_domain: √x where x < 0 (value, ∂/∂x)"],
    );
    check(
        "L(c: [N]) { acos(c) }",
        &["outside_domain: acos(c) where |c| > 1 (value, ∂/∂c)"],
    );
    check(
        "L(x: [N], g: scalar = 2) { pow(x, g) }",
        &["outside_domain: x^g where x < 0 (value, ∂/∂x)"],
    );
    check("L(x: [N] where x > 0, g: scalar = 2) { pow(x, g) }", &[]);
}

#[test]
fn finite_values_with_infinite_slopes() {
    let acos = "infinite_slope: acos(c) where |c| = 1 (∂/∂c)";
    check("L(c: [N] where -1 <= c && c <= 1) { acos(c) }", &[acos]);
    check("L(c: [N] where -1 < c && c < 1) { acos(c) }", &[]);
    check(
        "L(c: [N] where -1 <= c && c <= 1) { asin(c) }",
        &["infinite_slope: asin(c) where |c| = 1 (∂/∂c)"],
    );
    check(
        "L(x: [N] where x >= 0) { sqrt(x) }",
        &["infinite_slope: √x where x = 0 (∂/∂x)"],
    );
    check("L(x: [N] where x > 0) { sqrt(x) }", &[]);
    check(
        "L(x: [N, D] where x >= 0, w: [N, D] where w >= 0) { sqrt(sum[D](x * w)) }",
        &["infinite_slope: √Σ[D](x · w) where Σ[D](x · w) = 0 (∂/∂x, ∂/∂w)"],
    );
    check("L(x: [N, D]) { sqrt(sum[D](square(x))) }", &[]);
    check(
        "L(x: [N] where x >= 0, g: scalar = 2 where g >= 0) { pow(x, g) }",
        &["infinite_slope: x^(g − 1) where x = 0 (∂/∂x)"],
    );
    check(
        "L(x: [N] where x >= 0, g: scalar = 2 where g >= 1) { pow(x, g) }",
        &[],
    );
}

#[test]
fn exponentials_that_overflow_before_the_result_does() {
    check(
        "L(x: [N]) { ln(3 + exp(x) + exp(2 * x)) }",
        &["overflow: exp(x) where x > 88 (value, ∂/∂x)"],
    );
    check(
        "L(x: [N] where x < 10) { ln(3 + exp(x) + exp(2 * x)) }",
        &[],
    );
    // A share of some logits is at most 1; a share of others may be anything.
    check(
        "L(z: [N, C], y: [N] in C) { ln(3 + exp(z[C = y] - lse[C](z))) }",
        &[],
    );
    let of_others = listed("L(z: [N, C], t: [N]) { ln(3 + exp(t - lse[C](z))) }");
    assert!(of_others[0].starts_with("overflow: "), "{of_others:?}");
    check("L(x: [N], t: const [N]) { exp(x) - t * x }", &[]);
    check("L(x: [N]) { exp(x) + 2 * expm1(x / 2) }", &[]);
    check(
        "L(x: [N], t: const [N]) { exp(x) - exp(t) }",
        &["overflow: exp(x) where x > 88 (value)"],
    );
    check(
        "L(x: [N, D], w: [N, D]) { ln(3 + exp(7 * dot[D](unit[D](x), unit[D](w)))) }",
        &[],
    );
}

#[test]
fn differences_that_lose_their_digits() {
    check("L(x: [N]) { 1 - sigmoid(x) }", &[]);
    let hazards = listed("L(x: [N], t: const [N]) { 1 - sigmoid(x) * sigmoid(t) }");
    assert!(hazards[0].starts_with("cancellation: 1 − "), "{hazards:?}");
}

/// A condition protects what stands under it along the same axes only.
#[test]
fn branches_protect_what_they_hold() {
    let parameters = "x: [N, C], t: const [N, C], y: [N] in C";
    let loss = |body: &str| format!("L({parameters}) {{ {body} }}");
    let division = "division_by_zero: 1 / t where t = 0 (value, ∂/∂x)";
    check(
        &loss("sum[C](if t > 0 { x / t } else { 0 }) * number(y)"),
        &[],
    );
    check(&loss("sum[C, t > 0](x / t) * number(y)"), &[]);
    check(
        &loss("if t[C = y] > 0 { sum[C](x / t) } else { 0 }"),
        &[division],
    );
    check(
        &loss("sum[C](if t > -1 { x / t } else { 0 }) * number(y)"),
        &[division],
    );
    check(
        "L(x: [N], t: const [N]) { if abs(x) < t { x / t } else { 0 } }",
        &[],
    );
}

#[test]
fn agreed_values_are_no_hazards() {
    for source in [
        "L(x: [N, D]) { norm[D](x) }",
        "L(a: [N, D], b: [N, D]) { 1 - dot[D](unit[D](a), unit[D](b)) }",
        "L(a: [N, D], b: [N, D]) { acos(dot[D](unit[D](a), unit[D](b))) }",
        "L(x: [N, C], m: mask [N, C]) { mean[C, m](x) }",
        "L(x: [N, D]) { axis M like N; lse[N, M](-2 * sum[D](square(unit[D](x) - unit[D](x)[N -> M]))) }",
        "L(x: [N, C]) { max[C](x) }",
        "L(x: [N]) { floor(x) * x + abs(x) }",
        "L(x: [N, C]) { sum[C](xlogy(softmax[C](x), softmax[C](x))) }",
    ] {
        check(source, &[]);
    }
}

/// An operator of the source that is several in the kernel is one hazard.
#[test]
fn one_hazard_an_operator() {
    let hazards = hazards(
        "L(z: [N, C], y: [N] in C, n: const [C] where n >= 0) {
            let a = z + ln(n);
            lse[C](a) - a[C = y]
        }",
    );
    assert_eq!(hazards.len(), 1, "{hazards:#?}");
    assert_eq!(hazards[0].outputs.len(), 2, "{hazards:#?}");
    assert!(hazards[0].range.is_some());
    assert_eq!(hazards[0].expression.text, "ln(n)");
}

#[test]
fn what_is_acknowledged_stays_listed() {
    let source = "#[acknowledge(log_of_zero)] L(p: [N], n: const [N]) { ln(p) / n }";
    let known: Vec<_> = hazards(source)
        .iter()
        .map(|hazard| (hazard.kind, hazard.acknowledged))
        .collect();
    assert_eq!(
        known,
        [
            (HazardKind::LogOfZero, true),
            (HazardKind::DivisionByZero, false)
        ]
    );
}

/// What is not acknowledged becomes a use of a deprecated constant of its name, and nothing else does.
#[test]
fn warnings_are_emitted_for_what_is_not_acknowledged() {
    let expanded = |source: &str| crate::expand(source.parse().expect("tokens")).to_string();
    let quotient = "L(x: [N], n: const [N]) { x / n }";
    let warned = expanded(quotient);
    assert_eq!(warned.matches("deprecated").count(), 1, "{warned}");
    let note = "`1 / n` divides by 0 where n = 0 (in value, ∂/∂x); declare `n: … where n > 0`, or decide with `if` what holds there, or acknowledge it: #[acknowledge(division_by_zero)]";
    assert!(warned.contains(note), "{warned}");
    let silent = expanded(&format!("#[acknowledge(division_by_zero)] {quotient}"));
    assert_eq!(silent.matches("deprecated").count(), 0, "{silent}");
}

/// Whoever uses a loss has its hazards too, at the call, acknowledged or not.
#[test]
fn a_loss_within_another_brings_its_hazards() {
    let hazards = hazards(
        "#[acknowledge(log_of_zero)] Inner(p: [N]) { ln(p) }
        Outer(p: [N]) { 2 * Inner(p) }",
    );
    let known: Vec<_> = hazards.iter().map(|hazard| hazard.acknowledged).collect();
    assert_eq!(known, [true, false]);
    assert!(hazards.iter().all(|hazard| hazard.range.is_some()));
}

/// The hazards of the library are these, and each is acknowledged.
#[test]
fn hazards_of_the_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loss-dsl/src/losses");
    let blocks = crate::syntax::blocks_below(&folder).expect("the library's sources");
    let losses: Vec<_> = blocks
        .into_iter()
        .flat_map(|b| compile(b).expect("no mistakes"))
        .collect();
    assert!(losses.len() > 90, "{}", losses.len());
    let mut found = Vec::new();
    for loss in &losses {
        for hazard in &loss.hazards {
            assert!(hazard.acknowledged, "{}", hazard.warning());
            found.push((loss.literal.loss.name.as_str(), hazard.kind.name()));
        }
    }
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("BalancedSoftmax", "log_of_zero"),
            ("GeneralizedDice", "division_by_zero"),
            ("MagFace", "division_by_zero"),
            ("PoissonNll", "log_of_zero"),
        ]
    );
}
