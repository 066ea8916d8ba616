//! Runs the check program under `mpirun`, within a time.

use std::io::{ErrorKind, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Ranks that wait for each other longer than this wait forever.
const LIMIT: Duration = Duration::from_secs(120);

/// One world at a time: more would only wait for each other's cores.
static RUNNING: Mutex<()> = Mutex::new(());

/// How a job ended, and what all its ranks and `mpirun` wrote.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
}

impl Outcome {
    pub(crate) fn assert_success(&self) {
        let Self { status, output } = self;
        assert!(status.success(), "{status}\n{output}");
    }
}

/// Runs `loss-mpi-check` on so many ranks, with these arguments.
///
/// # Panics
/// If there is no `mpirun`, or the ranks do not end in time; then they are ended.
pub(crate) fn run(ranks: usize, arguments: &[&str]) -> Outcome {
    let (status, output) = run_within(LIMIT, ranks, arguments);
    match status {
        Some(status) => Outcome { status, output },
        None => panic!("{ranks} ranks, {arguments:?}: no end after {LIMIT:?}\n{output}"),
    }
}

/// As [`run`]; without a status if the ranks had to be ended.
pub(crate) fn run_within(
    limit: Duration,
    ranks: usize,
    arguments: &[&str],
) -> (Option<ExitStatus>, String) {
    let _one = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let started = Command::new("mpirun")
        .args([
            "--allow-run-as-root",
            "--oversubscribe",
            "--bind-to",
            "none",
        ])
        .args([
            "-n",
            &ranks.to_string(),
            env!("CARGO_BIN_EXE_loss-mpi-check"),
        ])
        .args(arguments)
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!(
            "there is no mpirun: these tests need Open MPI (on Debian, `apt-get install openmpi-bin libopenmpi-dev`)"
        ),
        Err(error) => panic!("mpirun: {error}"),
    };
    let output = [
        read(child.stdout.take().expect("piped")),
        read(child.stderr.take().expect("piped")),
    ];
    let status = wait(&mut child, limit);
    let output = output.map(|reader| reader.join().expect("no panic"));
    (status, output.concat())
}

/// What each rank said that begins with `what`, in any order of ranks, without its rank.
pub(crate) fn texts(output: &str, what: &str) -> Vec<String> {
    let said = output.lines().filter_map(|line| {
        let (_, text) = line.strip_prefix("rank ")?.split_once(": ")?;
        text.strip_prefix(what)
    });
    said.map(str::to_owned).collect()
}

fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = vec![];
        // What was written before an error is what there is.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The status, or none if the job had to be ended.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    if let Some(status) = ended(child, limit) {
        return Some(status);
    }
    // `mpirun` ends its ranks when it is asked to end, but cannot when it is killed.
    let _ = Command::new("kill").arg(child.id().to_string()).status();
    if ended(child, Duration::from_secs(10)).is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    None
}

fn ended(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait().expect("a process of this one") {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}
