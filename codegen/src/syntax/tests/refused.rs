//! Mistakes: the message of each, and what survives around it.

use super::{messages, parse};
use crate::syntax::ast::ParameterKind;

#[test]
fn a_mistake_costs_its_own_part_alone() {
    let (definitions, diagnostics) = parse(
        "pub L(x: [N, D], 3: scalar, s: scaler = 1, y: [N] in C) {
             let a = exp(x +);
             let b = 2 ** x;
             lett c = 3;
             sum[D](a[N]) + min(x, ,1)
         }
         pub struct M(x: [N]) { x }
         pub Fine(x: [N]) { x }",
    );
    let found = messages(&diagnostics);
    let expected = [
        "expected the name of a parameter, found `3`",
        "expected the kind of the parameter: `[AXES]`, `[AXES] in AXIS`, `const [AXES]`, `id [AXES]`, `mask [AXES]`, `scalar`, `learn scalar`, `static int` or `flag`, found `scaler`\nhelp: did you mean `scalar`?",
        "expected an expression, found `)`",
        "expected an expression, found `*`",
        "expected an operator or the end of the body, found `c`\nhelp: `lett` begins no declaration; did you mean `let`?",
        "expected `=` or `->` after the axis `N`, found `]`\nhelp: an index is `a[N = position]`; a reduction is `a[N](…)`",
        "expected an argument, found `,`",
        "expected the name of a loss, found `struct`\nhelp: a loss is written `pub Name(parameters) { body }`, without a keyword",
    ];
    assert_eq!(found, expected);
    let names: Vec<&str> = definitions.iter().map(|d| d.name.text.as_str()).collect();
    assert_eq!(names, ["L", "Fine"]);
    assert!(definitions[0].broken && definitions[0].lost_names);
    assert!(!definitions[1].broken && !definitions[1].lost_names);
    let parameters: Vec<&str> = definitions[0]
        .parameters
        .iter()
        .map(|p| p.name.text.as_str())
        .collect();
    assert_eq!(parameters, ["x", "s", "y"]);
    assert!(matches!(
        definitions[0].parameters[1].kind,
        ParameterKind::Error
    ));
}

/// One mistake each, with its one message.
#[test]
fn single_mistakes() {
    let cases = [
        (
            "",
            "expected the loss, an expression without `;`, found `}`",
        ),
        ("x;", "the loss is an expression without `;`"),
        (
            "x; x",
            "an expression followed by `;` has no effect: the loss is the last expression",
        ),
        (
            "a = 3; x",
            "expected an operator or the end of the body, found `=`\nhelp: declare it with `let a = …;`; `==` compares",
        ),
        (
            "let a = 3 let b = 4; a + b",
            "expected an operator or `;`, found `let`",
        ),
        ("let = 3; x", "expected the name to declare, found `=`"),
        ("let a 3; x", "expected `=` and the value of `a`, found `3`"),
        (
            "axis M; x",
            "expected `like` and the axis that `M` runs along with, found `;`",
        ),
        ("pub a = 3; x", "expected `let` after `pub`, found `a`"),
        (
            "if x > 0 { 1 }",
            "this `if` has no `else`\nhelp: write `else { … }`: every position needs a value",
        ),
        (
            "if x > 0 { 1 } else 2",
            "expected `{` or `if` after `else`, found `2`",
        ),
        (
            "0 < x < 1",
            "comparisons do not chain\nhelp: write `a < b && b < c`",
        ),
        (
            "x[]",
            "expected `AXIS = position` or `AXIS -> AXIS`, found `]`",
        ),
        ("x[N = ]", "expected an expression, found `]`"),
        ("x[N -> 3]", "expected an axis, found `3`"),
        ("sum[](x)", "expected an axis, found `]`"),
        ("sum[x > 0](x)", "expected an axis before the condition"),
        (
            "sum[N, x > 0, x < 1](x)",
            "the condition comes last, after the axes\nhelp: join several conditions with `&&`",
        ),
        ("sum[k in 0](x)", "expected `..` or `..=`, found `]`"),
        (
            "sum[k in 0..3] x",
            "expected `(` and the term of the unrolled `sum`, found `x`",
        ),
        ("size[3]", "expected an axis, found `3`"),
        (
            "1.5f32 * x",
            "`1.5f32` has a type suffix; numbers have none",
        ),
        (
            "1e99 * x",
            "`1e99` is not a decimal number of at most 38 digits",
        ),
        ("\"x\"", "expected an expression, found `\"x\"`"),
        (
            "x $ 2",
            "expected an operator or the end of the body, found `$`",
        ),
        (
            "F(x; 3)",
            "expected the name of a scalar, flag or static integer, found `3`",
        ),
        ("F(x; a)", "expected `=` and the value of `a`, found `)`"),
        (
            "fn f(a: [N]) { a } x",
            "expected `,`, found `:`\nhelp: a local function takes values with any axes: write the name alone",
        ),
        (
            "x let a = 3;",
            "expected an operator, or `}` after the value of the body, found `let`\nhelp: declarations come before it",
        ),
        (
            "if x > 0 { axis M like N; x } else { 0 }",
            "a branch of an `if` declares nothing but `let`",
        ),
    ];
    for (body, message) in cases {
        let (definitions, diagnostics) = parse(&format!("L(x: [N]) {{ {body} }}"));
        assert_eq!(messages(&diagnostics), [message], "{body}");
        assert!(definitions[0].broken);
    }
    let headers = [
        (
            "L",
            "expected `(` and the parameters, found the end of the macro",
        ),
        (
            "L(x: [N])",
            "expected `{` and the body of the loss, found the end of the macro",
        ),
        (
            "L(x [N]) { x }",
            "expected `:` and the kind of `x`, found `[`",
        ),
        (
            "L(x: [N] of C) { x }",
            "expected `,`, `in` or `where`, found `of`",
        ),
        ("L(x: [N,,C]) { x }", "expected an axis, found `,`"),
        (
            "L(k: static = 3) { k }",
            "expected `int` after `static`, found `=`",
        ),
        (
            "L(k: static int) { k }",
            "expected `=` and the value of the `static int`, found `)`",
        ),
        (
            "L(f: flag = 1) { f }",
            "expected `true` or `false`, found `1`",
        ),
        (
            "L(#[x] s: scalar) { s }",
            "a parameter takes doc comments but no other attribute",
        ),
        ("@use L() { 0 }", "expected `import` after `@`, found `use`"),
    ];
    for (source, message) in headers {
        assert_eq!(messages(&parse(source).1), [message], "{source}");
    }
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    let source = format!("L() {{ {}1{} }}", "(".repeat(3000), ")".repeat(3000));
    assert_eq!(messages(&parse(&source).1).len(), 1);
}
