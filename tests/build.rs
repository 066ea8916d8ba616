//! Writes random losses for the test `random` to compile; without its feature, nothing.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "random")]
    write();
}

/// A module for each loss, with its text, and a list of them all.
#[cfg(feature = "random")]
fn write() {
    use std::fmt::Write;

    println!("cargo::rerun-if-env-changed=RANDOM_SEED");
    println!("cargo::rerun-if-env-changed=RANDOM_LOSSES");
    let setting = |name, default: u64| -> u64 {
        let given = std::env::var(name).ok();
        given.map_or(default, |text| text.parse().expect("a number"))
    };
    let (seed, count) = (
        setting("RANDOM_SEED", 1),
        setting("RANDOM_LOSSES", 200) as usize,
    );
    let mut text = String::new();
    let mut list = String::new();
    for (i, source) in loss_random::sources::sources(seed, count).enumerate() {
        let source = source.replace("pub Random(", &format!("pub Random{i}("));
        writeln!(
            text,
            "mod random_{i} {{\npub(super) const SOURCE: &str = {source:?};\nloss_dsl::loss! {{\n{source}}}\n}}"
        )
        .expect("memory");
        writeln!(
            list,
            "    (random_{i}::SOURCE, AnyLoss::of::<random_{i}::Random{i}>),"
        )
        .expect("memory");
    }
    writeln!(
        text,
        "/// The text of each loss, and the loss.\npub(crate) const ALL: [(&str, fn() -> AnyLoss); {count}] = [\n{list}];"
    )
    .expect("memory");
    let folder = std::env::var("OUT_DIR").expect("a folder for what is written");
    std::fs::write(format!("{folder}/random.rs"), text).expect("a file that can be written");
}
