//! Definitions that are read, and how they are printed.

use super::{accepted, parse_tokens, print};
use crate::support::Diagnostics;
use proc_macro2::TokenStream;

const ARCFACE: &str = "\
pub ArcFace(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 64.0, m: scalar = 0.5) {
    let c = dot[D](unit[D](x), unit[D](w));
    let phi = cos(acos(c[C = y]) + m);
    let z = s * if C == y { phi } else { c };
    lse[C](z) - z[C = y]
}
";

#[test]
fn tidy_source_is_a_fixed_point() {
    let everything = "\
pub(crate) Everything(
    x: [N, D],
    t: const [N, C] where 0 <= t && t <= 1,
    y: [N] in C,
    keep: mask [N],
    who: id [N],
    a: scalar = -0.5 where a < 1,
    s: learn scalar = pi / 2,
    m: static int = 4,
    hard: flag = true,
    soft: flag,
) {
    axis M like N;
    fn half(u, v) {
        let sum = u + v;
        sum / 2
    }
    weight t[C = y];
    pub let near = count[M, N != M && y == y[N -> M]];
    next a = mean[N](x[D = 0]);
    let far = max[M, N != M](sum[D](square(x - x[N -> M])));
    let poly = sum[k in 0..m](pow(a, k)) + prod[k in 1..=m](k);
    let all = half(Other(x, y; gamma = 2, hard = hard), size[N]);
    if keep && !(near > 0) || hard { -(far + poly) * all } else { 0 }
}
";
    for source in [ARCFACE, everything] {
        assert_eq!(print::definition(&accepted(source)), source);
    }
}

#[test]
fn long_conditionals_take_a_line_per_branch() {
    let source = "\
L(x: [N]) {
    let y = if x > 0 {
        let a = exp(x);
        a / (1 + a)
    } else if x < -1 {
        tanh(x)
    } else {
        x
    };
    y
}
";
    assert_eq!(print::definition(&accepted(source)), source);
}

#[test]
fn docs_attributes_and_import_are_kept() {
    let definition = accepted(
        "@import /// First.\n///   Indented.\n#[allow(dead_code)] pub L(/** Scores. */ x: [N]) { x }",
    );
    assert!(definition.imported);
    assert_eq!(definition.docs, ["First.", "  Indented."]);
    assert_eq!(definition.attributes.len(), 1);
    assert_eq!(definition.visibility.to_string(), "pub");
    assert_eq!(definition.parameters[0].docs, ["Scores."]);
}

#[test]
fn acknowledged_hazards_are_no_attributes_of_rust() {
    let definition =
        accepted("#[acknowledge(overflow, log_of_zero)] #[allow(dead_code)] L(x: [N]) { x }");
    let names: Vec<_> = definition.acknowledged.iter().map(|n| &n.text).collect();
    assert_eq!(names, ["overflow", "log_of_zero"]);
    assert_eq!(definition.attributes.len(), 1);
}

#[test]
fn captures_of_a_macro_are_read_as_parenthesised() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    let sum = Group::new(Delimiter::None, "a + b".parse().expect("tokens"));
    let mut body: TokenStream = "2 *".parse().expect("tokens");
    body.extend([TokenTree::Group(sum)]);
    let mut tokens: TokenStream = "L(a: [], b: [])".parse().expect("tokens");
    tokens.extend([TokenTree::Group(Group::new(Delimiter::Brace, body))]);
    let mut diagnostics = Diagnostics::new();
    let definitions = parse_tokens(tokens, &mut diagnostics);
    assert!(diagnostics.is_empty());
    assert_eq!(
        print::expression(&definitions[0].body.result),
        "2 * (a + b)"
    );
}

#[test]
fn precedence() {
    let cases = [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b * c", "(a / b) * c"),
        ("-a * b", "(-a) * b"),
        ("-a[N = y]", "-(a[N = y])"),
        ("!a == b", "!(a == b)"),
        ("!a && b", "(!a) && b"),
        ("a || b && c", "a || (b && c)"),
        ("a == b + c && d", "(a == (b + c)) && d"),
        ("a < b || c < d", "(a < b) || (c < d)"),
        ("if a { b } else { c } * d", "(if a { b } else { c }) * d"),
        (
            "a * if b { c } else { d } + e",
            "(a * (if b { c } else { d })) + e",
        ),
    ];
    for (bare, grouped) in cases {
        let read = |text: &str| accepted(&format!("L() {{ {text} }}")).body.result;
        assert_eq!(
            format!("{:?}", read(bare)),
            format!("{:?}", read(grouped)),
            "{bare}"
        );
    }
}
