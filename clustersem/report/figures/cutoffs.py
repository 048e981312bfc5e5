"""How fit indices are distributed with and without misspecification."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd

from clustersem.errors import DataError
from clustersem.report.figure_file import write_figure
from clustersem.report.figures.canvas import (
    ACCENT,
    BAD,
    HAIR,
    INK,
    SMALL,
    SOFT,
    dress,
    new_panels,
)
from clustersem.report.formats import number
from clustersem.report.tables.fit import STRICT_STANDARDS
from clustersem.resample.cutoffs_result import Cutoffs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

#: The conventional cutoff of each index.
FIXED = {standard.key: standard.bound for standard in STRICT_STANDARDS}
_NAMES = {"srmr": "SRMR", "rmsea": "RMSEA", "cfi": "CFI"}
_BINS = 48
#: How much of the room of a row its histogram fills.
_FILL = 0.82
#: A line this near to the side of a panel (as a share of its width) has its label beside it.
_NEAR_EDGE = 0.2


@overload
def cutoff_figure(cutoffs: Cutoffs, path: None = None) -> Figure: ...


@overload
def cutoff_figure(cutoffs: Cutoffs, path: str | os.PathLike[str]) -> Path: ...


def cutoff_figure(cutoffs: Cutoffs, path: str | os.PathLike[str] | None = None) -> Figure | Path:
    """Draw where SRMR, RMSEA and CFI fall if the model is right, and if it is wrong.

    A panel an index, a row a level of misspecification. The black mark in a row is the level's
    cutoff, the dotted line the conventional one, the red line the fit.

    Parameters
    ----------
    cutoffs : Cutoffs
        What :func:`clustersem.cutoffs` returns.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written.

    Raises
    ------
    DataError
        If nothing was simulated, or the suffix of `path` is none of the three.

    Examples
    --------
    >>> import clustersem as cs
    >>> import numpy as np
    >>> import pandas as pd
    >>> s = 0.6 * np.ones((4, 4)) + 0.4 * np.eye(4)
    >>> s = pd.DataFrame(s, list("abcd"), list("abcd"))
    >>> fit = cs.cfa("f =~ a + b + c + d", cov=s, n_obs=99)
    >>> figure = cs.cutoff_figure(cs.cutoffs(fit, n=100, seed=1))
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['SRMR', 'RMSEA', 'CFI']
    """
    if not isinstance(cutoffs, Cutoffs):
        raise DataError(
            f"cutoff_figure draws what cs.cutoffs returns, not a {type(cutoffs).__name__}."
        )
    if cutoffs.table.empty:
        said = " ".join(cutoffs.notes)
        raise DataError(f"there are no replications to draw. {said}".strip())
    from matplotlib.ticker import MaxNLocator

    levels = sorted(set(cutoffs.table["level"]))
    figure, panels = new_panels(8.4, 1.35 + 0.42 * len(levels), len(_NAMES))
    for axes, (index, name) in zip(panels, _NAMES.items(), strict=True):
        _panel(axes, cutoffs, index, levels)
        axes.set_xlabel(name, fontsize=SMALL + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_yticks(
            [-level for level in levels],
            [_label(level) for level in levels] if axes is panels[0] else [""] * len(levels),
            fontsize=SMALL,
        )
        dress(axes)
    _key(figure, panels[0])
    return figure if path is None else write_figure(figure, path)


def _label(level: int) -> str:
    return "correct model" if level == 0 else f"level {level}"


def _panel(axes: Axes, cutoffs: Cutoffs, index: str, levels: list[int]) -> None:
    """Draw one index: a histogram a level, with its cutoff, and the fit through all of them."""
    values = {level: _values(cutoffs.replications, level, index) for level in levels}
    own, fixed = cutoffs.values[index], FIXED[index]
    everything = np.concatenate([*values.values(), [own]])
    low, high = float(everything.min()), float(everything.max())
    # The conventional cutoff is drawn where it is not far beyond everything else.
    room = 0.5 * (high - low)
    if low - room <= fixed <= high + room:
        low, high = min(low, fixed), max(high, fixed)
        axes.axvline(fixed, color=INK, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
    edges = np.linspace(low, high, _BINS + 1)
    for level in levels:
        counts, _ = np.histogram(values[level], edges)
        axes.axhline(-level, color=HAIR, linewidth=0.6, zorder=0)
        if counts.max():
            axes.stairs(
                _FILL * counts / counts.max(),
                edges,
                baseline=0.0,
                fill=True,
                color=ACCENT if level == 0 else SOFT,
                alpha=0.85 if level == 0 else 0.45,
                linewidth=0,
                zorder=2,
            ).set_transform(_raised(axes, -level))
        cut = cutoffs.cutoff(index, level)
        if not math.isnan(cut):
            axes.plot([cut, cut], [-level, _FILL - level], color=INK, linewidth=1.6, zorder=3)
    axes.axvline(own, color=BAD, linewidth=1.3, zorder=4)
    margin = 0.03 * (high - low or 1.0)
    axes.set_xlim(low - margin, high + margin)
    axes.set_ylim(-max(levels) - 0.1, 1.12)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    _say(axes, own)


def _say(axes: Axes, own: float) -> None:
    """Write the fit's value above its line, within the panel."""
    low, high = axes.get_xlim()
    place = (own - low) / (high - low)
    side = "left" if place < _NEAR_EDGE else "right" if place > 1.0 - _NEAR_EDGE else "center"
    axes.annotate(
        f"this fit: {number(own)}",
        xy=(own, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=({"left": -2.0, "center": 0.0, "right": 2.0}[side], 2.0),
        textcoords="offset points",
        ha=side,
        va="bottom",
        fontsize=SMALL,
        color=BAD,
        annotation_clip=False,
    )


def _raised(axes: Axes, by: float) -> Transform:
    from matplotlib.transforms import Affine2D

    return Affine2D().translate(0.0, by) + axes.transData


def _values(replications: pd.DataFrame, level: int, index: str) -> np.ndarray:
    found = replications.loc[replications["level"] == level, index].to_numpy(dtype=float)
    return np.asarray(found[np.isfinite(found)])


def _key(figure: Figure, axes: Axes) -> None:
    """Say below the panels what the lines are."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=BAD, linewidth=1.3, label="this fit"),
        Line2D([], [], color=INK, linewidth=1.6, label="cutoff of the level"),
        Line2D([], [], color=INK, linewidth=1.0, linestyle=(0, (1, 2)), label="conventional"),
    ]
    key = figure.legend(
        handles=lines, loc="outside lower center", ncols=3, frameon=False, fontsize=SMALL
    )
    for text in key.get_texts():
        text.set_fontfamily(axes.xaxis.label.get_fontfamily())
