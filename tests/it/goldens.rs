//! PyTorch's numbers: every case of every file of `tests/golden`, through the trait that users' generic code sees.
//!
//! In f64: losses per sample, totals, auxiliary outputs, and the gradients of the mean, of the weighted mean and for a
//! cotangent per sample. Every input is exact in f32, so the same numbers judge f32.

use loss_tests::support::golden::load;
use loss_tests::support::judge::{DOUBLE, errors};
use loss_tests::support::library;

/// The largest error in f32 that a file may declare: cosines, whose rounding is 6e-8, times a scale of 64.
const SINGLE: f64 = 2e-5;

fn agrees(name: &str, file: &str) {
    let loss = library::loss(name);
    let golden = load(file);
    assert_eq!(golden.loss, name);
    assert!(
        golden.single <= SINGLE,
        "an error of {} is none",
        golden.single
    );
    let mut failures = Vec::new();
    for case in &golden.cases {
        let double = errors::<f64>(&loss, case).into_iter();
        let single = errors::<f32>(&loss, case).into_iter();
        let judged = double.map(|error| (error, DOUBLE, "f64"));
        let judged = judged.chain(single.map(|error| (error, golden.single, "f32")));
        for ((what, error), allowed, number) in judged {
            if error > allowed {
                failures.push(format!(
                    "{}: {what} in {number} is off by {error:.1e}",
                    case.name
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{name}\n{}", failures.join("\n"));
}

macro_rules! agreements {
    ($($file:ident $loss:ident,)*) => {
        $(
            #[test]
            fn $file() {
                agrees(stringify!($loss), stringify!($file));
            }
        )*

        #[test]
        fn every_loss_has_a_file_and_every_file_a_loss() {
            assert_eq!(library::names(), [$(stringify!($loss)),*]);
            let mut expected = [$(stringify!($file)),*];
            expected.sort();
            assert_eq!(files(), expected);
        }
    };
}

loss_tests::built_in_losses!(agreements);

/// The names of all files of goldens, sorted.
fn files() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
    let entries = std::fs::read_dir(folder).expect("the folder of goldens");
    let paths = entries.map(|entry| entry.expect("a folder entry").path());
    let goldens = paths.filter(|path| path.extension().is_some_and(|ext| ext == "json"));
    let stem =
        |path: &std::path::PathBuf| path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let mut files: Vec<String> = goldens.filter_map(|path| stem(&path)).collect();
    files.sort();
    files
}
