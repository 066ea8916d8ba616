//! Our side of the comparison with peers: a process that measures what it is told to, line by line.
//!
//! `run.py` asks, this answers; between two turns the process sleeps, so that one side at a time has the machine.
//!
//! | request | answer |
//! | --- | --- |
//! | `load NAME N C D` | bytes of inputs, bytes of gradients |
//! | `check PATH` | the value; the gradients are in the file, f32 in the machine's order |
//! | `time WHAT MS` | nanoseconds of each call, of so many that they fill the milliseconds |
//! | `busy MS` | processor time over elapsed time |
//! | `memory NAME N C D` | bytes at the peak beyond inputs and gradients; once in a process |
//!
//! WHAT is `reused` (outputs into buffers), `fresh` (new outputs), `forward`, `one_thread` (as `reused`), `copy` (as many
//! bytes as inputs and gradients have) or `products` (the three matrix products of a head, by faer).

mod machine;
#[path = "../subject/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each bench uses a part of it")]
mod subject;
mod yardstick;

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};
use subject::{Size, Subject, prepare};
use yardstick::{Move, Products};

/// A call this long needs no other one before it to fill the caches.
const LONG: Duration = Duration::from_millis(100);
/// Calls in a turn at most.
const CALLS: usize = 200;
/// Short calls in a turn at least.
const FEWEST: usize = 3;

/// What `load` made.
struct Loaded {
    subject: Box<dyn Subject>,
    copy: Option<Move>,
    products: Option<Products>,
    one_thread: Option<ThreadPool>,
    size: Size,
    /// How long an uncounted call took, by request.
    warmed: Vec<(String, Duration)>,
}

fn main() {
    // `cargo bench` without a filter starts every bench, this one with nobody to talk to.
    if std::env::args().any(|argument| argument == "--bench") {
        println!("run loss-dsl/benches/peers/run.sh");
        return;
    }
    let mut loaded = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a request is text");
        let words: Vec<&str> = line.split_whitespace().collect();
        println!("{}", answer(&words, &mut loaded));
        std::io::stdout().flush().expect("somebody reads");
    }
}

fn answer(words: &[&str], loaded: &mut Option<Loaded>) -> String {
    match (words, loaded) {
        (["load", name, n, c, d], loaded) => {
            let size = size(n, c, d);
            // The old arrays go before the new ones come.
            *loaded = None;
            let Some(subject) = prepare(name, size) else {
                return format!("error: no loss `{name}`");
            };
            let (inputs, gradients) = subject.bytes();
            *loaded = Some(Loaded {
                subject,
                copy: None,
                products: None,
                one_thread: None,
                size,
                warmed: Vec::new(),
            });
            format!("{inputs} {gradients}")
        }
        (["memory", name, n, c, d], _) => memory(name, size(n, c, d)),
        (["check", path], Some(loaded)) => check(path, loaded),
        (["time", what, milliseconds], Some(loaded)) => {
            let budget = Duration::from_millis(milliseconds.parse().expect("a number"));
            let times = turn(what, budget, loaded);
            let times: Vec<String> = times.iter().map(|t| t.as_nanos().to_string()).collect();
            times.join(" ")
        }
        (["busy", milliseconds], Some(loaded)) => {
            let budget = Duration::from_millis(milliseconds.parse().expect("a number"));
            let (start, before) = (Instant::now(), machine::processor_time());
            while start.elapsed() < budget {
                std::hint::black_box(loaded.subject.fill_buffers());
            }
            let used = machine::processor_time() - before;
            format!("{}", used.as_secs_f64() / start.elapsed().as_secs_f64())
        }
        _ => format!("error: `{}` is not understood", words.join(" ")),
    }
}

fn size(n: &str, c: &str, d: &str) -> Size {
    let number = |text: &str| text.parse().expect("an extent");
    Size {
        n: number(n),
        c: number(c),
        d: number(d),
    }
}

/// Times calls until the budget is spent and there are [`FEWEST`], or one if it is long; a first one is not counted if it is short.
fn turn(what: &str, budget: Duration, loaded: &mut Loaded) -> Vec<Duration> {
    let mut times = Vec::new();
    let known = loaded.warmed.iter().find(|(known, _)| known == what);
    let mut long = known.is_some_and(|(_, time)| *time > LONG);
    if !long {
        let first = call(what, loaded);
        loaded.warmed.retain(|(known, _)| known != what);
        loaded.warmed.push((what.to_owned(), first));
        long = first > LONG;
    }
    let mut spent = Duration::ZERO;
    while times.len() < if long { 1 } else { FEWEST } || (spent < budget && times.len() < CALLS) {
        let time = call(what, loaded);
        spent += time;
        times.push(time);
    }
    times
}

fn call(what: &str, loaded: &mut Loaded) -> Duration {
    let subject = &mut loaded.subject;
    match what {
        "reused" => timed(|| subject.fill_buffers()),
        "fresh" => timed(|| subject.fresh()),
        "forward" => timed(|| subject.forward()),
        "one_thread" => {
            let pool = loaded.one_thread.get_or_insert_with(one_thread);
            pool.install(|| timed(|| subject.fill_buffers()))
        }
        "copy" => {
            let (inputs, gradients) = subject.bytes();
            let copy = loaded
                .copy
                .get_or_insert_with(|| Move::new(inputs, gradients));
            timed(|| copy.run())
        }
        "products" => {
            let size = loaded.size;
            let products = loaded.products.get_or_insert_with(|| Products::new(size));
            timed(|| products.run())
        }
        _ => panic!("`{what}` cannot be timed"),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn one_thread() -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread can be started")
}

/// The value; the gradients go to a file.
fn check(path: &str, loaded: &mut Loaded) -> String {
    let value = loaded.subject.fill_buffers();
    let mut file = BufWriter::new(File::create(path).expect("a file to write"));
    for gradient in loaded.subject.gradients() {
        for number in gradient {
            file.write_all(&number.to_ne_bytes())
                .expect("room for the gradients");
        }
    }
    file.flush().expect("room for the gradients");
    format!("{value}")
}

/// What one call needs besides its inputs and outputs. A small call of the same loss comes before it: threads and
/// code are there then.
fn memory(name: &str, size: Size) -> String {
    let small = Size {
        n: size.n.min(4),
        c: size.c.min(64),
        d: size.d.min(32),
    };
    let Some(mut subject) = prepare(name, small) else {
        return format!("error: no loss `{name}`");
    };
    subject.fill_buffers();
    let mut subject = prepare(name, size).expect("there is one");
    let before = machine::reset_peak();
    subject.fill_buffers();
    (machine::peak().saturating_sub(before)).to_string()
}
