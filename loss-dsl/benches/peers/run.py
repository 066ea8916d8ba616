"""The driver: asks our process and the peers' in turns, writes what they measured, and prints the tables.

Each case goes round the contestants several times, a short turn each, starting with another one every round, so that what
else happens on the machine hits all of them. Before that, all must agree on value and gradients to 1e-3; a
contestant that does not is reported and not timed.
"""

import argparse
import datetime
import json
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import chart
import report
from cases import all_cases, growth_sweeps, quick_cases
from workers import ROOT, Gone, Workers, build

AGREEMENT = 1e-3
# Time for threads of the last contestant that still spin to go to sleep.
PAUSE = 0.005
# Long cases are measured in fewer rounds: after so many seconds no other one begins, if there were so many.
PATIENCE = 30
FEWEST = 3


def available():
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def load():
    """Processes that want a processor, on average over the last minute: ours and whatever else runs."""
    return float(Path("/proc/loadavg").read_text().split()[0])


def machine():
    with open("/proc/cpuinfo") as lines:
        lines = list(lines)
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    vectors = next((name for flag, name in [("avx512f", "AVX-512"), ("avx2", "AVX2")] if flag in flags), "")
    cores = sum(line.startswith("processor") for line in lines)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": datetime.date.today().isoformat(),
        "cores": cores,
        "machine": f"{model}, {cores} cores, {vectors}",
        "commit": commit.stdout.strip(),
        "versions": {name: version(name) for name in ("torch", "jax", "numpy")},
    }


def contestants(case, present):
    """(name in the results, worker, what it is asked to time)."""
    found = [("ours", "ours", "reused"), ("ours fresh", "ours", "fresh"), ("ours forward", "ours", "forward")]
    found.append(("copy", "ours", "copy"))
    if case.d:
        found.append(("products", "ours", "products"))
    if case.group == "batch":
        found.append(("ours one thread", "ours", "one_thread"))
    for name, worker, what in [
        ("eager", "torch", "eager"),
        ("eager forward", "torch", "eager_forward"),
        ("compile", "torch", "compile"),
        ("jit", "jax", "jit"),
    ]:
        if what in present:
            found.append((name, worker, what))
    return found


def agreement(case, running, work, result):
    """The peers' ways of running the case that agree with us."""
    path = work / "gradients.f32"
    value = running["ours"].ask("check", path)
    present = []
    for name in ("torch", "jax"):
        if name not in running:
            continue
        for way, errors in json.loads(running[name].ask("check", path, value)).items():
            result["agreement"][way] = errors
            if "failed" in errors or not max(errors.values()) < AGREEMENT:
                result["skipped"][way] = errors.get("failed", f"disagrees: {errors}")
            else:
                present.append(way)
    path.unlink()
    return present + (["eager_forward"] if "eager" in present else [])


def measure(case, running, workers, options):
    """All that is to be known of a case."""
    result = {"case": case.__dict__, "times": {}, "agreement": {}, "skipped": {}}
    needed = case.bytes_needed()
    here = dict(running)
    if needed + (1 << 30) > available():
        for name in ("torch", "jax"):
            here.pop(name)
            result["skipped"][name] = f"needs about {needed >> 20} MiB, {available() >> 20} MiB are free"
    for name, worker in here.items():
        answer = worker.ask("load", case.loss, *case.size)
        if name == "ours":
            result["bytes"] = [int(word) for word in answer.split()]
    present = agreement(case, here, options.work, result)
    turns = contestants(case, present)
    start = time.monotonic()
    for round_ in range(options.rounds):
        if round_ >= FEWEST and time.monotonic() - start > PATIENCE:
            break
        shift = round_ % len(turns)
        for name, worker, what in turns[shift:] + turns[:shift]:
            time.sleep(PAUSE)
            times = here[worker].ask("time", what, options.turn)
            result["times"].setdefault(name, []).extend(map(int, times.split()))
    if case.group == "batch":
        result["busy"] = float(here["ours"].ask("busy", 300))
    if case.d:
        result["memory"] = {"ours": int(workers.once("ours", "memory", case.loss, *case.size))}
        if "eager" in present:
            result["memory"]["eager"] = int(workers.once("torch", "memory", case.loss, *case.size))
    return result


def compare(options):
    """The comparison; its results."""
    workers = Workers(build(), options.work)
    chosen = quick_cases() if options.quick else all_cases()
    chosen = [case for case in chosen if options.filter in f"{case.group}/{case.name}"]
    results = machine() | {"rounds": options.rounds, "cases": []}
    running = {name: workers.start(name) for name in ("ours", "torch", "jax")}
    for at, case in enumerate(chosen):
        print(f"{at + 1}/{len(chosen)} {case.name}", flush=True)
        try:
            result = measure(case, running, workers, options)
        except Gone as error:
            print(f"    {error}")
            result = {"case": case.__dict__, "times": {}, "agreement": {}, "skipped": {"all": str(error)}}
            for name, worker in list(running.items()):
                if worker.process.poll() is not None:
                    running[name] = workers.start(name)
        for way, why in result["skipped"].items():
            print(f"    {way}: {why}")
        result["load"] = load()
        results["cases"].append(result)
        write(options.work / "results.json", results)
    for worker in running.values():
        worker.close()
    return results


def grow(options):
    """Our times and memory along one extent after another."""
    workers = Workers(build(), options.work)
    ours = workers.start("ours")
    sweeps = []
    for loss, axis, cases in growth_sweeps():
        points = []
        for case in cases:
            print(f"{loss} {axis} {case.name}", flush=True)
            ours.ask("load", loss, *case.size)
            times = []
            for _ in range(options.rounds):
                times += map(int, ours.ask("time", "reused", options.turn).split())
            memory = int(workers.once("ours", "memory", loss, *case.size))
            extents = {"n": case.n, "c": case.c, "d": case.d}
            points.append(extents | {"best": min(times), "memory": memory, "load": load()})
        sweeps.append({"loss": loss, "axis": axis, "points": points})
    ours.close()
    return machine() | {"sweeps": sweeps}


def write(path, results):
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="few cases, few rounds: minutes")
    parser.add_argument("--filter", default="", help="only cases whose GROUP/LOSS SIZE has this in it")
    parser.add_argument("--rounds", type=int, help="turns of every contestant a case (7; 3 if quick)")
    parser.add_argument("--turn", type=int, default=30, help="milliseconds of a turn, at least one call")
    parser.add_argument("--growth", action="store_true", help="how our cost grows with N, C and D, instead")
    parser.add_argument("--report", type=Path, help="tables and chart of the results in a file, measuring nothing")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    name = "growth" if options.growth else "results"
    if options.report:
        results = json.loads(options.report.read_text())
    else:
        results = grow(options) if options.growth else compare(options)
        write(options.work / f"{name}.json", results)
    text = report.growth(results) if options.growth else report.comparison(results)
    (options.work / f"{name}.md").write_text(text)
    (chart.growth if options.growth else chart.comparison)(results, options.work / f"{name}.svg")
    print(text)
    print(f"written: {name}.json, {name}.md and {name}.svg in {options.work}")


main()
