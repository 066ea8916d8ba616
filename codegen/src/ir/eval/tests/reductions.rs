//! Reductions, softmax in all its forms, unit vectors and angles.

use super::*;

#[test]
fn reductions() {
    let mut f = fixture();
    let env = environment(&f);
    let axes = AxisSet::of(f.c);
    let sum = f.g.reduce(Reducer::Sum, axes, f.z);
    close(&reals(&f, &env, sum), &[7.0, -0.5]);
    let max = f.g.reduce(Reducer::Max, axes, f.z);
    close(&reals(&f, &env, max), &[4.0, 0.5]);
    let lse = f.g.reduce(Reducer::Lse, axes, f.z);
    let want = |z: [f64; 3]| z.iter().map(|z| z.exp()).sum::<f64>().ln();
    close(
        &reals(&f, &env, lse),
        &[want([1.0, 2.0, 4.0]), want([-1.0, 0.5, 0.0])],
    );
    let norm = f.g.reduce(Reducer::Norm, AxisSet::of(f.d), f.x);
    close(&reals(&f, &env, norm), &[5.0, 0.0]);
    let both = f.g.reduce(Reducer::Sum, axes.union(AxisSet::of(f.n)), f.z);
    close(&reals(&f, &env, both), &[6.5]);
    let far = environment(&f).with(Z, Value::Real(vec![1e4, 1e4, -1e4, -1e4, -2e4, -3e4]));
    close(&reals(&f, &far, lse), &[1e4 + 2.0_f64.ln(), -1e4]);
}

#[test]
fn nothing_and_one() {
    let mut f = fixture();
    let axes = AxisSet::of(f.c);
    let nodes = [Reducer::Sum, Reducer::Max, Reducer::Lse, Reducer::Norm]
        .map(|reducer| f.g.reduce(reducer, axes, f.z));
    let softmax = f.g.softmax(prob(axes, f.z, f.z, None));
    let none = Environment::new(&f.g, &[2, 0, 0]).with(Z, Value::Real(vec![]));
    for (node, want) in nodes
        .iter()
        .zip([0.0, f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0])
    {
        close(&reals(&f, &none, *node), &[want; 2]);
    }
    close(&reals(&f, &none, softmax), &[]);
    let one = Environment::new(&f.g, &[1, 1, 0]).with(Z, Value::Real(vec![-7.0]));
    for (node, want) in nodes.iter().zip([-7.0, -7.0, -7.0, 7.0]) {
        close(&reals(&f, &one, *node), &[want]);
    }
    close(&reals(&f, &one, softmax), &[1.0]);
    let empty = Environment::new(&f.g, &[0, 3, 0]).with(Z, Value::Real(vec![]));
    let tensor = eval::<f64>(&f.g, &empty, nodes[0]);
    assert_eq!(
        (tensor.shape.as_slice(), tensor.reals().len()),
        (&[0][..], 0)
    );
}

#[test]
fn softmax_at_every_position() {
    let mut f = fixture();
    let env = environment(&f);
    let p = f.g.softmax(prob(AxisSet::of(f.c), f.z, f.z, None));
    let z = [1.0_f64, 2.0, 4.0, -1.0, 0.5, 0.0].map(f64::exp);
    let (a, b) = (z[0] + z[1] + z[2], z[3] + z[4] + z[5]);
    let want = [z[0] / a, z[1] / a, z[2] / a, z[3] / b, z[4] / b, z[5] / b];
    close(&reals(&f, &env, p), &want);
}

#[test]
fn softmax_forms_at_a_label() {
    let mut f = fixture();
    let env = environment(&f);
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let e = |x: f64| x.exp();
    let p = [
        e(4.0) / (e(1.0) + e(2.0) + e(4.0)),
        e(-1.0) / (e(-1.0) + e(0.5) + 1.0),
    ];
    let forms = [
        (SoftmaxForm::Prob, p),
        (SoftmaxForm::Log, p.map(f64::ln)),
        (SoftmaxForm::Complement, p.map(|p| 1.0 - p)),
        (SoftmaxForm::LogComplement, p.map(|p| (1.0 - p).ln())),
        (
            SoftmaxForm::LogOverComplement,
            p.map(|p| p.ln() / (1.0 - p)),
        ),
    ];
    // All other logits far below: p = 1 to the last bit, its complement is not 0.
    let sure = environment(&f).with(Z, Value::Real(vec![0.0, 0.0, 60.0, 60.0, -1e4, -1e4]));
    let tiny = 2.0 * e(-60.0);
    let at_one = [
        [1.0, 1.0],
        [-tiny, 0.0],
        [tiny, 0.0],
        [tiny.ln(), -10060.0 + 2.0_f64.ln()],
        [-1.0, -1.0],
    ];
    for ((form, want), at_one) in forms.into_iter().zip(at_one) {
        let node = f.g.softmax(Softmax {
            form,
            ..prob(AxisSet::of(f.c), f.z, zy, Some(hit))
        });
        close(&reals(&f, &env, node), &want);
        close(&reals(&f, &sure, node), &at_one);
    }
}

#[test]
fn filtered_logits_have_no_share() {
    let mut f = fixture();
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let outside = f.g.neg_infinity();
    let others = f.g.select(hit, outside, f.z);
    let axes = AxisSet::of(f.c);
    let p = f.g.softmax(prob(axes, others, others, None));
    let env = environment(&f);
    let (a, b) = (1.0 / (1.0 + 1.0_f64.exp()), 1.0 / (1.0 + 0.5_f64.exp()));
    close(&reals(&f, &env, p), &[a, 1.0 - a, 0.0, 0.0, 1.0 - b, b]);
    // One class, filtered out: lse over nothing, and no share.
    let env = Environment::new(&f.g, &[1, 1, 0])
        .with(Z, Value::Real(vec![3.0]))
        .with(Y, Value::Label(vec![0]));
    close(&reals(&f, &env, p), &[0.0]);
    let lse = f.g.reduce(Reducer::Lse, axes, others);
    close(&reals(&f, &env, lse), &[f64::NEG_INFINITY]);
}

#[test]
fn unit_vectors_and_angles() {
    let mut f = fixture();
    let env = environment(&f);
    let axes = AxisSet::of(f.d);
    let unit = f.g.unit(axes, f.x);
    close(&reals(&f, &env, unit), &[0.6, 0.8, 0.0, 0.0]);
    let place = f.g.place(DimId(2), 1);
    let element = f.g.substitute(unit, &[(f.d, Index::At(place))]);
    close(&reals(&f, &env, element), &[0.8, 0.0]);
    let angle = f.g.angle(axes, f.x, f.w);
    let pi = std::f64::consts::PI;
    close(
        &reals(&f, &env, angle),
        &[
            0.6_f64.acos(),
            0.8_f64.acos(),
            pi,
            pi / 2.0,
            pi / 2.0,
            pi / 2.0,
        ],
    );
    // 1e-9 apart: the cosine is 1 to the last bit.
    let near = Environment::new(&f.g, &[1, 1, 2])
        .with(X, Value::Real(vec![1.0, 0.0]))
        .with(W, Value::Real(vec![2.0, 2e-9]));
    close(&reals(&f, &near, angle), &[1e-9]);
}
