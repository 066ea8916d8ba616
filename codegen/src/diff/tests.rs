//! Derivatives in closed form.

use super::gradient;
use crate::ir::eval::{Dual, Environment, Held, Value, eval_all, eval_seeded};
use crate::ir::tests::{Fixture, fixture};
use crate::ir::{
    AxisSet, Gradient, Index, Loss, Node, NodeId, Reducer, Role, Softmax, SoftmaxForm, UnaryOp,
};
use crate::support::Diagnostics;
use crate::{sema, syntax};

fn differentiate(f: Fixture, value: NodeId) -> Gradient {
    gradient(Loss {
        name: "Test".into(),
        doc: String::new(),
        source: String::new(),
        batch: vec![f.n],
        graph: f.g,
        value,
        weight: None,
        auxiliary: vec![],
        annotations: crate::ir::Annotations::default(),
    })
}

fn cross_entropy(f: &mut Fixture) -> NodeId {
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z);
    f.g.sub(lse, zy)
}

#[test]
fn cross_entropy_gives_softmax_minus_one_hot() {
    let mut f = fixture();
    let value = cross_entropy(&mut f);
    let (c, z, y) = (f.c, f.z, f.y);
    let d = differentiate(f, value);
    let mut g = d.loss.graph.clone();
    let u = g.load_whole(d.cotangent);
    let p = g.softmax(Softmax {
        form: SoftmaxForm::Prob,
        axes: AxisSet::of(c),
        body: z,
        value: z,
        hit: None,
    });
    let position = g.position(c);
    let hit = g.equal(position, y);
    let zero = g.zero();
    let one_hot = g.select(hit, u, zero);
    let up = g.mul(u, p);
    let expected = g.sub(up, one_hot);
    let (param, node) = d.gradients[2];
    assert_eq!(g.param(param).name, "z");
    assert_eq!(node, expected);
}

#[test]
fn every_gradient_has_the_axes_of_its_parameter() {
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    let at_label = f.g.substitute(cosine, &[(f.c, Index::At(f.y))]);
    let angle = f.g.unary(UnaryOp::Acos, at_label);
    assert!(matches!(f.g.node(angle), Node::Angle { .. }));
    let phi = f.g.unary(UnaryOp::Cos, angle);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let logits = f.g.select(hit, phi, cosine);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), logits);
    let value = f.g.sub(lse, phi);
    let d = differentiate(f, value);
    for (param, node) in &d.gradients {
        let declared: AxisSet = d.loss.graph.param(*param).axes.iter().copied().collect();
        assert!(d.loss.graph.free(*node).is_subset(declared));
    }
}

/// Compares the gradients of a definition with forward mode, for two samples and three of everything else.
fn assert_slopes(source: &str) {
    let mut diagnostics = Diagnostics::new();
    let definitions = syntax::parse(source.parse().expect("tokens"), &mut diagnostics);
    let mut losses = sema::analyse(&definitions, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{source}");
    let d = gradient(losses.remove(0).expect("a loss"));
    let graph = &d.loss.graph;
    let dims: Vec<usize> = (0..graph.dim_count())
        .map(|dim| if dim == 0 { 2 } else { 3 })
        .collect();
    let mut env = Environment::new(graph, &dims);
    let mut next = 0.3f64;
    let mut number = || {
        next = (next * 7.3 + 0.41) % 2.0;
        next + 0.1
    };
    for id in graph.param_ids() {
        let value = match graph.param(id).role {
            Role::Scalar { .. } => Value::Scalar(number()),
            _ => Value::Real((0..env.len_of(graph, id)).map(|_| number()).collect()),
        };
        env.set(id, value);
    }
    let moving = |param| d.gradients.iter().any(|g| g.0 == param);
    let seed = |param, at: usize, value| {
        let slope = if moving(param) { 1.0 + at as f64 } else { 0.0 };
        Dual::moving(value, slope)
    };
    let value = eval_seeded(graph, &env, &[d.loss.value], &Held::nothing(), &seed);
    let forward = value[0].laid_out(graph, &env, &d.loss.batch);
    let cotangent = env.real(d.cotangent);
    let forward: f64 = forward
        .iter()
        .zip(cotangent)
        .map(|(v, c)| v.slope * c)
        .sum();
    let mut reverse = 0.0;
    for &(param, node) in &d.gradients {
        let slopes = eval_all::<f64>(graph, &env, &[node]);
        let slopes = slopes[0].laid_out(graph, &env, &graph.param(param).axes);
        let steps = slopes.iter().enumerate();
        reverse += steps.map(|(at, s)| s * (1.0 + at as f64)).sum::<f64>();
    }
    assert!(
        (forward - reverse).abs() <= 1e-10 * (1.0 + forward.abs()),
        "{source}: {forward} forward, {reverse} in reverse"
    );
}

#[test]
fn a_cotangent_that_is_alike_along_an_axis_counts_at_every_position() {
    assert_slopes("L(z: [N, C], x: [N, C], s: learn scalar) { sum[C](z * x + s) }");
    assert_slopes(
        "L(x: [D], t: const [N]) {
            axis M like N;
            let w = sum[M](number(M) + sum[D](x));
            w * w + t
        }",
    );
    // The body of a binder that does not depend on what is bound.
    for form in ["softmax", "log_softmax", "unit"] {
        assert_slopes(&format!(
            "L(x: [N, C], u: [N]) {{ dot[C]({form}[C](u + 0 * x), x) }}"
        ));
    }
    // A value that does not depend on the batch.
    assert_slopes("L(x: [N], s: learn scalar) { s * s + 0 * x }");
}

#[test]
fn a_share_keeps_its_place_when_its_axes_are_exchanged() {
    assert_slopes(
        "L(x: [N, D], u: [N]) {
            axis M like N;
            axis Q like N;
            let a = lse[M](x * u[N -> M]);
            sum[Q](dot[D](unit[D](a), unit[D](a[N -> Q])))
        }",
    );
}
