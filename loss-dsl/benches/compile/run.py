#!/usr/bin/env python3
"""What a loss costs to compile, for the crate that defines it.

Makes a crate below target/ that defines one loss and calls it, and one that defines none, and prints for each: a clean
debug build with all dependencies, a debug build after the definition has changed, the same in release, and by how much the
stripped release program is larger than the one without a loss. Best of several for what is short. Needs cargo alone.

    python3 loss-dsl/benches/compile/run.py
"""

import argparse
import os
import shutil
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

MANIFEST = f"""[package]
name = "user"
version = "0.1.0"
edition = "2024"

[dependencies]
loss-dsl = {{ path = "{ROOT / 'loss-dsl'}", default-features = false, features = ["parallel"] }}
ndarray = "0.17"

[profile.release]
strip = true

[workspace]
"""

# The number is what changes.
LOSSES = {
    "none": None,
    "softmax cross-entropy": (
        "Mine(z: [N, C], y: [N] in C, s: scalar = NUMBER.0) { -ln(softmax[C](s * z)[C = y]) }",
        "let (a, b) = (array![[1.0f32, 2.0], [0.5, 0.0]], array![0usize, 1]);",
    ),
    "ArcFace": (
        """Mine(x: [N, D], w: [C, D], y: [N] in C, s: scalar = NUMBER.0 where s > 0, m: scalar = 0.5) {
            let c = dot[D](unit[D](x), unit[D](w));
            let target = c[C = y];
            let turned = cos(acos(target) + m);
            let phi = if target > cos(pi - m) { turned } else { target - m * sin(m) };
            let z = s * if C == y { phi } else { c };
            lse[C](z) - z[C = y]
        }""",
        "let (a, c, b) = (array![[1.0f32, 2.0]], array![[1.0f32, 0.5], [0.25, 1.0]], array![1usize]);",
    ),
}


def source(loss, number):
    if loss is None:
        return "fn main() { println!(\"{}\", ndarray::array![1.0f32] + std::env::args().count() as f32); }\n"
    definition, data = loss
    inputs = "(&a, &c, &b)" if "c," in data else "(&a, &b)"
    return f"""use loss_dsl::{{Inputs, Loss, loss}};
use ndarray::array;

loss! {{
    pub {definition.replace("NUMBER", str(number))}
}}

fn main() {{
    {data}
    let (value, gradients) = Mine::default().differentiate(&Inputs::from({inputs})).expect("it fits");
    println!("{{value}} {{:?}}", gradients.tensors);
}}
"""


def build(crate, release):
    command = ["cargo", "build", "--quiet"] + ["--release"] * release
    start = time.monotonic()
    subprocess.run(command, cwd=crate, check=True)
    return time.monotonic() - start


def measure(crate, loss, rounds):
    main = crate / "src" / "main.rs"
    main.write_text(source(loss, 1))
    row = {}
    for release in (False, True):
        row[f"clean {release}"] = build(crate, release)
        again = []
        for number in range(2, 2 + rounds):
            main.write_text(source(loss, number))
            again.append(build(crate, release))
        row[f"again {release}"] = min(again)
    subprocess.run([crate / "target" / "release" / "user"], check=True, stdout=subprocess.DEVNULL)
    row["size"] = (crate / "target" / "release" / "user").stat().st_size
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    work = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "compile-costs"
    print("| loss | clean debug build, s | after a change, s | clean release build, s | after a change, s | program, KiB more |")
    print("| --- | --: | --: | --: | --: | --: |")
    empty = None
    for name, loss in LOSSES.items():
        shutil.rmtree(work, ignore_errors=True)
        (work / "src").mkdir(parents=True)
        (work / "Cargo.toml").write_text(MANIFEST)
        shutil.copy(ROOT / "Cargo.lock", work / "Cargo.lock")
        row = measure(work, loss, options.rounds)
        empty = row["size"] if empty is None else empty
        times = [row[key] for key in ("clean False", "again False", "clean True", "again True")]
        cells = [f"{seconds:.1f}" for seconds in times] + [f"{(row['size'] - empty) / 1024:.0f}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


main()
