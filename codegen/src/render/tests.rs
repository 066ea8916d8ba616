//! Exact text of formulas, judged against what a textbook prints.

use super::formula;
use crate::diff::gradient;
use crate::ir::tests::{Fixture, fixture};
use crate::ir::*;

pub(super) fn scalar(f: &mut Fixture, name: &str) -> NodeId {
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

fn text(f: &Fixture, node: NodeId) -> String {
    formula(&f.g, node).text()
}

pub(super) fn loss_of(f: Fixture, value: NodeId) -> Loss {
    Loss {
        name: "Test".into(),
        doc: String::new(),
        source: String::new(),
        batch: vec![f.n],
        graph: f.g,
        value,
        weight: None,
        auxiliary: vec![],
    }
}

#[test]
fn look() {
    let mut f = fixture();
    let zy = f.g.substitute(f.z, &[(f.c, Index::At(f.y))]);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), f.z);
    let loss = f.g.sub(lse, zy);
    println!("{}", text(&f, loss));
    println!("{}", formula(&f.g, loss).latex());
    println!("{}", formula(&f.g, loss).mathml());
    let d = gradient(loss_of(f, loss));
    for (_, g) in &d.gradients {
        println!("{}", formula(&d.loss.graph, *g).text());
        println!("{}", formula(&d.loss.graph, *g).latex());
    }
    let mut f = fixture();
    let axes = AxisSet::of(f.d);
    let (ux, uw) = (f.g.unit(axes, f.x), f.g.unit(axes, f.w));
    let cosine = f.g.dot(axes, ux, uw);
    let (s, m) = (scalar(&mut f, "s"), scalar(&mut f, "m"));
    let at_label = f.g.substitute(cosine, &[(f.c, Index::At(f.y))]);
    let angle = f.g.unary(UnaryOp::Acos, at_label);
    let angle = f.g.add(angle, m);
    let phi = f.g.unary(UnaryOp::Cos, angle);
    let position = f.g.position(f.c);
    let hit = f.g.equal(position, f.y);
    let logits = f.g.select(hit, phi, cosine);
    let logits = f.g.mul(s, logits);
    let lse = f.g.reduce(Reducer::Lse, AxisSet::of(f.c), logits);
    let phi = f.g.mul(s, phi);
    let value = f.g.sub(lse, phi);
    println!("{}", text(&f, value));
    let d = gradient(loss_of(f, value));
    for (_, g) in &d.gradients {
        println!("{}", formula(&d.loss.graph, *g).text());
        println!("{}", d.loss.graph.show(*g));
    }
}

#[test]
fn built_in_losses() {
    for file in [
        "softmax",
        "focal",
        "margin",
        "sigmoid",
        "weighted",
        "distillation",
    ] {
        let path = format!(
            "{}/../loss-dsl/src/losses/{file}.rs",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).unwrap();
        for block in text.split("loss! {").skip(1) {
            let block = &block[..block.rfind('}').unwrap()];
            let tokens = block.parse().unwrap();
            let Ok(compiled) = crate::compile::compile(tokens) else {
                panic!("{block}")
            };
            for loss in compiled {
                println!(
                    "{}\n{}",
                    loss.literal.loss.name,
                    super::derivation(&loss.literal)
                );
            }
        }
    }
}
