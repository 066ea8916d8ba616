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
