//! The house rules that a compiler does not check.

use std::path::{Path, PathBuf};

/// The longest file that is still read in one go.
const LONGEST: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file of the workspace with its text, by path below the root, sorted.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in [
        "codegen",
        "loss-macros",
        "loss-dsl",
        "cargo-loss",
        "random",
        "examples",
        "tests",
    ] {
        collect(&root().join(folder), &mut found);
    }
    found.sort();
    assert!(found.len() > 100, "the sources have moved");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a text file");
            let below = path.strip_prefix(root()).expect("below the root");
            found.push((below.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

/// Lines of code: neither comments nor inside of a comment.
fn lines_of_code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
}

/// Programs for the compiler to refuse, code that is expected output, and a listing that documentation includes are
/// no modules.
fn is_module(path: &str) -> bool {
    let listing = "loss-dsl/src/rt/rows/softmax_cross_entropy.rs";
    !path.starts_with("tests/ui/cases/") && !path.contains("/expanded") && path != listing
}

/// Whether a file opens with documentation of its module, in place or from a file.
fn is_documented(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc")
}

/// Tests look at their subjects from outside.
fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/")
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(path, text)| is_module(path) && text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LONGEST} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn modules_say_what_they_are() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| is_module(path) && !is_documented(text))
        .map(|(path, _)| path)
        .collect();
    assert!(
        silent.is_empty(),
        "no module documentation:\n{}",
        silent.join("\n")
    );
}

#[test]
fn nothing_is_left_to_do() {
    let marks = ["todo!(", "unimplemented!(", "dbg!("];
    let mut found = Vec::new();
    for (path, text) in sources() {
        if path == "tests/it/tidy.rs" {
            continue;
        }
        for line in lines_of_code(&text) {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Which stages may use which part of the outside world, by the start of the path below `codegen/src`.
const ALLOWED: [(&str, &[&str]); 3] = [
    ("syn::", &["syntax/", "expand.rs"]),
    ("egg::", &["simplify/"]),
    ("quote", &["emit/", "support/diag.rs", "expand.rs"]),
];

#[test]
fn stages_see_only_the_crates_that_are_theirs() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let Some(path) = path.strip_prefix("codegen/src/") else {
            continue;
        };
        if is_test(path) {
            continue;
        }
        for line in lines_of_code(&text) {
            for (part, stages) in ALLOWED {
                let uses = if part == "quote" {
                    line.contains("quote!") || line.contains("quote::")
                } else {
                    line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                        .any(|word| word.starts_with(part))
                };
                if uses && !stages.iter().any(|stage| path.starts_with(stage)) {
                    found.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A stage may use those before it, never one after it.
const STAGES: [&str; 9] = [
    "support", "syntax", "ir", "sema", "diff", "simplify", "hazard", "schedule", "emit",
];

#[test]
fn stages_use_only_earlier_ones() {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let Some(path) = path.strip_prefix("codegen/src/") else {
            continue;
        };
        let stage = path.split('/').next().expect("a first part");
        let Some(own) = STAGES.iter().position(|name| *name == stage) else {
            continue;
        };
        for line in lines_of_code(&text) {
            for later in &STAGES[own + 1..] {
                if line.contains(&format!("crate::{later}::")) {
                    found.push(format!("{path}: {line}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Each family of losses is a feature of its own and part of `losses`; it has a folder or a file that the feature turns on.
#[test]
fn families_are_features() {
    let manifest = std::fs::read_to_string(root().join("loss-dsl/Cargo.toml")).expect("a manifest");
    let line = |line: &str| line.strip_suffix(" = []").map(str::to_owned);
    let families: Vec<String> = manifest.lines().filter_map(line).collect();
    assert!(families.len() >= 5 && families.is_sorted(), "{families:?}");
    let all = manifest
        .lines()
        .find_map(|line| line.strip_prefix("losses = ["));
    let all = all
        .expect("the feature of all families")
        .trim_end_matches(']');
    let listed: Vec<&str> = all.split(", ").map(|name| name.trim_matches('"')).collect();
    assert_eq!(families, listed);
    let module = std::fs::read_to_string(root().join("loss-dsl/src/losses/mod.rs"));
    let module = module.expect("the module of losses");
    for family in families {
        let declared = format!("#[cfg(feature = \"{family}\")]\nmod {family};");
        assert!(module.contains(&declared), "{declared}");
    }
}

/// The README's table has every loss, each with a link to the file that defines it.
#[test]
fn readme_lists_every_loss() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let sources = sources();
    let names = loss_tests::support::library::names();
    for name in &names {
        let start = format!("[`{name}`](");
        let link = readme
            .split(&start)
            .nth(1)
            .and_then(|l| l.split(')').next());
        let link = link.unwrap_or_else(|| panic!("the README does not link to {name}"));
        let source = sources.iter().find(|(path, _)| path == link);
        let (_, text) = source.unwrap_or_else(|| panic!("no file {link}"));
        assert!(text.contains(&format!("pub {name}(")), "{name}: {link}");
    }
    assert!(readme.contains(&format!("All {} are written", names.len())));
}
