//! The interpreter against values by hand: elements, arrays and logic here, reductions in `reductions`.

mod dual;
mod exact;
mod reductions;

use super::*;
use crate::ir::tests::{Fixture, fixture};
use crate::ir::{BinaryOp, DimId, Param, Range, Reducer, Role, Softmax, SoftmaxForm, UnaryOp};
use crate::support::rational::Rational;

const X: ParamId = ParamId(0);
const W: ParamId = ParamId(1);
const Z: ParamId = ParamId(2);
const Y: ParamId = ParamId(3);

fn close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{got:?} for {want:?}");
    for (g, w) in got.iter().zip(want) {
        let same = g == w || (g.is_nan() && w.is_nan());
        assert!(
            same || (g - w).abs() <= 4e-15 * w.abs().max(1e-300),
            "{got:?} for {want:?}"
        );
    }
}

fn reals(f: &Fixture, env: &Environment, node: NodeId) -> Vec<f64> {
    eval::<f64>(&f.g, env, node).reals().to_vec()
}

/// N = 2, C = 3, D = 2.
fn environment(f: &Fixture) -> Environment {
    Environment::new(&f.g, &[2, 3, 2])
        .with(X, Value::Real(vec![3.0, 4.0, 0.0, 0.0]))
        .with(W, Value::Real(vec![1.0, 0.0, 0.0, 2.0, -3.0, -4.0]))
        .with(Z, Value::Real(vec![1.0, 2.0, 4.0, -1.0, 0.5, 0.0]))
        .with(Y, Value::Label(vec![2, 0]))
}

fn prob(axes: AxisSet, body: NodeId, value: NodeId, hit: Option<NodeId>) -> Softmax {
    Softmax {
        form: SoftmaxForm::Prob,
        axes,
        body,
        value,
        hit,
    }
}

#[test]
fn elementwise_functions() {
    let mut f = fixture();
    let v = 0.37_f64;
    for op in UnaryOp::ALL {
        // Below 0 for log1mexp; the reference spelled with the plain definitions.
        let x = if op == UnaryOp::Log1mExp { -v } else { v };
        let want = match op {
            UnaryOp::Exp => x.exp(),
            UnaryOp::Ln => x.ln(),
            UnaryOp::Log1p => (1.0 + x).ln(),
            UnaryOp::Expm1 => x.exp() - 1.0,
            UnaryOp::Sqrt => x.sqrt(),
            UnaryOp::Abs => x,
            UnaryOp::Sign => 1.0,
            UnaryOp::Tanh => x.sinh() / x.cosh(),
            UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            UnaryOp::Softplus => (1.0 + x.exp()).ln(),
            UnaryOp::SoftplusOverSigmoid => (1.0 + x.exp()).ln() * (1.0 + (-x).exp()),
            UnaryOp::Sin => x.sin(),
            UnaryOp::Cos => x.cos(),
            UnaryOp::Tan => x.sin() / x.cos(),
            UnaryOp::Asin => x.atan2((1.0 - x * x).sqrt()),
            UnaryOp::Acos => (1.0 - x * x).sqrt().atan2(x),
            UnaryOp::Atan => x.atan(),
            UnaryOp::Sinh => x.sinh(),
            UnaryOp::Cosh => x.cosh(),
            UnaryOp::LnCosh => x.cosh().ln(),
            UnaryOp::Erf => 0.399_205_984_042_999_23,
            UnaryOp::Floor => 0.0,
            UnaryOp::Ceil => 1.0,
            UnaryOp::Round => 0.0,
            UnaryOp::Log1mExp => (1.0 - x.exp()).ln(),
            UnaryOp::RecipOrZero => 1.0 / x,
        };
        let node = f.g.unary(op, f.z);
        let env = Environment::new(&f.g, &[1, 1, 0]).with(Z, Value::Real(vec![x]));
        let got = reals(&f, &env, node)[0];
        assert!((got - want).abs() < 1e-14, "{op:?}: {got} for {want}");
    }
}

#[test]
fn special_points() {
    let cases: [(UnaryOp, f64, f64); 19] = [
        (UnaryOp::Ln, 0.0, f64::NEG_INFINITY),
        (UnaryOp::Sign, 0.0, 0.0),
        (UnaryOp::Sign, -2.0, -1.0),
        (UnaryOp::Abs, -2.0, 2.0),
        (UnaryOp::RecipOrZero, 0.0, 0.0),
        (UnaryOp::Sigmoid, -800.0, 0.0),
        (UnaryOp::Sigmoid, 800.0, 1.0),
        (UnaryOp::Softplus, 800.0, 800.0),
        (UnaryOp::Softplus, -40.0, 4.248_354_255_291_589e-18),
        (UnaryOp::SoftplusOverSigmoid, -800.0, 1.0),
        (UnaryOp::SoftplusOverSigmoid, -30.0, 1.0 + 4.678e-14),
        (UnaryOp::Log1mExp, 0.0, f64::NEG_INFINITY),
        (UnaryOp::Log1mExp, -1e-20, -46.051_701_859_880_91),
        (UnaryOp::Log1mExp, -50.0, -1.928_749_847_963_917_8e-22),
        (UnaryOp::LnCosh, 1e-10, 5e-21),
        (UnaryOp::LnCosh, -1000.0, 999.306_852_819_440_1),
        (UnaryOp::Erf, 7.0, 1.0),
        (UnaryOp::Erf, -2.0, -0.995_322_265_018_952_7),
        (UnaryOp::Round, 2.5, 2.0),
    ];
    for (op, x, want) in cases {
        let got = x.unary(op);
        let same = got == want || (got - want).abs() <= 1e-15 * want.abs();
        assert!(same, "{op:?}({x}) = {got}, not {want}");
    }
    assert_eq!(0.0_f64.binary(BinaryOp::Pow, &0.0), 1.0);
    assert_eq!(0.0_f64.binary(BinaryOp::Xlogy, &0.0), 0.0);
    assert_eq!(2.0_f64.binary(BinaryOp::Xlogy, &0.0), f64::NEG_INFINITY);
    assert_eq!(2.0_f64.binary(BinaryOp::Min, &-3.0), -3.0);
    assert_eq!(2.0_f64.binary(BinaryOp::Max, &-3.0), 2.0);
    assert_eq!(2.0_f64.power(-3), 0.125);
    assert_eq!(0.0_f64.power(-1), f64::INFINITY);
    assert!(f64::NAN.larger(&1.0).is_nan() && 1.0_f64.larger(&f64::NAN).is_nan());
}

#[test]
fn sums_products_and_constants() {
    let mut f = fixture();
    let env = environment(&f);
    let third = Rational::new(1, 3).unwrap();
    // 1/3 + 2z − 3/z²
    let inverse = f.g.powi(f.z, -2);
    let node = f.g.sum(
        third,
        &[(f.z, Rational::TWO), (inverse, Rational::from_int(-3))],
    );
    let want = |z: f64| 1.0 / 3.0 + 2.0 * z - 3.0 / (z * z);
    close(
        &reals(&f, &env, node),
        &[
            want(1.0),
            want(2.0),
            want(4.0),
            want(-1.0),
            want(0.5),
            f64::NEG_INFINITY,
        ],
    );
    let pi = f.g.pi();
    let size = f.g.size(DimId(1));
    let node = f.g.mul(pi, size);
    close(&reals(&f, &env, node), &[3.0 * std::f64::consts::PI]);
    let number = f.g.number(f.y);
    close(&reals(&f, &env, number), &[2.0, 0.0]);
}

#[test]
fn gathers_renamed_axes_and_diagonals() {
    let mut f = fixture();
    let env = environment(&f);
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    close(&reals(&f, &env, zy), &[4.0, -1.0]);
    let place = f.g.place(DimId(1), 1);
    let z1 = f.g.substitute(f.z, &[(f.c, Index::At(place))]);
    close(&reals(&f, &env, z1), &[2.0, 0.5]);
    let m = f.g.declare_axis_like("M", f.n);
    let xm = f.g.substitute(f.x, &[(f.n, Index::Axis(m))]);
    let pairs = f.g.dot(AxisSet::of(f.d), f.x, xm);
    close(&reals(&f, &env, pairs), &[25.0, 0.0, 0.0, 0.0]);
    let diagonal = f.g.substitute(pairs, &[(m, Index::Axis(f.n))]);
    close(&reals(&f, &env, diagonal), &[25.0, 0.0]);
    // A square array along its own diagonal.
    let square = f.g.declare_param(Param {
        name: "a".into(),
        role: Role::Tensor {
            differentiable: true,
        },
        axes: vec![f.n, m],
        range: Range::REAL,
        doc: String::new(),
    });
    let trace = f.g.load(square, vec![Index::Axis(f.n), Index::Axis(f.n)]);
    let env = env.with(square, Value::Real(vec![1.0, 2.0, 3.0, 5.0]));
    close(&reals(&f, &env, trace), &[1.0, 5.0]);
    let (pn, pm) = (f.g.position(f.n), f.g.position(m));
    let same = f.g.equal(pn, pm);
    let tensor = eval::<f64>(&f.g, &env, same);
    assert_eq!(tensor.truths(), [true, false, false, true]);
    assert_eq!(eval::<f64>(&f.g, &env, pm).places(), [0, 1]);
}

#[test]
fn the_branch_not_taken_has_no_effect() {
    let mut f = fixture();
    let env = environment(&f);
    let zero = f.g.zero();
    let log = f.g.unary(UnaryOp::Ln, f.z);
    let positive = f.g.compare(CompareOp::Lt, zero, f.z);
    let node = f.g.select(positive, log, zero);
    let ln2 = 2.0_f64.ln();
    close(
        &reals(&f, &env, node),
        &[0.0, ln2, 2.0 * ln2, 0.0, -ln2, 0.0],
    );
    // A label outside of its dimension reads nothing that counts.
    let ignored = env.clone().with(Y, Value::Label(vec![2, usize::MAX]));
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let number = f.g.number(f.y);
    let three = f.g.integer(3);
    let inside = f.g.compare(CompareOp::Lt, number, three);
    let node = f.g.select(inside, zy, zero);
    close(&reals(&f, &ignored, node), &[4.0, 0.0]);
    close(&reals(&f, &ignored, zy), &[4.0, f64::NAN]);
    let detached = f.g.detach(f.z);
    assert_eq!(reals(&f, &env, detached), reals(&f, &env, f.z));
}

#[test]
fn logic_flags_masks_and_scalars() {
    let mut f = fixture();
    let declare = |f: &mut Fixture, name: &str, role, axes| {
        f.g.declare_param(Param {
            name: name.into(),
            role,
            axes,
            range: Range::REAL,
            doc: String::new(),
        })
    };
    let axes = vec![f.n];
    let mask = declare(&mut f, "keep", Role::Mask, axes);
    let flag = declare(&mut f, "strict", Role::Flag(true), vec![]);
    let scale = Role::Scalar {
        learn: false,
        default: 64.0,
    };
    let scale = declare(&mut f, "s", scale, vec![]);
    let env = environment(&f).with(mask, Value::Mask(vec![true, false]));
    let (keep, strict, s) = (f.g.load_whole(mask), f.g.flag(flag), f.g.scalar(scale));
    let both = f.g.and(keep, strict);
    let either = f.g.or(keep, strict);
    let not = f.g.not(keep);
    let truths = |f: &Fixture, node| eval::<f64>(&f.g, &env, node).truths().to_vec();
    assert_eq!(truths(&f, both), [true, false]);
    assert_eq!(truths(&f, either), [true, true]);
    assert_eq!(truths(&f, not), [false, true]);
    close(&reals(&f, &env, s), &[64.0]);
    let two = f.g.integer(2);
    let le = f.g.compare(CompareOp::Le, f.z, two);
    assert_eq!(truths(&f, le), [true, true, false, true, true, true]);
    let lt = f.g.compare(CompareOp::Lt, f.z, two);
    assert_eq!(truths(&f, lt), [true, false, false, true, true, true]);
    let eq = f.g.equal(f.z, two);
    assert_eq!(truths(&f, eq), [false, true, false, false, false, false]);
    let choice = f.g.select(keep, two, s);
    close(&reals(&f, &env, choice), &[2.0, 64.0]);
}

#[test]
fn array_order_and_repetition() {
    let mut f = fixture();
    let env = environment(&f);
    let tensor = eval::<f64>(&f.g, &env, f.z);
    let transposed = tensor.laid_out(&f.g, &env, &[f.c, f.n]);
    assert_eq!(transposed, [1.0, -1.0, 2.0, 0.5, 4.0, 0.0]);
    let one = f.g.one();
    let constant = eval::<f64>(&f.g, &env, one);
    assert_eq!(constant.laid_out(&f.g, &env, &[f.n]), [1.0, 1.0]);
}

#[test]
fn central_difference_of_cross_entropy() {
    let mut f = fixture();
    let env = environment(&f);
    let axes = AxisSet::of(f.c);
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let lse = f.g.reduce(Reducer::Lse, axes, f.z);
    let loss = f.g.sub(lse, zy);
    let total = f.g.reduce(Reducer::Sum, AxisSet::of(f.n), loss);
    let p = f.g.softmax(prob(axes, f.z, f.z, None));
    let p = reals(&f, &env, p);
    let hot = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0];
    for element in 0..6 {
        let slope = central_difference(&f.g, &env, total, Z, element, 1e-5);
        assert!((slope - (p[element] - hot[element])).abs() < 1e-10);
    }
}

/// detach(exp z) · z with exp z held at the first point.
#[test]
fn what_is_detached_is_held() {
    let mut f = fixture();
    let weight = f.g.unary(UnaryOp::Exp, f.z);
    let weight = f.g.detach(weight);
    let node = f.g.mul(weight, f.z);
    let env = environment(&f);
    let z = [1.0, 2.0, 4.0, -1.0, 0.5, 0.0];
    let held = Held::below(&f.g, &env, &[node]);
    assert!(!held.is_empty() && Held::<f64>::below(&f.g, &env, &[f.z]).is_empty());
    let moved = env.with(Z, Value::Real(z.map(|z| z + 3.0).to_vec()));
    let got = eval_holding::<f64>(&f.g, &moved, &[node], &held).remove(0);
    close(got.reals(), &z.map(|z: f64| z.exp() * (z + 3.0)));
    close(
        &reals(&f, &moved, node),
        &z.map(|z: f64| (z + 3.0).exp() * (z + 3.0)),
    );
}
