"""Power over the number of respondents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.report.diagram.text import text_width
from clustersem.report.figure_file import write_figure
from clustersem.report.figures.canvas import HAIR, INK, SMALL, SOFT, dress, new_figure
from clustersem.resample.numbers import is_number
from clustersem.resample.power import Power, SampleSize
from clustersem.resample.power.claims import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours without the yellow, which white paper swallows.
_COLOURS = ("#1f4e79", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00", "#5b6773")
Dash = tuple[float, tuple[float, float] | None]
_DASHES: tuple[Dash, ...] = ((0, None), (0, (5.0, 1.5)), (0, (1.2, 1.2)))
_HIGHEST = 1.03
# Curves that are nowhere further apart than this are one line to the eye.
_SAME = 0.012
# Sizes of a search that are no further apart than this (as a ratio) are one point.
_NEIGHBOURS = 1.12
# What axis and margins take of a figure's height, in inches; labels stand this many lines apart.
_MARGINS, _LINES = 0.7, 1.3


@overload
def power_figure(
    power: Power | SampleSize, path: None = None, *, wanted: float | None = 0.8
) -> Figure: ...


@overload
def power_figure(
    power: Power | SampleSize, path: str | os.PathLike[str], *, wanted: float | None = 0.8
) -> Path: ...


def power_figure(
    power: Power | SampleSize,
    path: str | os.PathLike[str] | None = None,
    *,
    wanted: float | None = 0.8,
) -> Figure | Path:
    """Draw power against the number of respondents, a curve a hypothesis.

    Hypotheses whose powers are the same to the eye at all sizes share a curve and a label. The
    search for a sample size simulates many sizes close to each other; such neighbours are drawn as
    one point, with the share and the interval of all their samples.

    Parameters
    ----------
    power : Power or SampleSize
        What :func:`clustersem.power` returns for several sizes, or :func:`clustersem.sample_size`.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.
    wanted : float, optional
        Where to draw a line across; None for none.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written. Bars are 95 % Monte Carlo intervals.

    Raises
    ------
    DataError
        If there is nothing to draw, or the suffix of `path` is none of the three.

    Examples
    --------
    >>> import clustersem as cs
    >>> plan = cs.power("y ~ 0.3*x; x ~~ 1*x; y ~~ 0.9*y", n=[50, 100, 200], method="analytic")
    >>> [label.get_text() for label in cs.power_figure(plan).axes[0].texts]
    ['y ~ x']
    """
    if not isinstance(power, (Power, SampleSize)):
        raise DataError(
            f"power_figure draws what cs.power or cs.sample_size returns, not a"
            f" {type(power).__name__}."
        )
    if wanted is not None and not (is_number(wanted) and 0.0 < wanted < 1.0):
        raise DataError(f"wanted={wanted!r}: a power lies between 0 and 1; write 0.8, or None.")
    table = power.table if isinstance(power, Power) else _pooled(power.power.table)
    ids = table["id"].unique().tolist()
    powers = table.pivot(index="n", columns="id", values="power")[ids]
    # From the top of the right edge down; of those that end together the one that was higher.
    groups = sorted(
        _together(powers),
        key=lambda group: (-round(powers[group[0]].iloc[-1], 2), -powers[group[0]].mean()),
    )
    names = [_runs(group, ids) for group in groups]
    line = _LINES * SMALL / 72.0
    height = max(3.4, line * len(names) + _MARGINS)
    room = max(text_width(name, SMALL) for name in names)
    figure, axes = new_figure(5.2 + room, height)
    for level in (0.2, 0.4, 0.6, 0.8, 1.0):
        axes.axhline(level, color=HAIR, linewidth=0.6, zorder=0)
    if wanted is not None:
        axes.axhline(wanted, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)))
    curves = [table[table["id"] == group[0]].sort_values("n") for group in groups]
    ends = [float(own["power"].iloc[-1]) for own in curves]
    places = _apart(ends, _HIGHEST * line / (height - _MARGINS))
    right = float(table["n"].max())
    for i, (name, own, end, place) in enumerate(zip(names, curves, ends, places, strict=True)):
        colour = _COLOURS[i % len(_COLOURS)]
        _draw_curve(axes, own, colour, _DASHES[i // len(_COLOURS) % len(_DASHES)])
        axes.annotate(
            name,
            xy=(right, end),
            xytext=(1.05, place),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=SMALL,
            color=INK,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "shrinkA": 1.0,
                "shrinkB": 2.5,
                "relpos": (0.0, 0.5),
            },
        )
    axes.set_ylim(0.0, _HIGHEST)
    axes.margins(x=0.03)
    axes.set_xlabel("Respondents", fontsize=SMALL + 0.5)
    axes.set_ylabel("Power", fontsize=SMALL + 0.5)
    dress(axes)
    return figure if path is None else write_figure(figure, path)


def _pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the powers of a search with neighbouring sizes taken together."""
    if "n_replications" not in table:
        return table
    heads: dict[int, int] = {}
    for n in sorted(table["n"].unique().tolist()):
        last = heads[max(heads)] if heads else 0
        heads[n] = last if n <= _NEIGHBOURS * last else n
    rows = []
    for (_, name), own in table.groupby([table["n"].map(heads), "id"], sort=False):
        trials = own["n_replications"]
        hits = round(float((own["power"] * trials).sum()))
        total = int(trials.sum())
        low, high = wilson(hits, total)
        n = float(np.average(own["n"], weights=trials))
        rows.append((name, n, hits / total, low, high))
    return pd.DataFrame(rows, columns=["id", "n", "power", "power_ci_lower", "power_ci_upper"])


def _together(powers: pd.DataFrame) -> list[list[str]]:
    """Return the hypotheses (columns) in groups that are the same to the eye at all sizes."""
    groups: list[list[str]] = []
    for name in powers.columns:
        near = [group for group in groups if (powers[group[0]] - powers[name]).abs().max() <= _SAME]
        if near:
            near[0].append(name)
        else:
            groups.append([name])
    return groups


def _runs(group: list[str], order: list[str]) -> str:
    """Write the names of a group, three or more that follow each other as ``H7–H15``."""
    parts: list[list[str]] = []
    for name in group:
        if parts and order.index(name) == order.index(parts[-1][-1]) + 1:
            parts[-1].append(name)
        else:
            parts.append([name])
    return ", ".join(
        f"{part[0]}–{part[-1]}" if len(part) > 2 else ", ".join(part) for part in parts
    )


def _draw_curve(axes: Axes, own: pd.DataFrame, colour: str, dash: Dash) -> None:
    """Draw one curve through its powers, with the intervals of simulated ones."""
    n, power = own["n"].to_numpy(float), own["power"].to_numpy(float)
    axes.plot(n, power, color=colour, linewidth=1.4, linestyle=dash)
    if "power_ci_lower" in own:
        axes.vlines(
            n, own["power_ci_lower"], own["power_ci_upper"], color=colour, linewidth=1.0, alpha=0.7
        )
        axes.plot(n, power, "o", color=colour, markersize=3.2)


def _apart(ends: list[float], gap: float) -> list[float]:
    """Return heights for labels: near the ends of their curves, no two closer than a gap.

    Of curves that end together the order of drawing decides, from top to bottom.
    """
    order = sorted(range(len(ends)), key=lambda i: (-ends[i], i))
    heights = [ends[i] for i in order]
    # From the top down each makes way for the one above, then from the bottom up again.
    for i in range(1, len(heights)):
        heights[i] = min(heights[i], heights[i - 1] - gap)
    if heights[-1] < 0.0:
        heights[-1] = 0.0
        for i in range(len(heights) - 2, -1, -1):
            heights[i] = max(heights[i], heights[i + 1] + gap)
    placed = np.empty(len(ends))
    placed[order] = heights
    return [float(height) for height in placed]
