//! Derivatives in closed form.

use super::gradient;
use crate::ir::tests::{Fixture, fixture};
use crate::ir::{
    AxisSet, Gradient, Index, Loss, Node, NodeId, Reducer, Softmax, SoftmaxForm, UnaryOp,
};

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
