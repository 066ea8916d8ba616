//! What the grammar accepts comes back from the printer; what it refuses is refused once, there.

use super::ast::{
    BinaryOperator, Block, Definition, Expression, ExpressionKind, Index, Name, ParameterKind,
    Statement, UnaryOperator,
};
use crate::support::{Diagnostics, Rational};
use proc_macro2::{Span, TokenStream};

fn parse(source: &str) -> (Vec<Definition>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let tokens: TokenStream = source.parse().expect("Rust tokens");
    let definitions = super::parse(tokens, &mut diagnostics);
    (definitions, diagnostics)
}

fn messages(diagnostics: &Diagnostics) -> Vec<String> {
    diagnostics.iter().map(|found| found.text()).collect()
}

fn accepted(source: &str) -> Definition {
    let (mut definitions, diagnostics) = parse(source);
    assert!(diagnostics.is_empty(), "{:?}", messages(&diagnostics));
    assert_eq!(definitions.len(), 1);
    definitions.remove(0)
}

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
    let far = max[M, N != M](sum[D](square(x - x[N -> M])));
    let poly = sum[k in 0..m](pow(a, k)) + prod[k in 1..=m](k);
    let all = half(Other(x, y; gamma = 2, hard = hard), size[N]);
    if keep && !(near > 0) || hard { -(far + poly) * all } else { 0 }
}
";
    for source in [ARCFACE, everything] {
        assert_eq!(super::print::definition(&accepted(source)), source);
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
    assert_eq!(super::print::definition(&accepted(source)), source);
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
fn captures_of_a_macro_are_read_as_parenthesised() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    let sum = Group::new(Delimiter::None, "a + b".parse().expect("tokens"));
    let mut body: TokenStream = "2 *".parse().expect("tokens");
    body.extend([TokenTree::Group(sum)]);
    let mut tokens: TokenStream = "L(a: [], b: [])".parse().expect("tokens");
    tokens.extend([TokenTree::Group(Group::new(Delimiter::Brace, body))]);
    let mut diagnostics = Diagnostics::new();
    let definitions = super::parse(tokens, &mut diagnostics);
    assert!(diagnostics.is_empty());
    assert_eq!(
        super::print::expression(&definitions[0].body.result),
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
        "expected the kind of the parameter: `[AXES]`, `[AXES] in AXIS`, `const [AXES]`, `mask [AXES]`, `scalar`, `learn scalar`, `static int` or `flag`, found `scaler`\nhelp: did you mean `scalar`?",
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

/// A small reproducible source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % count
    }

    fn name(&mut self) -> Name {
        let text = ["x", "y", "weight", "axis", "N", "C", "sum"][self.below(7)];
        Name {
            text: text.to_owned(),
            range: Span::call_site().into(),
        }
    }

    fn function(&mut self) -> Name {
        Name {
            text: ["exp", "sum", "Other"][self.below(3)].to_owned(),
            range: Span::call_site().into(),
        }
    }

    fn boxed(&mut self, depth: usize) -> Box<Expression> {
        Box::new(self.expression(depth))
    }

    fn block(&mut self, depth: usize) -> Box<Block> {
        let statements = (0..self.below(2))
            .map(|_| Statement::Let {
                docs: Vec::new(),
                public: false,
                name: self.name(),
                value: self.expression(depth),
            })
            .collect();
        Box::new(Block {
            statements,
            result: self.expression(depth),
        })
    }

    fn expression(&mut self, depth: usize) -> Expression {
        let kind = match self.below(if depth == 0 { 4 } else { 12 }) {
            0 => ExpressionKind::Number {
                value: Rational::HALF,
                text: "0.5".to_owned(),
            },
            1 => ExpressionKind::Pi,
            2 => ExpressionKind::Size(self.name()),
            3 => ExpressionKind::Name(self.name()),
            4 => ExpressionKind::Unary {
                operator: [UnaryOperator::Negate, UnaryOperator::Not][self.below(2)],
                operand: self.boxed(depth - 1),
            },
            5..=7 => ExpressionKind::Binary {
                operator: BinaryOperator::ALL[self.below(12)],
                left: self.boxed(depth - 1),
                right: self.boxed(depth - 1),
            },
            8 => ExpressionKind::If {
                condition: self.boxed(depth - 1),
                then: self.block(depth - 1),
                otherwise: self.block(depth - 1),
            },
            9 => ExpressionKind::Index {
                base: self.boxed(depth - 1),
                indices: vec![
                    Index::Gather {
                        axis: self.name(),
                        position: self.expression(depth - 1),
                    },
                    Index::Rename {
                        from: self.name(),
                        to: self.name(),
                    },
                ],
            },
            10 => ExpressionKind::Reduce {
                reduction: self.function(),
                axes: vec![self.name()],
                filter: Some(Box::new(Expression {
                    kind: ExpressionKind::Unary {
                        operator: UnaryOperator::Not,
                        operand: self.boxed(depth - 1),
                    },
                    range: Span::call_site().into(),
                })),
                arguments: vec![self.expression(depth - 1)],
            },
            _ => ExpressionKind::Call {
                function: self.function(),
                arguments: vec![self.expression(depth - 1), self.expression(depth - 1)],
                settings: vec![(self.name(), self.expression(depth - 1))],
            },
        };
        Expression {
            kind,
            range: Span::call_site().into(),
        }
    }
}

#[test]
fn whatever_is_printed_reads_back() {
    let mut choices = Choices(1);
    for _ in 0..2000 {
        let expression = choices.expression(4);
        let text = super::print::expression(&expression);
        let read = accepted(&format!("L() {{ {text} }}")).body.result;
        assert_eq!(format!("{read:?}"), format!("{expression:?}"), "{text}");
    }
}
