"""Time against the number of items, both on logarithmic axes."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

COLOURS = {"clustersem": "#1b6ca8", "lavaan": "#c8553d", "semopy": "#7a7a7a", "seminr": "#3d9970"}
#: Names that would stand nearer than this ratio are moved apart.
APART = 1.5
PANELS = {"full": "Fit with everything", "indices": "Modification indices"}


def plot(results: dict[str, Any], path: Path) -> None:
    """Write the figure; points that an engine did not reach are left out."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "clustersem"
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullLocator

    figure, axes = plt.subplots(
        1, len(PANELS), figsize=(9.0, 4.0), sharey=True, layout="constrained"
    )
    cases = [case for case in results["cases"] if not case["options"]]
    largest = max(case["n_items"] for case in cases)
    for axis, (work, title) in zip(axes, PANELS.items(), strict=True):
        ends: dict[str, tuple[float, float]] = {}
        for engine, colour in COLOURS.items():
            points = _points(cases, engine, work)
            if not points:
                continue
            items, seconds = zip(*points, strict=True)
            axis.loglog(items, seconds, "o-", color=colour, markersize=5, linewidth=1.6)
            for case in cases:
                timing = case["warm"].get(engine, {}).get(work)
                if timing and timing["wall"] and timing["reduced"]:
                    at = case["n_items"], median(timing["wall"])
                    axis.plot(*at, "o", color="white", markeredgecolor=colour, markersize=5)
            ends[engine] = items[-1], seconds[-1]
        _name_ends(axis, ends)
        items = sorted({case["n_items"] for case in cases})
        axis.set_xticks(items, [str(i) for i in items])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_xlim(items[0] / 1.3, largest * 2.6)
        axis.set_xlabel("items")
        axis.set_title(title, loc="left", fontsize=11)
        axis.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("seconds")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _name_ends(axis: Any, ends: dict[str, tuple[float, float]]) -> None:
    """Write each curve's name beside its end, apart from the others'."""
    below = 0.0
    for engine, (x, y) in sorted(ends.items(), key=lambda end: end[1][1]):
        below = max(y, below * APART)
        axis.annotate(
            engine,
            (x, below),
            xytext=(8, 0),
            textcoords="offset points",
            color=COLOURS[engine],
            va="center",
        )


def _points(cases: list[dict[str, Any]], engine: str, work: str) -> list[tuple[int, float]]:
    """Return (items, median seconds); of two cases with as many items, the slower one."""
    found: dict[int, float] = {}
    for case in cases:
        timing = case["warm"].get(engine, {}).get(work)
        if timing and timing["wall"]:
            seconds = median(timing["wall"])
            found[case["n_items"]] = max(seconds, found.get(case["n_items"], 0.0))
    return sorted(found.items())
