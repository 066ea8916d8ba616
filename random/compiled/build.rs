//! Writes random losses for the tests to compile: `RANDOM_LOSSES` of them, those of `RANDOM_SEED`.
//!
//! They are dealt to the test binaries, which the machine's cores compile side by side.

use std::fmt::Write;

use loss_random::setting;

/// The test binaries.
const PARTS: usize = 2;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RANDOM_SEED");
    println!("cargo::rerun-if-env-changed=RANDOM_LOSSES");
    let (seed, count) = (setting("RANDOM_SEED", 1), setting("RANDOM_LOSSES", 20));
    let sources: Vec<(usize, String)> = loss_random::sources::sources(seed, count as usize)
        .enumerate()
        .collect();
    let folder = std::env::var("OUT_DIR").expect("a folder for what is written");
    for part in 0..PARTS {
        let own = sources.iter().filter(|(i, _)| i % PARTS == part);
        let text = listed(own).expect("memory");
        std::fs::write(format!("{folder}/part_{part}.rs"), text)
            .expect("a file that can be written");
    }
}

/// A module for each loss, with its text, and a list of them all.
fn listed<'s>(
    sources: impl Iterator<Item = &'s (usize, String)>,
) -> Result<String, std::fmt::Error> {
    let (mut text, mut list) = (String::new(), String::new());
    for (i, source) in sources {
        let source = source.replace("pub Random(", &format!("pub Random{i}("));
        writeln!(
            text,
            "mod random_{i} {{\npub(super) const SOURCE: &str = {source:?};\nloss_dsl::loss! {{\n{source}}}\n}}"
        )?;
        writeln!(
            list,
            "    listed::<random_{i}::Random{i}>({i}, random_{i}::SOURCE),"
        )?;
    }
    writeln!(
        text,
        "/// All losses.\npub(crate) fn all() -> Vec<Listed> {{\nvec![\n{list}]\n}}"
    )?;
    Ok(text)
}
