"""Estimates with their confidence intervals, one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from clustersem.report.diagram.text import text_width
from clustersem.report.figures.canvas import ACCENT, BAD, HAIR, SMALL, SOFT, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def forest_figure(
    names: Sequence[str],
    values: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    *,
    axis: str = "Standardised coefficient with 95 % confidence interval",
) -> Figure:
    """Draw estimates as points with their intervals; intervals that hold zero are set apart.

    Parameters
    ----------
    names : sequence of str
        What stands beside each row, from top to bottom.
    values, lower, upper : sequences of float
        Estimates and the ends of their intervals; NaN ends give a point without an interval.
    axis : str
        What the axis measures.
    """
    y = np.arange(len(names))
    low, high, mid = (np.asarray(v, dtype=float) for v in (lower, upper, values))
    room = max((text_width(name, SMALL) for name in names), default=0.0)
    figure, axes = new_figure(5.0 + room, 0.7 + 0.25 * max(len(names), 2))
    for i in range(len(names)):
        axes.axhline(i, color=HAIR, linewidth=0.6, zorder=0)
    axes.axvline(0.0, color=SOFT, linewidth=0.9)
    holds_zero = (low <= 0) & (high >= 0)
    for flag, colour in ((False, ACCENT), (True, BAD)):
        rows = holds_zero == flag
        axes.hlines(y[rows], low[rows], high[rows], color=colour, linewidth=1.5)
        axes.plot(
            mid[rows],
            y[rows],
            "o",
            color=colour,
            markersize=4.6,
            markerfacecolor="white" if flag else colour,
        )
    axes.set_yticks(y, names, fontsize=SMALL)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(axis, fontsize=SMALL)
    dress(axes)
    return figure
