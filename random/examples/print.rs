//! Checks random programs: `print SEED CASES COUNT`, without shrinking if a fourth argument is given.
use loss_random::{check, drive, point::Random, writer};
fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap());
    let (seed, cases, count) = (args.next().unwrap(), args.next().unwrap(), args.next().unwrap_or(1));
    let plain = args.next().is_some();
    std::panic::set_hook(Box::new(|_| {}));
    for seed in seed..seed + count {
        if !plain {
            match drive::run(seed, cases as u32) {
                Ok(tally) => println!("{tally}"),
                Err(message) => println!("seed {seed}: {message}"),
            }
            continue;
        }
        let mut random = Random::new(seed);
        let mut tally = check::Tally::default();
        for _ in 0..cases {
            let len = 1 + random.below(200);
            let choices: Vec<u32> = (0..len).map(|_| random.bits() as u32).collect();
            let point = random.bits();
            let source = writer::program("Random", &choices);
            let start = std::time::Instant::now();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check::check(&source, point, &mut tally)));
            let took = start.elapsed().as_millis();
            if took > 3000 { println!("SLOW {took} ms, point {point}\n{source}"); }
            match result {
                Ok(Ok(())) => {}
                Ok(Err(message)) => println!("FAIL point {point}\n{source}\n{message}"),
                Err(e) => println!("PANIC {:?} point {point}\n{source}", e.downcast_ref::<String>().map(String::as_str).or(e.downcast_ref::<&str>().copied())),
            }
        }
        println!("{tally}");
    }
}
