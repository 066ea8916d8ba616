//! Every loss that ships.

use super::*;

fn shipped() -> Vec<Loss> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../loss-dsl/src/losses");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the library of losses")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut all = vec![];
    for file in files {
        let text = std::fs::read_to_string(file).expect("a source file");
        let file = syn::parse_file(&text).expect("Rust");
        for item in file.items {
            if let syn::Item::Macro(item) = item {
                all.extend(losses(&item.mac.tokens.to_string()));
            }
        }
    }
    all
}

#[test]
fn show() {
    for loss in shipped() {
        let gradient = diff::gradient(loss);
        let start = std::time::Instant::now();
        let (simplified, report) = simplify_with_report(gradient.clone());
        println!(
            "==== {} {:?} {:?}",
            gradient.loss.name,
            start.elapsed(),
            report
        );
        for (what, g) in [
            ("literal", &gradient),
            ("kernel", &simplified.kernel),
            ("formula", &simplified.formula),
        ] {
            println!(
                "-- {what}: {} nodes",
                g.loss
                    .graph
                    .reachable(&super::super::convert::roots(g))
                    .len()
            );
            println!("  value {}", g.loss.graph.show(g.loss.value));
            for (p, n) in &g.gradients {
                println!(
                    "  d{} {}",
                    g.loss.graph.param(*p).name,
                    g.loss.graph.show(*n)
                );
            }
        }
    }
}

#[test]
fn debug_cos() {
    let loss = shipped().into_iter().find(|l| l.name == "CosFace").unwrap();
    let gradient = diff::gradient(loss);
    let roots = super::super::convert::roots(&gradient);
    let mut c = super::super::convert::to_egraph(&gradient.loss.graph, &roots);
    super::super::saturate::saturate(&mut c.egraph, &super::super::rules::all());
    let aim = super::super::cost::Aim::Kernel(super::super::convert::batch_axes(&gradient));
    let mut ids: Vec<_> = c.egraph.classes().map(|c| c.id).collect();
    ids.sort();
    for id in ids {
        println!("{id} free {:?}", c.egraph[id].data.free);
        for n in &c.egraph[id].nodes {
            println!("     {:?} {:?}  {:?}", n.op, n.children, super::super::cost::Prices::new(&c.egraph, aim).of(n));
        }
    }
    let (chosen, price) = super::super::extract::extract(&c.egraph, aim, &c.roots).unwrap();
    println!("{price:?}");
    for (id, n) in chosen { println!("{id} := {:?} {:?}", n.op, n.children); }
    println!("{:?}", c.roots);
}
