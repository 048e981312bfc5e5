"""Cost against rows, items and patterns, and which phase it goes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

COLOURS = {"ML": "#1b6ca8", "MLR": "#3d9970", "WLSMV": "#c8553d", "FIML": "#6b4c9a"}
ENGINES = {"clustersem": "-", "lavaan": ":"}
AXES = {
    "rows": "rows (20 items)",
    "items": "items (1000 rows)",
    "patterns": "patterns of missing answers (4000 x 20)",
}
RESAMPLING_AXES = {
    "resamples": "resamples (home study, revised)",
    "rows": "rows (20 items)",
    "items": "items (1000 rows)",
}
#: Phases in the order in which they happen, each with what was timed at its end.
PHASES = {"moments": "moments", "estimates, standard errors": "fit", "measures, tables": "full"}
SHADES = ("#8fb7d6", "#1b6ca8", "#c9c9c9")


def plot_scaling(points: list[dict[str, Any]], path: Path) -> None:
    """Write the figure of full fits."""
    of_fits = [
        point
        | {
            engine: point[engine]["full"]
            for engine in ("clustersem", "lavaan")
            if point.get(engine)
        }
        for point in points
    ]
    plot_curves(of_fits, AXES, "processor seconds of a full fit", path)


def plot_resampling(points: list[dict[str, Any]], path: Path) -> None:
    """Write the figure of resamples."""
    plot_curves(points, RESAMPLING_AXES, "processor seconds of a resample", path)


def plot_curves(
    points: list[dict[str, Any]], axes_of: dict[str, str], label: str, path: Path
) -> None:
    """Write the figure: curves of both engines, an axis a panel."""
    plt = _pyplot()
    from matplotlib.lines import Line2D
    from matplotlib.ticker import NullLocator

    figure, axes = plt.subplots(
        1, len(axes_of), figsize=(11.0, 4.2), sharey=True, layout="constrained"
    )
    for panel, (axis, along) in zip(axes, axes_of.items(), strict=True):
        here = [
            point
            for point in points
            if point["axis"] == axis and any(point.get(engine) for engine in ENGINES)
        ]
        for estimator, colour in COLOURS.items():
            of_estimator = [point for point in here if point["estimator"] == estimator]
            for engine, style in ENGINES.items():
                reached = [point for point in of_estimator if point.get(engine)]
                panel.loglog(
                    [point["x"] for point in reached],
                    [point[engine] for point in reached],
                    f"o{style}",
                    color=colour,
                    markersize=4,
                    linewidth=1.5,
                    markerfacecolor=colour if engine == "clustersem" else "white",
                )
        ticks = sorted({point["x"] for point in here})
        panel.set_xticks(ticks, [_spaced(x) for x in ticks], fontsize=7, rotation=30)
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlabel(along)
        panel.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel(label)
    there = {point["estimator"] for point in points}
    lines = [
        Line2D([], [], color=colour, label=name)
        for name, colour in COLOURS.items()
        if name in there
    ]
    lines += [
        Line2D([], [], color="#444444", linestyle=style, label=engine)
        for engine, style in ENGINES.items()
    ]
    figure.legend(handles=lines, loc="outside upper center", ncols=len(lines), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_phases(points: list[dict[str, Any]], path: Path) -> None:
    """Write the figure: the share of every phase at both ends of each curve."""
    plt = _pyplot()
    ends = _ends(points)
    figure, axis = plt.subplots(figsize=(8.0, 0.3 * len(ends) + 1.0), layout="constrained")
    for place, point in enumerate(ends):
        left = before = 0.0
        total = max(point["clustersem"].values())
        for shade, work in zip(SHADES, PHASES.values(), strict=True):
            share = max(point["clustersem"][work] - before, 0.0) / total
            axis.barh(place, share, left=left, color=shade, height=0.72)
            left, before = left + share, max(before, point["clustersem"][work])
        axis.text(1.01, place, _shown(total), va="center", fontsize=8)
    names = [f"{point['estimator']}, {_spaced(point['x'])} {point['axis']}" for point in ends]
    axis.set_yticks(range(len(ends)), names, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlim(0.0, 1.1)
    axis.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    handles = [plt.Rectangle((0, 0), 1, 1, color=shade) for shade in SHADES]
    figure.legend(handles, list(PHASES), loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _ends(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first and the last point of every curve of clustersem."""
    found = []
    for axis in AXES:
        for estimator in COLOURS:
            curve = [
                point
                for point in points
                if (point["axis"], point["estimator"]) == (axis, estimator)
                and point.get("clustersem")
            ]
            found += [curve[0], curve[-1]] if curve else []
    return found


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "clustersem"
    from matplotlib import pyplot as plt

    return plt


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _shown(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1.0 else f"{1e3 * seconds:.0f} ms"
