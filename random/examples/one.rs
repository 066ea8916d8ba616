//! Checks the program on the standard input at some points.
fn main() {
    let source = std::io::read_to_string(std::io::stdin()).unwrap();
    match loss_random::check::compiled(&source) {
        Ok(c) => {
            let g = &c.literal;
            println!("value {}", g.loss.graph.show(g.loss.value));
            for &(p, n) in &g.gradients { println!("d{} {}", g.loss.graph.param(p).name, g.loss.graph.show(n)); }
            for &(p, n) in &c.simplified.kernel.gradients { println!("kernel d{} {}", c.simplified.kernel.loss.graph.param(p).name, c.simplified.kernel.loss.graph.show(n)); }
            println!("{:?}", c.report);
        }
        Err(m) => println!("{m}"),
    }
    for point in 0..60 {
        if let Err(m) = loss_random::check::check(&source, point, &mut Default::default()) { println!("{point}: {m}"); break; }
    }
}
