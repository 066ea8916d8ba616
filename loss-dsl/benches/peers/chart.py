"""Charts as SVG. The same results give the same bytes."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "loss-dsl"
matplotlib.rcParams["svg.fonttype"] = "none"
matplotlib.rcParams["font.family"] = "sans-serif"

import matplotlib.pyplot as plt  # noqa: E402  after the backend is chosen

from cases import Case  # noqa: E402
from demands import PEERS, best, ratio  # noqa: E402

COLOURS = {"eager": "#d98f5c", "compile": "#b4553f", "jit": "#6a7fb5"}
LABELS = {"eager": "torch eager", "compile": "torch.compile", "jit": "jax.jit"}


def save(figure, path):
    figure.savefig(path, metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    plt.close(figure)


def comparison(results, path):
    """How many times longer each peer takes than we do, a row a case, on a logarithmic axis."""
    rows = [r for r in results["cases"] if best(r, "ours") and any(best(r, peer) for peer in PEERS)]
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.19 * max(len(rows), 3)))
    for peer in PEERS:
        points = [(ratio(best(r, peer), best(r, "ours")), at) for at, r in enumerate(rows) if best(r, peer)]
        if points:
            axes.scatter(*zip(*points), color=COLOURS[peer], label=LABELS[peer], s=18, zorder=3)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
    axes.set_xticks(ticks, [f"{tick:g}×" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [Case(**r["case"]).name for r in rows], fontsize=7)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("time of the peer over ours (right of 1: we are faster)")
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncol=3, fontsize=8, frameon=False)
    save(figure, path)


def growth(results, path):
    """Time against extent, both logarithmic, beside a line of slope 1."""
    figure, axes = plt.subplots(figsize=(8, 5))
    for sweep in results["sweeps"]:
        extents = [point[sweep["axis"].lower()] for point in sweep["points"]]
        times = [point["best"] / 1e6 for point in sweep["points"]]
        (line,) = axes.plot(extents, times, marker="o", markersize=4, label=f"{sweep['loss']}, {sweep['axis']}")
        linear = [times[-1] * extent / extents[-1] for extent in extents]
        axes.plot(extents, linear, color=line.get_color(), linewidth=0.7, linestyle=":")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("extent of the axis")
    axes.set_ylabel("milliseconds (dotted: linear)")
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.legend(fontsize=8)
    save(figure, path)
