//! The normal form: different spellings are one node.

use super::*;
use crate::support::rational::Rational;

/// `x: [N, D], w: [C, D], z: [N, C], y: [N] in C`.
pub(crate) struct Fixture {
    pub(crate) g: Graph,
    pub(crate) n: AxisId,
    pub(crate) c: AxisId,
    pub(crate) d: AxisId,
    pub(crate) x: NodeId,
    pub(crate) w: NodeId,
    pub(crate) z: NodeId,
    pub(crate) y: NodeId,
}

pub(crate) fn fixture() -> Fixture {
    let mut g = Graph::new();
    let (n, c, d) = (
        g.declare_axis("N"),
        g.declare_axis("C"),
        g.declare_axis("D"),
    );
    let param = |g: &mut Graph, name: &str, role: Role, axes: Vec<AxisId>| {
        let id = g.declare_param(Param {
            name: name.into(),
            role,
            axes,
            range: Range::REAL,
            doc: String::new(),
        });
        g.load_whole(id)
    };
    let tensor = Role::Tensor {
        differentiable: true,
    };
    let x = param(&mut g, "x", tensor.clone(), vec![n, d]);
    let w = param(&mut g, "w", tensor.clone(), vec![c, d]);
    let z = param(&mut g, "z", tensor, vec![n, c]);
    let dim = g.axis(c).dim;
    let y = param(&mut g, "y", Role::Label(dim), vec![n]);
    Fixture {
        g,
        n,
        c,
        d,
        x,
        w,
        z,
        y,
    }
}

fn classes(f: &Fixture) -> AxisSet {
    AxisSet::of(f.c)
}

#[test]
fn textbook_cross_entropy_is_the_lse_form() {
    let mut f = fixture();
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let axes = classes(&f);
    let lse = f.g.reduce(Reducer::Lse, axes, f.z);
    let stable = f.g.sub(lse, zy);

    let e = f.g.unary(UnaryOp::Exp, f.z);
    let total = f.g.reduce(Reducer::Sum, axes, e);
    let ey = f.g.unary(UnaryOp::Exp, zy);
    let p = f.g.div(ey, total);
    let log = f.g.unary(UnaryOp::Ln, p);
    assert_eq!(f.g.neg(log), stable);

    // With the shift by the maximum written out.
    let m = f.g.reduce(Reducer::Max, axes, f.z);
    let shifted = f.g.sub(f.z, m);
    let e = f.g.unary(UnaryOp::Exp, shifted);
    let total = f.g.reduce(Reducer::Sum, axes, e);
    let probabilities = f.g.div(e, total);
    let py = f.g.substitute(probabilities, &[(f.c, Index::At(f.y))]);
    let log = f.g.unary(UnaryOp::Ln, py);
    assert_eq!(f.g.neg(log), stable);
}

/// `ln(sum[C, f](exp(z)))` is `lse[C, f](z)`, for a filter and for its negation.
#[test]
fn the_logarithm_of_a_filtered_sum_of_exponentials_is_the_filtered_lse() {
    let mut f = fixture();
    let axes = classes(&f);
    let position = f.g.position(f.c);
    let below = f.g.compare(CompareOp::Lt, position, f.y);
    let hit = f.g.equal(position, f.y);
    let (zero, outside) = (f.g.zero(), f.g.neg_infinity());
    let e = f.g.unary(UnaryOp::Exp, f.z);
    let (not_below, not_hit) = (f.g.not(below), f.g.not(hit));
    for filter in [below, not_below, not_hit] {
        let filtered = f.g.select(filter, e, zero);
        let total = f.g.reduce(Reducer::Sum, axes, filtered);
        let log = f.g.unary(UnaryOp::Ln, total);
        let logits = f.g.select(filter, f.z, outside);
        let lse = f.g.reduce(Reducer::Lse, axes, logits);
        assert_eq!(log, lse);
    }
}

#[test]
fn ln_of_one_and_a_sum_of_exponentials_is_softplus() {
    let mut f = fixture();
    let axes = classes(&f);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let (zero, outside) = (f.g.zero(), f.g.neg_infinity());
    let e = f.g.unary(UnaryOp::Exp, f.z);
    let others = f.g.select(hit, zero, e);
    let total = f.g.reduce(Reducer::Sum, axes, others);
    let one_plus = f.g.sum(Rational::ONE, &[(total, Rational::ONE)]);
    let log = f.g.unary(UnaryOp::Ln, one_plus);

    let kept = f.g.select(hit, outside, f.z);
    let lse = f.g.reduce(Reducer::Lse, axes, kept);
    assert_eq!(log, f.g.unary(UnaryOp::Softplus, lse));
}

/// Whichever branch is −∞, and for a maximum too.
#[test]
fn what_is_constant_leaves_a_filtered_lse() {
    let mut f = fixture();
    let axes = classes(&f);
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let gap = f.g.sub(f.z, zy);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let outside = f.g.neg_infinity();
    for reducer in [Reducer::Lse, Reducer::Max] {
        for keep in [true, false] {
            let filtered = |g: &mut Graph, body: NodeId| match keep {
                true => g.select(hit, body, outside),
                false => g.select(hit, outside, body),
            };
            let gaps = filtered(&mut f.g, gap);
            let logits = filtered(&mut f.g, f.z);
            let inside = f.g.reduce(reducer, axes, gaps);
            let reduced = f.g.reduce(reducer, axes, logits);
            assert_eq!(inside, f.g.sub(reduced, zy));
        }
    }
}

#[test]
fn one_hot_in_a_sum_is_a_gather() {
    let mut f = fixture();
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let zero = f.g.zero();
    let masked = f.g.select(hit, f.z, zero);
    let axes = classes(&f);
    let sum = f.g.reduce(Reducer::Sum, axes, masked);
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    assert_eq!(sum, zy);
}

#[test]
fn cosine_in_three_spellings() {
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    let dot = f.g.dot(axes, f.x, f.w);
    let square = f.g.mul(f.x, f.x);
    let nx = f.g.reduce(Reducer::Sum, axes, square);
    let nx = f.g.unary(UnaryOp::Sqrt, nx);
    let nw = f.g.reduce(Reducer::Norm, axes, f.w);
    let norms = f.g.mul(nx, nw);
    assert_eq!(f.g.div(dot, norms), cosine);
    let scaled = f.g.div(f.x, nx);
    let half = f.g.dot(axes, scaled, f.w);
    assert_eq!(f.g.div(half, nw), cosine);
    let angle = f.g.unary(UnaryOp::Acos, cosine);
    assert!(matches!(f.g.node(angle), Node::Angle { .. }));
}

#[test]
fn a_length_times_a_cosine_is_a_dot_product() {
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    let angle = f.g.unary(UnaryOp::Acos, cosine);
    assert_eq!(f.g.unary(UnaryOp::Cos, angle), cosine);
    let nx = f.g.reduce(Reducer::Norm, axes, f.x);
    let nw = f.g.reduce(Reducer::Norm, axes, f.w);
    let projection = f.g.dot(axes, f.x, uw);
    assert_eq!(f.g.mul(nx, cosine), projection);
    let lengths = f.g.mul(nx, nw);
    let dot = f.g.dot(axes, f.x, f.w);
    assert_eq!(f.g.mul(lengths, cosine), dot);
    // The length of another vector is a factor like any other.
    let other = f.g.reduce(Reducer::Norm, axes, f.x);
    let own = f.g.dot(axes, uw, f.w);
    let product = f.g.mul(other, own);
    assert!(matches!(f.g.node(product), Node::Product(_)));
}

#[test]
fn a_power_of_minus_one_may_be_negative() {
    let mut f = fixture();
    let k = f.g.unary(UnaryOp::Floor, f.z);
    let minus_one = f.g.rational(Rational::MINUS_ONE);
    let sign = f.g.pow(minus_one, k);
    assert!(!f.g.is_nonnegative(sign));
    // Hence its absolute value is not itself.
    assert_ne!(f.g.unary(UnaryOp::Abs, sign), sign);
}

#[test]
fn renaming_avoids_capture() {
    let mut f = fixture();
    let m = f.g.declare_axis_like("M", f.n);
    // Σ_M x[N]·x[M]: renaming N to M must not touch the bound M.
    let xm = f.g.substitute(f.x, &[(f.n, Index::Axis(m))]);
    let prod = f.g.mul(f.x, xm);
    let prod = f.g.unary(UnaryOp::Sin, prod);
    let sum = f.g.reduce(Reducer::Sum, AxisSet::of(m), prod);
    let renamed = f.g.substitute(sum, &[(f.n, Index::Axis(m))]);
    assert_eq!(f.g.free(renamed), AxisSet::of(m).union(AxisSet::of(f.d)));
    let back = f.g.substitute(renamed, &[(m, Index::Axis(f.n))]);
    assert_eq!(back, sum);
}

#[test]
fn sigmoid_spellings() {
    let mut f = fixture();
    let minus = f.g.neg(f.z);
    let e = f.g.unary(UnaryOp::Exp, minus);
    let one_plus = f.g.sum(Rational::ONE, &[(e, Rational::ONE)]);
    let sigmoid = f.g.powi(one_plus, -1);
    assert_eq!(sigmoid, f.g.unary(UnaryOp::Sigmoid, f.z));
    let log = f.g.unary(UnaryOp::Ln, sigmoid);
    let softplus = f.g.unary(UnaryOp::Softplus, minus);
    assert_eq!(log, f.g.neg(softplus));
    let one = f.g.one();
    let rest = f.g.sub(one, sigmoid);
    assert_eq!(rest, f.g.unary(UnaryOp::Sigmoid, minus));
    let e = f.g.unary(UnaryOp::Exp, f.z);
    let one_plus = f.g.sum(Rational::ONE, &[(e, Rational::ONE)]);
    assert_eq!(f.g.div(e, one_plus), sigmoid);
}
