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

/// In the other order, after another loss.
fn code_backwards() -> Vec<String> {
    let other = crate::written::angular::SOURCE.parse().expect("tokens");
    loss_codegen::expand(other);
    let blocks = library::blocks().into_iter().rev();
    let mut code: Vec<String> = blocks
        .map(|block| loss_codegen::expand(block).to_string())
        .collect();
    code.reverse();
    code
}

#[test]
fn times_orders_and_threads_do_not_matter() {
    let elsewhere = [code, code_backwards].map(std::thread::spawn);
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

/// Run by [`processes_do_not_matter`] in a process of its own.
#[test]
#[ignore = "a part of processes_do_not_matter"]
fn print_the_fingerprint() {
    println!("fingerprint {:016x}", fingerprint(&code()));
}

#[test]
fn processes_do_not_matter() {
    let expected = format!("fingerprint {:016x}", fingerprint(&FIRST));
    let program = std::env::current_exe().expect("the test binary");
    let arguments = ["--exact", PRINT, "--ignored", "--nocapture"];
    let output = Command::new(&program).args(arguments).output();
    let output = output.expect("the test binary runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(&expected), "{expected} not in {text}");
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
        same_bits_of(subject, image_sizes, Layout::RowMajor);
    } else if spec.coupled || spec.value_axes.is_empty() {
        same_bits_of(subject, coupled_sizes, Layout::RowMajor);
    } else {
        same_bits_of(subject, sizes, Layout::RowMajor);
        same_bits_of(subject, wide_sizes, Layout::ColumnMajor);
    }
}

fn same_bits_of(subject: &Subject, sizes: fn(&str) -> usize, layout: Layout) {
    let loss = &subject.loss;
    let name = loss.name();
    let arrays = subject.sample(sizes, 5);
    let cotangent = subject.cotangent(&arrays, 6);
    let arrays = arrays.relaid(layout);
    let pooled = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
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
    let alone = pooled(1);
    assert_eq!(alone, pooled(2), "{name}, two threads");
    assert_eq!(alone, pooled(3), "{name}, three threads");
}

loss_tests::for_each_built_in!(same_bits);
crate::written::for_each_written!(same_bits);
