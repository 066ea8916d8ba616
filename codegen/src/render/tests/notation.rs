//! Constructs and precedence, in the three notations.

use crate::ir::tests::{Fixture, fixture};
use crate::ir::{AxisSet, Index, NodeId, Param, Range, Reducer, Role, UnaryOp};
use crate::render::formula;
use crate::support::rational::Rational;

fn scalar(f: &mut Fixture, name: &str) -> NodeId {
    let param = f.g.declare_param(Param {
        name: name.into(),
        role: Role::Scalar {
            learn: false,
            default: 1.0,
        },
        axes: vec![],
        range: Range::REAL,
        doc: String::new(),
    });
    f.g.scalar(param)
}

fn scalars<const N: usize>(f: &mut Fixture, names: [&str; N]) -> [NodeId; N] {
    names.map(|name| scalar(f, name))
}

fn text(f: &Fixture, node: NodeId) -> String {
    formula(&f.g, node).text()
}

fn latex(f: &Fixture, node: NodeId) -> String {
    formula(&f.g, node).latex()
}

#[test]
fn precedence() {
    let mut f = fixture();
    let [a, b, c] = scalars(&mut f, ["a", "b", "c"]);
    let bc = f.g.sub(b, c);
    let node = f.g.sub(a, bc);
    assert_eq!(text(&f, node), "a + c − b");
    let sum = f.g.add(a, b);
    let node = f.g.neg(sum);
    assert_eq!(text(&f, node), "−a − b");
    let node = f.g.mul(sum, c);
    assert_eq!(text(&f, node), "c · (a + b)");
    let product = f.g.mul(b, c);
    let node = f.g.div(a, product);
    assert_eq!(text(&f, node), "a / (b · c)");
    assert_eq!(latex(&f, node), "\\frac{a}{b \\, c}");
    let node = f.g.powi(sum, 3);
    assert_eq!(text(&f, node), "(a + b)³");
    assert_eq!(latex(&f, node), "(a + b)^{3}");
    let node = f.g.unary(UnaryOp::Sin, sum);
    let node = f.g.powi(node, 2);
    assert_eq!(text(&f, node), "sin(a + b)²");
    let node = f.g.pow(sum, bc);
    assert_eq!(text(&f, node), "(a + b)^(b − c)");
    assert_eq!(latex(&f, node), "(a + b)^{b - c}");
    let root = f.g.unary(UnaryOp::Sqrt, sum);
    assert_eq!(text(&f, root), "√(a + b)");
    assert_eq!(latex(&f, root), "\\sqrt{a + b}");
    let node = f.g.div(c, root);
    assert_eq!(text(&f, node), "c / √(a + b)");
    let cube = f.g.powi(root, 3);
    assert_eq!(text(&f, cube), "(√(a + b))³");
}

#[test]
fn nested_fractions() {
    let mut f = fixture();
    let [a, b, c] = scalars(&mut f, ["a", "b", "c"]);
    let inner = f.g.div(a, b);
    let below = f.g.sum(Rational::ONE, &[(inner, Rational::ONE)]);
    let node = f.g.div(c, below);
    assert_eq!(text(&f, node), "c / (a / b + 1)");
    assert_eq!(latex(&f, node), "\\frac{c}{\\frac{a}{b} + 1}");
    let node = f.g.unary(UnaryOp::Tanh, inner);
    assert_eq!(latex(&f, node), "\\tanh\\left( \\frac{a}{b} \\right)");
    let node = f.g.powi(below, -2);
    assert_eq!(text(&f, node), "1 / (a / b + 1)²");
}

#[test]
fn numbers_and_coefficients() {
    let mut f = fixture();
    let [a, b] = scalars(&mut f, ["a", "b"]);
    let q = |n: i128, d: i128| Rational::new(n, d).unwrap();
    let scaled = |f: &mut Fixture, by: Rational| {
        let node = f.g.scale(a, by);
        (text(f, node), latex(f, node))
    };
    let pair = |text: &str, latex: &str| (text.to_owned(), latex.to_owned());
    assert_eq!(scaled(&mut f, q(2, 1)), pair("2 · a", "2 \\, a"));
    assert_eq!(scaled(&mut f, q(1, 2)), pair("a / 2", "\\frac{a}{2}"));
    assert_eq!(
        scaled(&mut f, q(-3, 4)),
        pair("−3 · a / 4", "-\\frac{3 \\, a}{4}")
    );
    assert_eq!(scaled(&mut f, q(1, 10)), pair("0.1 · a", "0.1 \\, a"));
    let tiny = Rational::from_decimal("1e-12").unwrap();
    let node = f.g.sum(tiny, &[(a, Rational::ONE)]);
    assert_eq!(text(&f, node), "a + 10⁻¹²");
    assert_eq!(latex(&f, node), "a + 10^{-12}");
    let node = f.g.sum(Rational::ONE, &[(a, Rational::MINUS_ONE)]);
    assert_eq!(text(&f, node), "1 − a");
    let two = Rational::TWO;
    let node = f.g.sum(Rational::ZERO, &[(a, two), (b, two.negate())]);
    assert_eq!(text(&f, node), "2 · (a − b)");
}

#[test]
fn names() {
    let mut f = fixture();
    let [gamma, temperature, lambda] = scalars(&mut f, ["gamma", "temperature", "lambda_"]);
    let node = f.g.mul(gamma, temperature);
    assert_eq!(text(&f, node), "γ · temperature");
    assert_eq!(latex(&f, node), "\\gamma \\cdot \\mathit{temperature}");
    assert_eq!(text(&f, lambda), "λ");
    assert_eq!(latex(&f, lambda), "\\lambda");
}

#[test]
fn gathers_and_renamed_axes() {
    let mut f = fixture();
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    assert_eq!(text(&f, zy), "z[C = y]");
    assert_eq!(latex(&f, zy), "z_{C = y}");
    let m = f.g.declare_axis_like("M", f.n);
    let xm = f.g.substitute(f.x, &[(f.n, Index::Axis(m))]);
    assert_eq!(text(&f, xm), "x[N → M]");
    assert_eq!(latex(&f, xm), "x_{N \\to M}");
    let pairs = f.g.dot(AxisSet::of(f.d), f.x, xm);
    assert_eq!(text(&f, pairs), "Σ[D](x · x[N → M])");
    let difference = f.g.sub(f.x, xm);
    let distance = f.g.reduce(Reducer::Norm, AxisSet::of(f.d), difference);
    assert_eq!(text(&f, distance), "‖x − x[N → M]‖[D]");
    assert_eq!(latex(&f, distance), "\\lVert x - x_{N \\to M} \\rVert_{D}");
    let ym = f.g.substitute(f.y, &[(f.n, Index::Axis(m))]);
    let same = f.g.equal(f.y, ym);
    let (pn, pm) = (f.g.position(f.n), f.g.position(m));
    let diagonal = f.g.equal(pn, pm);
    let other = f.g.not(diagonal);
    let both = f.g.and(same, other);
    let zero = f.g.zero();
    let masked = f.g.select(both, distance, zero);
    let sum = f.g.reduce(Reducer::Sum, AxisSet::of(m), masked);
    assert_eq!(
        text(&f, sum),
        "Σ[M, y = y[N → M] ∧ N ≠ M](‖x − x[N → M]‖[D])"
    );
    let one = f.g.one();
    let counted = f.g.select(both, one, zero);
    let count = f.g.reduce(Reducer::Sum, AxisSet::of(m), counted);
    assert_eq!(text(&f, count), "count[M, y = y[N → M] ∧ N ≠ M]");
}

#[test]
fn unit_vectors() {
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    assert_eq!(text(&f, cosine), "Σ[D](x\u{302} · w\u{302})");
    assert_eq!(latex(&f, cosine), "\\sum_{D} \\hat{x} \\, \\hat{w}");
    let at_label = f.g.substitute(cosine, &[(f.c, Index::At(f.y))]);
    assert_eq!(text(&f, at_label), "Σ[D](x\u{302} · w\u{302}[C = y])");
    let difference = f.g.sub(ux, uw);
    let unit = f.g.unit(axes, difference);
    assert_eq!(text(&f, unit), "unit[D](x\u{302} − w\u{302})");
    let angle = f.g.angle(axes, f.x, f.w);
    assert_eq!(text(&f, angle), "∠[D](x, w)");
}

#[test]
fn selections() {
    let mut f = fixture();
    let [s, m] = scalars(&mut f, ["s", "m"]);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let (zero, one) = (f.g.zero(), f.g.one());
    let hot = f.g.select(hit, one, zero);
    assert_eq!(text(&f, hot), "1[C = y]");
    assert_eq!(latex(&f, hot), "\\mathbb{1}[C = y]");
    let cold = f.g.select(hit, zero, f.z);
    assert_eq!(text(&f, cold), "z · 1[C ≠ y]");
    let less = f.g.sub(f.z, m);
    let margin = f.g.select(hit, less, f.z);
    let logits = f.g.mul(s, margin);
    assert_eq!(text(&f, logits), "s · (z − m if C = y, otherwise z)");
    let cosine = f.g.unary(UnaryOp::Cos, f.z);
    let chosen = f.g.select(hit, cosine, f.z);
    let logits = f.g.mul(s, chosen);
    assert_eq!(text(&f, logits), "s · (cos(z) if C = y, otherwise z)");
    assert_eq!(
        latex(&f, logits),
        "s \\, \\left( \\begin{cases} \\cos(z) & \\text{if } C = y \\\\ z & \\text{otherwise} \\end{cases} \\right)"
    );
    let limit = f.g.compare(crate::ir::CompareOp::Lt, m, f.z);
    let node = f.g.select(limit, f.z, zero);
    assert_eq!(text(&f, node), "z · 1[z > m]");
    let node = f.g.select(limit, zero, f.z);
    assert_eq!(text(&f, node), "z · 1[z ≤ m]");
}

#[test]
fn filtered_reductions() {
    let mut f = fixture();
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let outside = f.g.neg_infinity();
    let others = f.g.select(hit, outside, f.z);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), others);
    assert_eq!(text(&f, lse), "lse[C, C ≠ y](z)");
    assert_eq!(latex(&f, lse), "\\operatorname{lse}_{C, \\; C \\ne y}(z)");
    let max = f.g.reduce(Reducer::Max, AxisSet::of(f.c), others);
    assert_eq!(text(&f, max), "max[C, C ≠ y](z)");
    let size = f.g.size(f.g.axis(f.c).dim);
    let sum = f.g.reduce(Reducer::Sum, AxisSet::of(f.c), f.z);
    let mean = f.g.div(sum, size);
    assert_eq!(text(&f, mean), "mean[C](z)");
}

#[test]
fn exponentials_in_latex() {
    let mut f = fixture();
    let e = f.g.unary(UnaryOp::Exp, f.z);
    assert_eq!(
        (text(&f, e), latex(&f, e)),
        ("exp(z)".into(), "e^{z}".into())
    );
    let square = f.g.powi(f.z, 2);
    let minus = f.g.neg(square);
    let bell = f.g.unary(UnaryOp::Exp, minus);
    assert_eq!(latex(&f, bell), "e^{-z^{2}}");
}

#[test]
fn mathml_is_one_safe_line() {
    let mut f = fixture();
    let m = scalar(&mut f, "m");
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let limit = f.g.compare(crate::ir::CompareOp::Lt, f.z, m);
    let both = f.g.and(hit, limit);
    let zero = f.g.zero();
    let node = f.g.select(both, f.z, zero);
    assert_eq!(
        formula(&f.g, node).mathml(),
        "<math display=\"block\"><mrow><mrow><mi>z</mi><mo>\u{2062}</mo><mrow><mn>𝟙</mn>\
         <mo form=\"prefix\" fence=\"true\">&#91;</mo><mrow><mrow><mi>C</mi><mo>=</mo><mi>y</mi></mrow>\
         <mo>∧</mo><mrow><mi>z</mi><mo>&lt;</mo><mi>m</mi></mrow></mrow>\
         <mo form=\"postfix\" fence=\"true\">&#93;</mo></mrow></mrow></mrow></math>"
    );
    let half = f.g.scale(f.z, Rational::HALF);
    assert_eq!(
        formula(&f.g, half).mathml(),
        "<math display=\"block\"><mrow><mfrac><mi>z</mi><mn>2</mn></mfrac></mrow></math>"
    );
}
