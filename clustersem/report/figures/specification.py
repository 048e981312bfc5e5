"""Specification curves: estimates under all models, sorted, and the choices behind them.

References
----------
Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). Specification curve analysis. Nature Human
Behaviour, 4, 1208-1214. doi:10.1038/s41562-020-0912-z
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from clustersem.errors import DataError, ModelError
from clustersem.report.diagram.text import text_width
from clustersem.report.figure_file import write_figure
from clustersem.report.figures.canvas import HAIR, INK, SMALL, SOFT, blank_figure, dress, quiet
from clustersem.respecify.multiverse_fits import READ
from clustersem.respecify.multiverse_result import (
    CONTRADICTED,
    NOT_SUPPORTED,
    NOT_TESTED,
    SUPPORTED,
    Multiverse,
    percent,
)
from clustersem.survey.names import did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Dark blue, grey and vermilion differ in lightness too, so that no eye confuses them.
_COLOURS = {
    SUPPORTED: "#1f4e79",
    NOT_SUPPORTED: "#8d98a3",
    NOT_TESTED: "#cfd6dc",
    CONTRADICTED: "#d55e00",
}
_WORDS = {
    SUPPORTED: "supported",
    NOT_SUPPORTED: "not significant",
    NOT_TESTED: "not tested",
    CONTRADICTED: "significant, other sign",
}
_MOST_CHOICES = 36
_ACROSS = 4
# Inches: a row of the dashboard, a panel of many, and what goes around them.
_ROW, _PANEL, _CURVE = 0.15, 1.35, 2.6
_SMALLER = SMALL - 1.0
# Beyond so many models marks are drawn as dots of an image, or a file has a line for each.
_MANY = 150


@overload
def specification_curve(
    multiverse: Multiverse, path: None = None, *, hypothesis: str | None = None
) -> Figure: ...


@overload
def specification_curve(
    multiverse: Multiverse, path: str | os.PathLike[str], *, hypothesis: str | None = None
) -> Path: ...


def specification_curve(
    multiverse: Multiverse,
    path: str | os.PathLike[str] | None = None,
    *,
    hypothesis: str | None = None,
) -> Figure | Path:
    """Draw the estimates of all models of a multiverse, sorted, and the choices behind them.

    Of one hypothesis: the standardised estimates with their intervals, each coloured by its
    verdict, and below them a mark for every choice (a freed parameter, a sample, an estimator,
    items left out) that the model above makes; choices that go with higher estimates come first.
    Of several: the sorted estimates of each in a panel with its own scale, and below them how much
    higher or lower they are on average in models that make a choice (``multiverse.influence``). A
    ring is the initial model, a diamond the final one. Intervals may go beyond the panel.

    Parameters
    ----------
    multiverse : Multiverse
        What :func:`clustersem.multiverse` returns.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.
    hypothesis : str, optional
        The id of one hypothesis; by default all of them.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written.

    Raises
    ------
    DataError
        If no model could be fitted, or the suffix of `path` is none of the three.
    ModelError
        If there is no such hypothesis.

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> names = ["a", "b", "c", "d", "y"]
    >>> s = pd.DataFrame(0.4 + 0.6 * np.eye(5), index=names, columns=names)
    >>> fit = cs.sem("f =~ a + b + c + d; y ~ f", cov=s, n_obs=300)
    >>> figure = specification_curve(cs.multiverse(fit, None, "H1: y ~ f, +"))
    >>> [axes.get_title(loc="left") for axes in figure.axes][0]
    'H1: y ~ f, +'
    """
    if not isinstance(multiverse, Multiverse):
        raise DataError(
            f"specification_curve draws what cs.multiverse returns, not a"
            f" {type(multiverse).__name__}."
        )
    if not multiverse.fitted.any():
        raise DataError("no model of the multiverse could be fitted, so there is nothing to draw.")
    ids = [each.id for each in multiverse.hypotheses]
    if hypothesis is not None and hypothesis not in ids:
        raise ModelError(
            f"hypothesis={hypothesis!r}: there are {', '.join(ids)}{did_you_mean(hypothesis, ids)}."
        )
    if hypothesis is None and len(ids) > 1:
        figure = _of_all(multiverse)
    else:
        figure = _of_one(multiverse, 0 if hypothesis is None else ids.index(hypothesis))
    return figure if path is None else write_figure(figure, path)


def _of_one(multiverse: Multiverse, j: int) -> Figure:
    influence = multiverse.influence.iloc[:, j]
    largest = influence.abs().sort_values(ascending=False, kind="stable").index[:_MOST_CHOICES]
    names = list(influence[largest].sort_values(ascending=False, kind="stable").index)
    room = max([text_width(name, _SMALLER) for name in names], default=0.4)
    below = _ROW * len(names)
    figure = blank_figure(6.6 + room, _CURVE + below + 0.75)
    if names:
        grid = figure.add_gridspec(2, 1, height_ratios=[_CURVE, below])
        top, bottom = quiet(figure.add_subplot(grid[0])), quiet(figure.add_subplot(grid[1]))
        bottom.sharex(top)
    else:
        top = quiet(figure.add_subplot())
    order = _curve(top, multiverse, j, size=2.6)
    top.set_ylabel("Standardised estimate", fontsize=SMALL)
    dress(top)
    _title(top, multiverse, j)
    if names:
        top.tick_params(axis="x", labelbottom=False)
        left = len(influence) - len(names)
        _dashboard(bottom, multiverse, order, names, left)
        dress(bottom)
    else:
        top.set_xlabel("Models, sorted by the estimate", fontsize=SMALL)
    _key(figure, multiverse, [j])
    return figure


def _of_all(multiverse: Multiverse) -> Figure:
    from matplotlib.ticker import MaxNLocator

    n = len(multiverse.hypotheses)
    across = min(_ACROSS, n)
    down = -(-n // across)
    influence = multiverse.influence
    strongest = influence.abs().max(axis=1).sort_values(ascending=False, kind="stable")
    names = [name for name in influence.index if name in set(strongest.index[:_MOST_CHOICES])]
    heights = [_PANEL] * down + ([_ROW * len(names) + 0.25] if names else [])
    figure = blank_figure(9.2, sum(heights) + 0.3 * down + 0.7)
    grid = figure.add_gridspec(len(heights), across, height_ratios=heights)
    for j in range(n):
        axes = quiet(figure.add_subplot(grid[j // across, j % across]))
        _curve(axes, multiverse, j, size=1.8)
        axes.tick_params(axis="x", labelbottom=False, length=0)
        axes.yaxis.set_major_locator(MaxNLocator(3))
        if j % across == 0 and j // across == (down - 1) // 2:
            axes.set_ylabel("Standardised estimate", fontsize=SMALL)
        dress(axes)
        _title(axes, multiverse, j)
    if names:
        axes = quiet(figure.add_subplot(grid[down, :]))
        _heatmap(figure, axes, influence.loc[names].to_numpy(), names, list(influence.columns))
    _key(figure, multiverse, range(n))
    return figure


def _limits(multiverse: Multiverse, j: int) -> tuple[float, float]:
    """Return the range of the estimates, and zero, with room for intervals of a usual width."""
    values = multiverse.values[multiverse.fitted, j]
    std, upper = (values[:, READ.index(name)] for name in ("std_all", "std_ci_upper"))
    half = upper - std
    room = float(np.median(half[np.isfinite(half)])) if np.isfinite(half).any() else 0.0
    low = min(0.0, float(np.nanmin(std)) - room)
    high = max(0.0, float(np.nanmax(std)) + room)
    margin = 0.03 * (high - low or 1.0)
    return low - margin, high + margin


def _curve(axes: Axes, multiverse: Multiverse, j: int, *, size: float) -> np.ndarray:
    """Draw one hypothesis' estimates; return the models in the order of the drawing."""
    std, low, high = (
        multiverse.values[:, j, READ.index(name)]
        for name in ("std_all", "std_ci_lower", "std_ci_upper")
    )
    known = np.flatnonzero(multiverse.fitted & np.isfinite(std))
    order = known[np.argsort(std[known], kind="stable")]
    verdict = multiverse.verdicts[order, j]
    x, many = np.arange(len(order)), len(order) > _MANY
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    for name, colour in _COLOURS.items():
        at = np.flatnonzero(verdict == name)
        own = order[at]
        axes.vlines(
            *(x[at], low[own], high[own]),
            color=colour,
            linewidth=0.5 if many else 1.0,
            alpha=0.3,
            rasterized=many,
            zorder=2,
        )
        axes.plot(
            *(x[at], std[own], "o"),
            color=colour,
            markersize=size,
            markeredgewidth=0.0,
            rasterized=many,
            zorder=3,
        )
    for role, marker, face in (("initial", "o", "white"), ("final", "D", INK)):
        place = multiverse.place_of(role)
        at = np.flatnonzero(order == place)
        axes.plot(
            *(x[at], std[order[at]], marker),
            color=INK,
            markerfacecolor=face,
            markersize=4.6,
            markeredgewidth=1.0,
            zorder=5,
        )
    axes.set_ylim(*_limits(multiverse, j))
    pad = max(0.6, 0.015 * len(order))
    axes.set_xlim(-pad, len(order) - 1 + pad)
    return order


def _title(axes: Axes, multiverse: Multiverse, j: int) -> None:
    row, hypothesis = multiverse.table.iloc[j], multiverse.hypotheses[j]
    family = axes.xaxis.label.get_fontfamily()
    words = f"{hypothesis.id}: {hypothesis.path}, {hypothesis.expect}"
    axes.set_title(words, loc="left", fontsize=SMALL, color=INK, fontfamily=family)
    share = percent(row["share_supported"])
    axes.set_title(share, loc="right", fontsize=SMALL, color=SOFT, fontfamily=family)


def _dashboard(
    axes: Axes, multiverse: Multiverse, order: np.ndarray, names: list[str], left: int
) -> None:
    """Mark under every model the choices that it makes."""
    from matplotlib.colors import ListedColormap

    made = multiverse.choices[names].to_numpy(dtype=bool)[order].T
    axes.imshow(
        made,
        aspect="auto",
        interpolation="nearest",
        cmap=ListedColormap(["white", _COLOURS[SUPPORTED]]),
        vmin=0,
        vmax=1,
        extent=(-0.5, len(order) - 0.5, len(names) - 0.5, -0.5),
    )
    for i in range(len(names) + 1):
        axes.axhline(i - 0.5, color="white", linewidth=2.0)
        axes.axhline(i - 0.5, color=HAIR, linewidth=0.5)
    axes.set_yticks(range(len(names)), names, fontsize=_SMALLER)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    more = f"; {left} choices of less influence are not shown" if left else ""
    axes.set_xlabel(f"Models, sorted by the estimate{more}", fontsize=SMALL)


def _heatmap(
    figure: Figure, axes: Axes, influence: np.ndarray, names: list[str], ids: list[str]
) -> None:
    """Colour what each choice does to each hypothesis."""
    from matplotlib.colors import LinearSegmentedColormap

    # Vermilion, white, blue: the two ends differ for every kind of colour vision.
    colours = LinearSegmentedColormap.from_list("influence", ["#d55e00", "#ffffff", "#1f4e79"])
    most = float(np.nanquantile(np.abs(influence), 0.98)) if influence.size else 1.0
    most = most or 1.0
    image = axes.imshow(influence, aspect="auto", cmap=colours, vmin=-most, vmax=most)
    axes.set_yticks(range(len(names)), names, fontsize=_SMALLER)
    axes.set_xticks(range(len(ids)), ids, fontsize=_SMALLER)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01, extend="both")
    bar.set_label("Estimate with the choice,\nless without it", fontsize=_SMALLER)
    bar.ax.tick_params(labelsize=_SMALLER, colors=INK)
    bar.outline.set_visible(False)
    dress(axes)
    dress(bar.ax)


def _key(figure: Figure, multiverse: Multiverse, some: Sequence[int]) -> None:
    """Say below what colours and marks are."""
    from matplotlib.lines import Line2D

    there = set(multiverse.verdicts[multiverse.fitted][:, list(some)].ravel())
    lines = [
        Line2D([], [], color=colour, marker="o", markersize=4, linewidth=1.2, label=_WORDS[name])
        for name, colour in _COLOURS.items()
        if name in there
    ]
    for label, marker, face in (("initial model", "o", "white"), ("final model", "D", INK)):
        one = Line2D(
            [], [], color=INK, marker=marker, markerfacecolor=face, linewidth=0, label=label
        )
        one.set_markersize(4.6)
        lines.append(one)
    lines.append(Line2D([], [], linewidth=0, label="%: models that support it"))
    key = figure.legend(
        handles=lines,
        loc="outside lower center",
        ncols=len(lines),
        columnspacing=1.2,
        frameon=False,
        fontsize=SMALL,
    )
    for text in key.get_texts():
        text.set_fontfamily(figure.axes[0].xaxis.label.get_fontfamily())
