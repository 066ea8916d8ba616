//! Checks one program at one point, as a failure prints them.
//!
//! `cargo run -p loss-random --example check -- POINT < FILE`

use std::io::Read;

use loss_random::check::{Tally, check};

fn main() {
    let mut source = String::new();
    let read = std::io::stdin().read_to_string(&mut source);
    let point = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let (Ok(_), Some(point)) = (read, point) else {
        eprintln!("a number, and a definition on the standard input");
        std::process::exit(2);
    };
    let mut tally = Tally::default();
    match check(&source, point, &mut tally) {
        Ok(()) => println!("{tally}"),
        Err(message) => {
            println!("{message}");
            std::process::exit(1);
        }
    }
}
