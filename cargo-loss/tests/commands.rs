//! The commands, run in a crate as a user would: `tests/sample`.

use std::path::Path;
use std::process::{Command, Output};

/// What a command printed, and its exit status.
struct Ran {
    status: i32,
    out: String,
    err: String,
}

fn loss(arguments: &[&str]) -> Ran {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sample");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-loss"));
    let output = command.args(arguments).current_dir(sample).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran {
        status: status.code().expect("it ended by itself"),
        out: text(stdout),
        err: text(stderr),
    }
}

/// What a command prints that goes well.
fn good(arguments: &[&str]) -> String {
    let ran = loss(arguments);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    ran.out
}

#[test]
fn list() {
    insta::assert_snapshot!(good(&["list"]));
}

#[test]
fn list_of_the_library() {
    let all = good(&["list", "--library"]);
    for name in ["ArcFace", "SoftmaxCrossEntropy", "Dice"] {
        assert!(
            all.lines().any(|line| line.trim().starts_with(name)),
            "{name}"
        );
    }
    assert!(all.trim_end().ends_with("93 losses"), "{all}");
}

#[test]
fn show() {
    for name in ["CrossEntropy", "Calm", "Angular"] {
        insta::assert_snapshot!(format!("show_{name}"), good(&["show", name]));
    }
}

#[test]
fn show_in_other_notations() {
    for format in ["latex", "mathml", "json", "dot"] {
        let shown = good(&["show", "RankNet", "--format", format]);
        insta::assert_snapshot!(format!("show_{format}"), shown);
    }
}

#[test]
fn show_a_loss_of_the_library() {
    let shown = good(&["show", "ArcFace"]);
    assert!(shown.contains("∂/∂w = "), "{shown}");
}

#[test]
fn explain() {
    insta::assert_snapshot!(good(&["explain", "RankNet"]));
    let kernel = good(&["explain", "RankNet", "--kernel"]);
    assert!(kernel.starts_with("RankNet"), "{kernel}");
}

#[test]
fn plan() {
    let asked = ["plan", "CrossEntropy", "-e", "N=64", "--extent", "C=1_000"];
    insta::assert_snapshot!(good(&asked));
}

#[test]
fn plan_of_shards() {
    insta::assert_snapshot!(good(&["plan", "CrossEntropy", "--sharded"]));
    let ran = loss(&["plan", "Huber", "--sharded"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err, "error: Huber has no axis that can be sharded\n");
}

#[test]
fn plan_needs_every_extent() {
    let ran = loss(&["plan", "CrossEntropy", "-e", "N=64"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.err, "error: the extent of `C` is missing: -e C=COUNT\n");
    let ran = loss(&["plan", "CrossEntropy", "-e", "K=64"]);
    assert_eq!(ran.err, "error: there is no axis `K` here, but N, C\n");
    let ran = loss(&["plan", "CrossEntropy", "-e", "N"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.err.contains("`N` is not AXIS=COUNT, such as N=512"),
        "{}",
        ran.err
    );
}

#[test]
fn expand() {
    let code = good(&["expand", "Angular"]);
    assert!(
        code.contains("impl ::loss_dsl::Loss for Angular {"),
        "{code}"
    );
    assert!(!code.contains("RankNet"), "a neighbour is in it");
}

#[test]
fn check() {
    insta::assert_snapshot!(good(&["check", "src"]));
    assert_eq!(loss(&["check", "--deny-warnings", "src"]).status, 1);
}

#[test]
fn check_of_mistakes() {
    let ran = loss(&["check", "wrong.loss"]);
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn gradcheck() {
    for name in ["CrossEntropy", "Calm", "RankNet", "Angular"] {
        let table = good(&["gradcheck", name, "--extent", "N=2"]);
        assert!(table.contains("all gradients are the slopes"), "{table}");
    }
    let table = good(&["gradcheck", "CosFace", "--seed", "7"]);
    assert!(table.contains("∂/∂x") && table.contains("∂/∂w"), "{table}");
}

#[test]
fn names_that_are_not_there() {
    let ran = loss(&["show", "CrossEntrpy"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.err,
        "error: no loss `CrossEntrpy` was found; did you mean `CrossEntropy`?\n"
    );
    let ran = loss(&["show", "Misspelt", "--path", "wrong.loss"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("zz[C = y]"), "{}", ran.err);
    let ran = loss(&["list", "nowhere.rs"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("error: nowhere.rs: "), "{}", ran.err);
}

#[test]
fn as_a_subcommand_of_cargo() {
    assert_eq!(good(&["loss", "list"]), good(&["list"]));
}

#[test]
fn colour() {
    assert!(!good(&["show", "CrossEntropy"]).contains('\x1b'));
    assert!(good(&["show", "CrossEntropy", "--color", "always"]).contains('\x1b'));
}

#[test]
fn completions() {
    assert!(good(&["completions", "bash"]).contains("gradcheck"));
}
