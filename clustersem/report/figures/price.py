"""How often each step is picked, and the fit that it leaves on new respondents."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, overload

import pandas as pd

from clustersem.errors import DataError
from clustersem.fit.hypotheses import Path as Parameter
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
from clustersem.respecify.price_result import Price
from clustersem.respecify.price_text import label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Candidates that are no step are drawn down to this share, and no more than so many.
_RARE, _MOST = 0.1, 8
#: The share of the axis that the number beside a bar takes.
_LABEL = 0.09
#: Indices that are drawn beside the bars; chi2 has a scale of its own.
_DRAWN = ("rmsea", "cfi", "srmr")


@overload
def price_figure(price: Price, path: None = None) -> Figure: ...


@overload
def price_figure(price: Price, path: str | os.PathLike[str]) -> Path: ...


def price_figure(price: Price, path: str | os.PathLike[str] | None = None) -> Figure | Path:
    """Draw how often each parameter is picked, beside the plain and the corrected indices.

    Bars are shares of resamples, dark ones of the revised model's steps, light ones of others that
    are often picked; a line across a bar is the share of halves. On the right the open circle is
    the initial model, the filled one the revised model as it fits this sample, the red one what
    that would be on as many new respondents.

    Parameters
    ----------
    price : Price
        What :func:`clustersem.price` returns.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written.

    Raises
    ------
    DataError
        If there is nothing to draw, or the suffix of `path` is none of the three.

    Examples
    --------
    >>> import clustersem as cs
    >>> text = "f =~ .8*a + .8*b + .7*c + .6*d; a ~~ .15*b"
    >>> answers = cs.simulate(text, 200, standardized=True, seed=1)
    >>> fit = cs.cfa("f =~ a + b + c + d", answers)
    >>> result = cs.respecify(fit, cs.RespecificationPolicy(max_steps=1))
    >>> figure = cs.price_figure(cs.price(result, n=10, repeats=1, seed=1))
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['picked in % of resamples', 'RMSEA', 'CFI', 'SRMR']
    """
    if not isinstance(price, Price):
        raise DataError(f"price_figure draws what cs.price returns, not a {type(price).__name__}.")
    bars = _bars(price)
    figure, panels = new_panels(9.2, 1.5 + 0.26 * max(len(bars), 4), 1 + len(_DRAWN))
    grid = panels[0].get_gridspec()
    if grid is not None:
        grid.set_width_ratios([2.6, 1.0, 1.0, 1.0])
    _draw_bars(panels[0], bars)
    for axes, name in zip(panels[1:], _DRAWN, strict=True):
        _draw_index(axes, price, name)
    for axes in panels:
        dress(axes)
    _key(figure, panels[0], given=price.given)
    return figure if path is None else write_figure(figure, path)


def _bars(price: Price) -> pd.DataFrame:
    """Return what is drawn: the steps in their order, then the others that are often picked."""
    steps = price.steps[["lhs", "op", "rhs", "picked", "picked_halves"]].assign(is_step=True)
    others = price.candidates[~price.candidates["in_final"]]
    others = others[others["picked"] >= _RARE].head(_MOST)
    columns = ["lhs", "op", "rhs", "picked", "picked_halves"]
    parts = [part for part in (steps, others[columns].assign(is_step=False)) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else steps


def _draw_bars(axes: Axes, bars: pd.DataFrame) -> None:
    names = [str(Parameter(*row)) for row in bars[["lhs", "op", "rhs"]].to_numpy()]
    for place, (_, row) in enumerate(bars.iterrows()):
        picked, halves = row["picked"], row["picked_halves"]
        if math.isnan(picked):
            axes.text(1.0, -place, "not searched for", va="center", fontsize=SMALL, color=SOFT)
            continue
        colour = ACCENT if row["is_step"] else SOFT
        axes.barh(-place, 100 * picked, 0.62, color=colour, alpha=1.0 if row["is_step"] else 0.45)
        if not math.isnan(halves):
            axes.plot(
                [100 * halves] * 2,
                [-place - 0.31, -place + 0.31],
                color="white" if halves < picked else INK,
                linewidth=1.8,
            )
        axes.text(
            100 * (halves if picked <= halves < picked + _LABEL else picked) + 1.5,
            -place,
            f"{100 * picked:.0f}",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
    if bars.empty:
        axes.text(50.0, 0.0, "none in any resample", ha="center", fontsize=SMALL, color=SOFT)
    axes.set_yticks([-i for i in range(len(names))], names, fontsize=SMALL)
    axes.set_xlim(0.0, 112.0)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_ylim(-max(len(names), 1) + 0.4, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("picked in % of resamples", fontsize=SMALL + 0.5)


def _draw_index(axes: Axes, price: Price, stem: str) -> None:
    name = next(str(one) for one in price.fit_table.index if str(one).split("_")[0] == stem)
    kinds = (("initial", SOFT, "white"), ("plain", ACCENT, ACCENT), ("corrected", BAD, BAD))
    heights = (2.0, 1.0, 0.0)
    values = [float(price.fit_table[kind].to_dict()[name]) for kind, _, _ in kinds]
    finite = [v for v in values if math.isfinite(v)]
    low, high = min(finite), max(finite)
    room = 0.18 * ((high - low) or 0.1)
    for value, height, (_, edge, face) in zip(values, heights, kinds, strict=True):
        axes.axhline(height, color=HAIR, linewidth=0.6, zorder=0)
        if math.isfinite(value):
            axes.plot(
                value,
                height,
                "o",
                markersize=6.5,
                markeredgecolor=edge,
                markerfacecolor=face,
                clip_on=False,
            )
            side = "right" if value > (low + high) / 2 else "left"
            axes.annotate(
                number(value),
                (value, height),
                (0.0, 6.0 if height else -6.0),
                textcoords="offset points",
                ha="center" if high - low < 1e-12 else side,
                va="bottom" if height else "top",
                fontsize=SMALL,
                color=edge,
            )
    if all(math.isfinite(v) for v in values[1:]):
        axes.annotate(
            "",
            (values[2], 0.12),
            (values[1], 0.88),
            arrowprops={
                "arrowstyle": "-|>",
                "color": SOFT,
                "linewidth": 0.8,
                "shrinkA": 2,
                "shrinkB": 2,
            },
        )
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(-0.7, 2.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=2)
    axes.set_xlabel(label_of(name), fontsize=SMALL + 0.5)


def _key(figure: Figure, axes: Axes, *, given: bool) -> None:
    """Say below the panels what the marks are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [
        Patch(color=ACCENT, label="step of the revised model"),
        Patch(color=SOFT, alpha=0.45, label="other parameter"),
        Line2D([], [], color=INK, linewidth=1.8, label="share of halves"),
        *(
            Line2D(
                [],
                [],
                linestyle="",
                marker="o",
                markersize=6.0,
                markeredgecolor=edge,
                markerfacecolor=face,
                label=words,
            )
            for words, edge, face in (
                ("initial", SOFT, "white"),
                ("revised", ACCENT, ACCENT),
                ("revised, on new respondents", BAD, BAD),
            )
        ),
    ]
    if given:
        del marks[2]
    key = figure.legend(
        handles=marks,
        loc="outside lower center",
        ncols=6,
        frameon=False,
        fontsize=SMALL,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    for text in key.get_texts():
        text.set_fontfamily(axes.xaxis.label.get_fontfamily())
