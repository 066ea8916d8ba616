//! Prints random programs.
fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap());
    let (seed, cases, count) = (args.next().unwrap(), args.next().unwrap(), args.next().unwrap_or(1));
    std::panic::set_hook(Box::new(|_| {}));
    for seed in seed..seed + count {
        let start = std::time::Instant::now();
        match loss_random::drive::run(seed, cases as u32) {
            Ok(tally) => println!("{tally}"),
            Err(message) => println!("seed {seed}: {message}"),
        }
        println!("-- {:?}", start.elapsed());
    }
}
