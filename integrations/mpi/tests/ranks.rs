//! Ranks as processes: `loss-mpi-check` under `mpirun`.

mod support;

use std::time::Duration;

use support::{Outcome, run, run_within, texts};

#[test]
fn losses_in_parts_are_the_losses_of_the_whole() {
    for ranks in 1..=4 {
        let outcome = run(ranks, &["values"]);
        outcome.assert_success();
        println!("{ranks} ranks\n{}", outcome.output);
        for what in ["f32: ", "f64: ", "steps with sampled negatives agree"] {
            let lines = texts(&outcome.output, what);
            assert_eq!(lines.len(), ranks, "{what}\n{}", outcome.output);
        }
    }
}

/// What all ranks were told, which is the same, in a world of so many ranks.
fn refusal(ranks: usize, case: &str) -> String {
    let outcome = run(ranks, &["refused", case]);
    outcome.assert_success();
    for what in ["refused: ", "then: "] {
        let told = texts(&outcome.output, what);
        assert_eq!(told.len(), ranks, "{case}\n{}", outcome.output);
        let alike = told.iter().all(|text| text == &told[0]);
        assert!(alike, "{case}: {told:?}");
    }
    texts(&outcome.output, "refused: ").swap_remove(0)
}

#[test]
fn all_ranks_are_told_the_same() {
    let cases = [
        (
            "shape",
            "rank 1: `w`: shape [7, 4] given, but axis D has extent 5, set by `x`",
        ),
        ("type", "rank 1 and rank 0 differ: the number type"),
        ("method", "rank 1 and rank 0 differ: which method is called"),
        (
            "features",
            "rank 1 and rank 0 differ: the extent of axis D (5 there, 4 on rank 0)",
        ),
        (
            "labels",
            "rank 1 and rank 0 differ: the elements of `y`, which every rank must have alike (`gather_rows` brings samples together)",
        ),
        (
            "label on one rank",
            "rank 1 and rank 0 differ: the elements of `y`, which every rank must have alike (`gather_rows` brings samples together)",
        ),
        (
            "label",
            "`y`: label 20 at [2] is not a position on axis C, which has extent 20",
        ),
        ("setting", "rank 1 and rank 0 differ: its scalars and flags"),
        (
            "bad setting",
            "rank 1: `s`: -1 given, but it must lie in (0, inf)",
        ),
        (
            "no classes",
            "`w`: shape [0, 4] given, but axis C must not be empty",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(refusal(3, case), expected, "{case}");
    }
    assert_eq!(
        refusal(2, "type"),
        "rank 1 and rank 0 differ: the number type"
    );
    assert!(refusal(1, "label").contains("label 20 at [2]"));
}

/// What ArcFace's value and gradients need does not depend on the number of classes.
#[test]
fn traffic_does_not_grow_with_the_classes() {
    for classes in ["1000", "4000"] {
        let outcome = run(2, &["traffic", classes]);
        outcome.assert_success();
        let told = texts(&outcome.output, "");
        assert_eq!(
            told, ["6 messages, 3264 bytes sent"; 2],
            "{classes} classes"
        );
    }
}

#[test]
fn a_rank_that_ends_ends_the_job() {
    for (how, message) in [
        ("kill", "exited on signal 6"),
        ("exit", "non-zero exit code"),
        ("panic", "rank 1 has panicked"),
        ("abort", "rank 1: a file is missing"),
    ] {
        for ranks in [2, 3] {
            let Outcome { status, output } = run(ranks, &["ends", how]);
            assert!(!status.success(), "{how}\n{output}");
            assert!(output.contains(message), "{how}\n{output}");
            assert!(!output.contains("is here at the end"), "{how}\n{output}");
        }
    }
}

/// A rank that leaves early waits for the others, and they for it. That they wait is found out, and ends.
#[test]
fn who_waits_too_long_is_ended() {
    let limit = Duration::from_secs(5);
    let (status, output) = run_within(limit, 2, &["ends", "early"]);
    assert_eq!(status, None, "{output}");
    assert!(!output.contains("is here at the end"), "{output}");
}
