//! The same text on every run, the same bits for every number of threads.
//!
//! Generated code must not depend on what was compiled before it, on the thread, or on the process (hash seeds, address
//! layout). Results must not depend on how many threads share the work.

use std::process::Command;
use std::sync::LazyLock;

use rayon::ThreadPoolBuilder;

use loss_tests::support::arrays::Layout;
use loss_tests::support::library;
use loss_tests::support::outcome::generated;
use loss_tests::support::subject::Subject;

/// The generated code of every built-in loss, as text, in order.
fn code() -> Vec<String> {
    let expand = |block| loss_codegen::expand(block).to_string();
    library::blocks().into_iter().map(expand).collect()
}

/// The same, as it was the first time.
static FIRST: LazyLock<Vec<String>> = LazyLock::new(code);

#[test]
fn twice_is_the_same() {
    assert_eq!(*FIRST, code());
}

#[test]
fn the_order_of_compilation_does_not_matter() {
    let other = crate::written::angular::SOURCE.parse().expect("tokens");
    loss_codegen::expand(other);
    let mut backwards: Vec<String> = library::blocks()
        .into_iter()
        .rev()
        .map(|block| loss_codegen::expand(block).to_string())
        .collect();
    backwards.reverse();
    assert_eq!(*FIRST, backwards);
}

#[test]
fn threads_do_not_matter() {
    let elsewhere: Vec<_> = (0..2).map(|_| std::thread::spawn(code)).collect();
    for thread in elsewhere {
        assert_eq!(*FIRST, thread.join().expect("no panic"));
    }
}

/// FNV-1a, so that a child process has one number to print.
fn fingerprint(texts: &[String]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

const PRINT: &str = "determinism::print_the_fingerprint";

/// Run by [`processes_do_not_matter`] in processes of its own.
#[test]
#[ignore = "a part of processes_do_not_matter"]
fn print_the_fingerprint() {
    println!("fingerprint {:016x}", fingerprint(&code()));
}

#[test]
fn processes_do_not_matter() {
    let expected = format!("fingerprint {:016x}", fingerprint(&FIRST));
    let program = std::env::current_exe().expect("the test binary");
    for _ in 0..2 {
        let arguments = ["--exact", PRINT, "--ignored", "--nocapture"];
        let output = Command::new(&program).args(arguments).output();
        let output = output.expect("the test binary runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&expected), "{expected} not in {text}");
    }
}

/// Enough rows for many blocks (which are small without optimisation) on several threads.
fn sizes(dim: &str) -> usize {
    match dim {
        "N" => 200,
        "C" => 40,
        _ => 9,
    }
}

/// The same with more classes than are taken with a row in each lane.
fn wide_sizes(dim: &str) -> usize {
    match dim {
        "N" => 70,
        "C" => 150,
        _ => 9,
    }
}

/// As many elements in images.
fn image_sizes(dim: &str) -> usize {
    match dim {
        "N" => 30,
        "C" => 5,
        _ => 9,
    }
}

/// The same of batches whose samples interact, where the work is quadratic, or cubic.
fn coupled_sizes(dim: &str) -> usize {
    match dim {
        "N" => 40,
        other => sizes(other).min(20),
    }
}

fn same_bits(subject: &Subject) {
    let spec = subject.loss.spec();
    if spec.dims.iter().any(|dim| dim.name == "W") {
        same_bits_of(subject, image_sizes);
    } else if spec.coupled || spec.value_axes.is_empty() {
        same_bits_of(subject, coupled_sizes);
    } else {
        same_bits_of(subject, sizes);
        same_bits_of(subject, wide_sizes);
    }
}

fn same_bits_of(subject: &Subject, sizes: fn(&str) -> usize) {
    let loss = &subject.loss;
    let name = loss.name();
    let arrays = subject.sample(sizes, 5);
    let cotangent = subject.cotangent(&arrays, 6);
    let pooled = |threads: usize, layout| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let arrays = arrays.relaid(layout);
        let outcome = pool.expect("a pool").install(|| {
            (
                generated::<f32>(loss, &arrays, &cotangent),
                generated::<f64>(loss, &arrays, &cotangent),
            )
        });
        [outcome.0, outcome.1].map(|outcome| {
            let bits = |array: &ndarray::ArrayD<f64>| array.mapv(f64::to_bits);
            let arrays = outcome.arrays.into_iter();
            arrays
                .map(|(name, array)| (name, bits(&array)))
                .collect::<Vec<_>>()
        })
    };
    for layout in [Layout::RowMajor, Layout::ColumnMajor] {
        let alone = pooled(1, layout);
        assert_eq!(alone, pooled(2, layout), "{name}, two threads");
        assert_eq!(alone, pooled(3, layout), "{name}, three threads");
    }
}

loss_tests::for_each_built_in!(same_bits);
crate::written::for_each_written!(same_bits);
