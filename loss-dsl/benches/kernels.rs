//! What a call costs: every loss of the comparison at moderate sizes, the value alone and with its gradients.
//!
//! ```sh
//! cargo bench -p loss-dsl --bench kernels               # all
//! cargo bench -p loss-dsl --bench kernels -- arc_face   # some
//! ```

#[allow(dead_code, unused_imports, reason = "each bench uses a part of it")]
mod subject;

use std::fmt;

use divan::counter::ItemsCount;
use subject::{NAMES, Size, has_features, prepare};

/// A loss at a size.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    size: Size,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { n, c, d } = self.size;
        if has_features(self.name) {
            write!(f, "{} {n}x{d}x{c}", self.name)
        } else {
            write!(f, "{} {n}x{c}", self.name)
        }
    }
}

/// Few classes, many classes; heads of few and of many.
fn cases() -> impl Iterator<Item = Case> {
    let logits = [(16384, 10, 0), (1024, 1000, 0)];
    let heads = [(128, 1000, 64), (64, 10_000, 128)];
    NAMES.into_iter().flat_map(move |name| {
        let sizes = if has_features(name) { heads } else { logits };
        sizes.map(|(n, c, d)| Case {
            name,
            size: Size { n, c, d },
        })
    })
}

/// Logits a second, which losses of different sizes can be compared by.
fn logits(case: Case) -> ItemsCount {
    ItemsCount::new(case.size.n * case.size.c)
}

#[divan::bench(args = cases(), max_time = 1)]
fn forward(bencher: divan::Bencher<'_, '_>, case: Case) {
    let subject = prepare(case.name, case.size).expect("a loss of the catalogue");
    bencher
        .counter(logits(case))
        .bench_local(|| subject.forward());
}

#[divan::bench(args = cases(), max_time = 1)]
fn gradient(bencher: divan::Bencher<'_, '_>, case: Case) {
    let mut subject = prepare(case.name, case.size).expect("a loss of the catalogue");
    bencher
        .counter(logits(case))
        .bench_local(|| subject.fill_buffers());
}

fn main() {
    divan::main();
}
