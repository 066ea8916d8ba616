#!/usr/bin/env python3
"""What a loss costs whoever compiles it: time of expansion, of builds, and size of machine code.

    loss-dsl/benches/compile/run.py

makes a small crate that depends on this one below `target/compile`, builds it without a loss, with softmax cross-entropy and with
ArcFace, changes the definition and builds again, and prints a table. Needs Python 3 and `strip` beside what building needs. Times are the
smallest of four, of clean builds one.
"""

import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
CRATE = ROOT / "target" / "compile" / "user"

MANIFEST = f"""[package]
name = "user"
version = "0.0.0"
edition = "2024"

[dependencies]
loss-dsl = {{ path = "{ROOT / "loss-dsl"}", default-features = false, features = ["parallel"] }}
ndarray = "0.17"

[workspace]
"""

NONE = """
fn main() {
    let z = ndarray::array![[1.0f32, 2.0, 0.5], [-1.0, 0.25, 3.0]];
    println!("{} {:?}", z.sum() * FACTOR, loss_dsl::Options::default());
}
const FACTOR: f32 = 1.0;
"""

SOFTMAX = """
loss_dsl::loss! {
    pub CrossEntropy(z: [N, C], y: [N] in C) {
        1.0 * (lse[C](z) - z[C = y])
    }
}
fn main() {
    let z = ndarray::array![[1.0f32, 2.0, 0.5], [-1.0, 0.25, 3.0]];
    let (value, gradient) = CrossEntropy::default().value_and_grad(&z, &ndarray::array![1, 2]).unwrap();
    println!("{} {}", value.total(), gradient.z);
}
"""

ARCFACE = """
loss_dsl::loss! {
    pub ArcFace(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 64.0 where s > 0, m: scalar = 0.5) {
        let c = dot[D](unit[D](x), unit[D](w));
        let phi = cos(acos(c[C = y]) + 1.0 * m);
        let z = s * if C == y { phi } else { c };
        lse[C](z) - z[C = y]
    }
}
fn main() {
    let x = ndarray::array![[1.0f32, 2.0, 0.5], [-1.0, 0.25, 3.0]];
    let (value, gradient) = ArcFace::default().value_and_grad(&x, &x, &ndarray::array![1, 0]).unwrap();
    println!("{} {} {}", value.total(), gradient.x, gradient.w);
}
"""

PROGRAMS = [("no loss", NONE), ("softmax cross-entropy", SOFTMAX), ("ArcFace", ARCFACE)]


def cargo(*arguments):
    """Seconds that cargo took."""
    start = time.monotonic()
    subprocess.run(["cargo", *arguments], cwd=CRATE, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.monotonic() - start


def write(source):
    (CRATE / "src" / "main.rs").write_text(source)


def stripped(program):
    """Size of the program without symbols, in bytes."""
    copy = CRATE / "stripped"
    subprocess.run(["strip", "-o", copy, program], check=True)
    return copy.stat().st_size


def expansion():
    """Time of the expansion of each loss of the library in ms, with a compiler that is not optimised."""
    command = ["cargo", "run", "--quiet", "--profile", "unoptimised", "-p", "loss-codegen", "--example", "expansion_time"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    line = re.compile(r"^(\w+) +[\d.]+ +([\d.]+) ", re.MULTILINE)
    return {name: float(ms) for name, ms in line.findall(output)}


def measure(profile):
    """The clean build, and for each program its name, the build after a change, and the size."""
    flags = ["--release"] if profile == "release" else []
    shutil.rmtree(CRATE / "target", ignore_errors=True)
    write(NONE)
    clean = cargo("build", *flags)
    rows = []
    for name, source in PROGRAMS:
        changed = []
        # Each time another number in the definition.
        for k in range(5):
            write(source.replace("1.0 *", f"{k + 2}.0 *").replace("= 1.0;", f"= {k + 2}.0;"))
            changed.append(cargo("build", *flags))
        again = min(changed[1:])
        size = stripped(CRATE / "target" / profile / "user")
        rows.append((name, again, size))
    return clean, rows


def main():
    (CRATE / "src").mkdir(parents=True, exist_ok=True)
    (CRATE / "Cargo.toml").write_text(MANIFEST)
    shutil.copy(ROOT / "Cargo.lock", CRATE / "Cargo.lock")
    os.environ.pop("CARGO_TARGET_DIR", None)
    results = {profile: measure(profile) for profile in ("debug", "release")}
    print("| | debug | release | program, stripped |")
    print("| --- | --- | --- | --- |")
    clean = {profile: results[profile][0] for profile in results}
    print(f"| clean build of a crate, all dependencies | {clean['debug']:.0f} s | {clean['release']:.0f} s | |")
    bare = results["release"][1][0][2]
    for debug, release in zip(results["debug"][1], results["release"][1]):
        size = f"{bare / 2**20:.1f} MiB" if debug[0] == "no loss" else f"+ {(release[2] - bare) / 1024:.0f} KiB"
        print(f"| {debug[0]}, changed | {debug[1]:.1f} s | {release[1]:.1f} s | {size} |")
    times = expansion()
    longest = max(times, key=times.get)
    mean = sum(times.values()) / len(times)
    print(f"\nExpansion, compiler not optimised: {mean:.0f} ms on average of {len(times)} losses, at most {times[longest]:.0f} ms ({longest}).")


if __name__ == "__main__":
    main()
