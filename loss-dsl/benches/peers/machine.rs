//! What Linux says about this process: memory at its peak, processor time.

use std::time::Duration;

/// The line `field` of the process's status, in bytes.
fn status(field: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .expect("the field");
    let number = line.split_whitespace().next();
    let kibibytes: usize = number
        .and_then(|word| word.parse().ok())
        .expect("a number of KiB");
    kibibytes * 1024
}

/// Forgets the peak so far; the resident memory now.
pub(crate) fn reset_peak() -> usize {
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may forget its own peak");
    status("VmRSS:")
}

/// Most resident memory since [`reset_peak`].
pub(crate) fn peak() -> usize {
    status("VmHWM:")
}

/// Time that all threads together have had a processor.
pub(crate) fn processor_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux has it");
    let nanoseconds = tasks.map(|task| {
        let path = task.expect("a thread").path().join("schedstat");
        let text = std::fs::read_to_string(path).expect("a thread's times");
        let first = text.split_whitespace().next();
        first
            .and_then(|word| word.parse::<u64>().ok())
            .expect("a number of nanoseconds")
    });
    Duration::from_nanos(nanoseconds.sum())
}
