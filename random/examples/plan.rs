//! Free axes.
fn main() {
    let source = std::io::read_to_string(std::io::stdin()).unwrap();
    let c = loss_random::check::compiled(&source).unwrap();
    for g in [&c.literal, &c.simplified.kernel, &c.simplified.formula] {
        let graph = &g.loss.graph;
        for (i, a) in graph.axes().iter().enumerate() { print!("{i}={} ", a.name); }
        println!("value {:?} batch {:?}", graph.free(g.loss.value), g.loss.batch);
        for &(p, n) in &g.gradients { println!("{} {:?} declared {:?}", graph.param(p).name, graph.free(n), graph.param(p).axes); }
    }
}
