//! Instruction counts of ten kernels, against those in `instructions.txt`: a slower kernel shows on a busy machine too.
//!
//! ```sh
//! cargo bench -p loss-dsl --bench instructions                # compares; fails beyond the tolerance, either way
//! UPDATE_INSTRUCTIONS=1 cargo bench -p loss-dsl --bench instructions   # writes the file
//! ```
//!
//! The program starts itself under `valgrind --tool=callgrind` once a kernel and counts what happens inside of
//! [`counted`]: one call with gradients, on one thread, after another one that has set up what is set up once. Valgrind knows no
//! AVX-512, so these are counts of the AVX2 kernels. They are a property of the compiler too, whose version is in the
//! file; another version counts, but does not fail.

#[allow(dead_code, unused_imports, reason = "each bench uses a part of it")]
mod subject;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use subject::{Size, Subject, prepare};

/// Change that is reported as one, in percent. Addresses and the cache sizes that matrix products are blocked
/// by make differences below it.
const TOLERANCE: f64 = 3.0;

/// Both directions of vectorising, both kinds of reductions, products, gathers: name, N, C, D.
const KERNELS: [(&str, Size); 10] = [
    ("softmax", size(1024, 10, 0)),
    ("softmax", size(64, 1000, 0)),
    ("label_smoothing", size(64, 1000, 0)),
    ("focal", size(1024, 10, 0)),
    ("sigmoid_focal", size(64, 1000, 0)),
    ("distillation", size(64, 1000, 0)),
    ("tempered_tsallis", size(64, 1000, 0)),
    ("hardest_negative", size(64, 1000, 0)),
    ("arc_face", size(32, 1000, 64)),
    ("l_softmax", size(32, 1000, 64)),
];

const fn size(n: usize, c: usize, d: usize) -> Size {
    Size { n, c, d }
}

fn label((name, Size { n, c, d }): &(&str, Size)) -> String {
    if *d == 0 {
        format!("{name} {n}x{c}")
    } else {
        format!("{name} {n}x{d}x{c}")
    }
}

/// What valgrind counts; it knows the function by this name.
#[inline(never)]
fn counted(subject: &mut dyn Subject) -> f32 {
    std::hint::black_box(subject.fill_buffers())
}

/// One kernel, in the process that valgrind watches.
fn run(kernel: usize) {
    let (name, size) = KERNELS[kernel];
    let mut subject = prepare(name, size).expect("a loss of the catalogue");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    // On the thread of the pool, where everything that asks for threads goes on as it is.
    pool.expect("a thread").install(|| {
        subject.fill_buffers();
        counted(&mut *subject);
    });
}

/// Instructions of one kernel.
fn count(kernel: usize, folder: &Path) -> Result<u64, String> {
    let profile = folder.join(format!("callgrind.{kernel}"));
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*counted*"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(["--kernel", &kernel.to_string()])
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = std::fs::read_to_string(&profile).map_err(|error| error.to_string())?;
    let totals: u64 = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("summary: ")
                .or(line.strip_prefix("totals: "))
        })
        .find_map(|total| total.trim().parse().ok())
        .ok_or_else(|| format!("{}: no total", profile.display()))?;
    if totals == 0 {
        return Err("nothing was counted: the function has another name".to_owned());
    }
    Ok(totals)
}

/// Version of the compiler, as it says.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|error| error.to_string())
}

/// The committed counts, and the compiler that they are of.
fn committed(file: &Path) -> (String, BTreeMap<String, u64>) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let compiler = text.lines().find_map(|line| line.strip_prefix("# "));
    let counts = text.lines().filter_map(|line| {
        let (label, count) = line.split_once('\t')?;
        Some((label.to_owned(), count.parse().ok()?))
    });
    (compiler.unwrap_or_default().to_owned(), counts.collect())
}

/// Counts all kernels and prints them; the counts, and whether all are as committed.
fn compare(folder: &Path, expected: &BTreeMap<String, u64>) -> Result<(String, bool), String> {
    let (mut lines, mut same) = (String::new(), true);
    for (at, kernel) in KERNELS.iter().enumerate() {
        let (label, found) = (label(kernel), count(at, folder)?);
        lines.push_str(&format!("{label}\t{found}\n"));
        let Some(&before) = expected.get(&label) else {
            println!("{label:28} {found:>12}  new");
            same = false;
            continue;
        };
        let change = 100.0 * (found as f64 / before as f64 - 1.0);
        let verdict = if change.abs() > TOLERANCE {
            "  CHANGED"
        } else {
            ""
        };
        println!("{label:28} {found:>12}  {change:+.2} %{verdict}");
        same &= change.abs() <= TOLERANCE;
    }
    Ok((lines, same))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--kernel") {
        run(arguments[at + 1].parse().expect("the number of a kernel"));
        return ExitCode::SUCCESS;
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (compiled_by, expected) = committed(&file);
    let (lines, same) = match compare(&folder, &expected) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let compiler = compiler();
    if std::env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        std::fs::write(&file, format!("# {compiler}\n{lines}")).expect("a file of the workspace");
        return ExitCode::SUCCESS;
    }
    if compiler != compiled_by {
        println!("the committed counts are of {compiled_by}, these of {compiler}: not judged");
        return ExitCode::SUCCESS;
    }
    if same {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
