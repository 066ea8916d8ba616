//! Plan.
fn main() {
    let source = std::io::read_to_string(std::io::stdin()).unwrap();
    let c = loss_random::check::compiled(&source).unwrap();
    for plan in [loss_codegen::schedule::forward(&c.simplified.kernel.loss), loss_codegen::schedule::backward(&c.simplified.kernel)] {
        for (i, a) in c.literal.loss.graph.axes().iter().enumerate() { print!("{i}={} ", a.name); }
        println!();
        for i in 0..60 { if std::panic::catch_unwind(|| plan.low.op(loss_codegen::schedule::low::LowId(i)).clone()).is_ok() { println!("  {i}: {:?}", plan.low.op(loss_codegen::schedule::low::LowId(i))); } }
        println!("{:?}", plan.reads);
        for b in &plan.buffers { println!("buffer {b:?}"); }
        for s in &plan.steps { println!("{s:#?}"); }
    }
}
