"""Tables in Markdown."""

import math

from cases import Case
from demands import (
    DEMANDS,
    best,
    busy,
    copies,
    fastest_peer,
    forward_speedup,
    mean,
    median,
    memory_share,
    products,
    ratio,
    speedup,
)

# What each group's table is called.
GROUPS = {
    "logits": "Losses over logits",
    "own logits": "Losses over logits that the benchmark defines itself",
    "heads": "Heads, N×D×C",
    "own heads": "A head that the benchmark defines itself, N×D×C",
    "batch": "Few rows of a million classes",
}


def figure(number, unit=""):
    """Three digits, or a dash."""
    if number is None:
        return "–"
    if number >= 100:
        return f"{number:.0f}{unit}"
    if number >= 10:
        return f"{number:.1f}{unit}"
    return f"{number:.2f}{unit}" if number >= 1 else f"{number:.3g}{unit}"


def mebibytes(number):
    return None if number is None else max(number, 0) / 2**20


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " --: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def name(result):
    return Case(**result["case"]).name


def columns(group):
    """(heading, its number in a row, unit)."""
    found = [
        ("ours", lambda r: best(r, "ours"), ""),
        ("fresh", lambda r: best(r, "ours fresh"), ""),
        ("eager", lambda r: best(r, "eager"), ""),
        ("compile", lambda r: best(r, "compile"), ""),
        ("jit", lambda r: best(r, "jit"), ""),
        ("copy", lambda r: best(r, "copy"), ""),
        ("peer / ours", speedup, "×"),
        ("peer / fresh", lambda r: ratio(fastest_peer(r), best(r, "ours fresh")), "×"),
        ("ours / copy", copies, "×"),
        ("forward", lambda r: best(r, "ours forward"), ""),
        ("eager forward", lambda r: best(r, "eager forward"), ""),
        ("ratio", forward_speedup, "×"),
    ]
    if "heads" in group:
        found += [
            ("products", lambda r: best(r, "products"), ""),
            ("ours / products", products, "×"),
            ("extra MiB", lambda r: mebibytes(r.get("memory", {}).get("ours")), ""),
            ("eager's", lambda r: mebibytes(r.get("memory", {}).get("eager")), ""),
            ("share", memory_share, ""),
        ]
    if group == "batch":
        found += [
            ("one thread", lambda r: best(r, "ours one thread"), ""),
            ("one / two", lambda r: ratio(best(r, "ours one thread"), best(r, "ours")), "×"),
            ("cores busy", busy, ""),
        ]
    return found


def group_table(results, group):
    rows = [result for result in results["cases"] if result["case"]["group"] == group]
    if not rows:
        return ""
    found = columns(group)
    header = [GROUPS[group]] + [heading for heading, _, _ in found]
    body = [[name(r)] + [figure(number(r), unit) for _, number, unit in found] for r in rows]
    return table(header, body) + "\n"


def demand_table(results):
    rows = []
    for demand in DEMANDS:
        found = list(demand.rows(results))
        if not found:
            continue
        worst, number = min(found, key=lambda row: demand.reached(row[1], demand.each))
        average = mean([max(n, 1e-9) for _, n in found])
        met = sum(demand.reached(n, demand.each) >= 1 for _, n in found)
        word = "≥" if demand.at_least else "≤"
        wanted = f"{word} {figure(demand.each)}" + (f", mean {word} {figure(demand.mean)}" if demand.mean else "")
        rows.append([demand.what, wanted, figure(average), f"{met} of {len(found)}", f"{figure(number)} ({name(worst)})"])
    return table(["demand", "each case", "geometric mean", "cases that reach it", "the worst"], rows)


def shortfalls(results):
    """Every case that is below a demand, the furthest first."""
    rows = []
    for demand in DEMANDS:
        for result, number in demand.rows(results):
            reached = demand.reached(number, demand.each)
            if reached < 1:
                rows.append((reached, demand.what, name(result), number, demand.each))
    rows.sort(key=lambda row: row[:3])
    body = [[what, case, figure(number), figure(each), figure(1 / reached, "×")] for reached, what, case, number, each in rows]
    return table(["demand", "case", "is", "should be", "short by"], body) if body else "Nothing.\n"


def medians(results):
    header = ["median, ms", "ours", "fresh", "eager", "compile", "jit", "ours over its best"]
    rows = [
        [name(r)]
        + [figure(median(r, which)) for which in ("ours", "ours fresh", "eager", "compile", "jit")]
        + [figure(ratio(median(r, "ours"), best(r, "ours")), "×")]
        for r in results["cases"]
    ]
    return table(header, rows)


def left_out(results):
    lines = [f"* {name(r)}, {way}: {why}" for r in results["cases"] for way, why in r["skipped"].items()]
    return "\n".join(lines) + "\n" if lines else "Nothing.\n"


def provenance(results):
    versions = ", ".join(f"{package} {number}" for package, number in results["versions"].items())
    text = f"{results['date']}, {results['machine']}; at {results['commit']}; {versions}."
    points = [point for sweep in results.get("sweeps", []) for point in sweep["points"]]
    loads = sorted(measured["load"] for measured in results.get("cases", []) + points if "load" in measured)
    if loads:
        text += f" Load average between {loads[0]:.1f} and {loads[-1]:.1f}, median {loads[len(loads) // 2]:.1f}."
        if loads[len(loads) // 2] > 1.25 * results["cores"]:
            text += " **Others used the machine too: these numbers are provisional.**"
    return text + "\n"


def comparison(results):
    """The whole report of a comparison."""
    groups = "".join(group_table(results, group) for group in GROUPS)
    return f"""# Against torch, torch.compile and jax

{provenance(results)}
f32, value and gradients, mean over the rows; milliseconds, best of {results["rounds"]} rounds of turns (fewer if a case is long). *ours*: into buffers that are there, *fresh*:
into new arrays, as the peers do; *peer*: the fastest of the three; *copy*: moving as many bytes as inputs and gradients have, once;
*products*: the three matrix products of a head alone, by faer. *extra MiB*: resident memory at the peak, less inputs and gradients.

## Demands

{demand_table(results)}
## Cases

{groups}## Below the demands

{shortfalls(results)}
## Medians

{medians(results)}
## Left out

{left_out(results)}"""


def growth(results):
    """Times along each extent, with the exponent between neighbours: 1 is linear."""
    parts = []
    for sweep in results["sweeps"]:
        rows, before = [], None
        for point in sweep["points"]:
            extent, work = point[sweep["axis"].lower()], point["n"] * point["c"] * max(point["d"], 1)
            slope = None
            if before:
                slope = math.log(point["best"] / before[1]) / math.log(extent / before[0])
            before = extent, point["best"]
            size = "×".join(str(point[axis]) for axis in "ndc" if point[axis])
            rows.append(
                [
                    size,
                    figure(point["best"] / 1e6),
                    f"{point['best'] * 1e3 / work:.3g}",
                    figure(slope),
                    figure(mebibytes(point["memory"])),
                ]
            )
        unit = "ps a multiply-add" if sweep["points"][0]["d"] else "ps an element"
        header = [f"{sweep['loss']} along {sweep['axis']}", "ms", unit, "exponent", "extra MiB"]
        parts.append(table(header, rows))
    text = "\n".join(parts)
    return f"""# How cost grows

{provenance(results)}
Value and gradients into buffers, best of the runs. *exponent*: of the time in the extent, from the row above to this one; 1 is linear.

{text}"""
