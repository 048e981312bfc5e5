"""How much every respondent moves the estimates, in the order of the data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from clustersem.certify.certificate import Certificate
from clustersem.engine.ram import Array
from clustersem.errors import DataError
from clustersem.report.diagram.text import text_width
from clustersem.report.figure_file import write_figure
from clustersem.report.figures.canvas import ACCENT, BAD, INK, SMALL, SOFT, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# So many of the most influential are labelled; more would hide each other.
LABELLED = 5
# The room to the right of the last respondent, as a share of that of all; the width of the axes in
# inches; and the height of a label and its distance from its stem as shares of the axes.
_ROOM, _WIDTH = 0.2, 6.4
_HIGH, _APART = 0.065, 0.012


@overload
def influence_figure(certificate: Certificate, path: None = None) -> Figure: ...


@overload
def influence_figure(certificate: Certificate, path: str | os.PathLike[str]) -> Path: ...


def influence_figure(
    certificate: Certificate, path: str | os.PathLike[str] | None = None
) -> Figure | Path:
    """Draw every respondent's generalised Cook's distance, in the order of the data.

    Parameters
    ----------
    certificate : Certificate
        What :func:`clustersem.certificate` returns for a fit to answers.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written. The five who matter most are named by
        their row and the parameter that they move most; red are those without whom a conclusion
        would be another.

    Raises
    ------
    DataError
        If there is nothing to draw, or the suffix of `path` is none of the three.

    Examples
    --------
    >>> import numpy as np, pandas as pd, clustersem as cs
    >>> rng = np.random.default_rng(1)
    >>> f = rng.standard_normal(100)
    >>> data = pd.DataFrame({f"x{k}": f + rng.standard_normal(100) for k in range(4)})
    >>> fit = cs.cfa("f =~ x0 + x1 + x2 + x3", data)
    >>> found = cs.certificate(fit, starts=0, second_opinion=False)
    >>> len(cs.influence_figure(found).axes[0].texts)
    5
    """
    if not isinstance(certificate, Certificate):
        raise DataError(
            "influence_figure draws what cs.certificate returns, not a"
            f" {type(certificate).__name__}."
        )
    table = certificate.influence
    if table.empty or not np.isfinite(table["gcd"]).any():
        raise DataError(
            "there is no influence to draw: " + certificate["single respondents"].sentence
        )
    gcd = table["gcd"].to_numpy(float)
    place = np.arange(1, len(table) + 1)
    changes = table["changes"].to_numpy() != ""
    figure, axes = new_figure(7.2, 3.4)
    for which, colour in ((~changes, ACCENT), (changes, BAD)):
        axes.vlines(place[which], 0.0, gcd[which], color=colour, linewidth=0.8, alpha=0.8)
        axes.plot(place[which], gcd[which], "o", color=colour, markersize=2.2)
    highest = 1.12 * float(np.nanmax(gcd))
    axes.set_ylim(0.0, highest)
    axes.set_xlim(0, (1.0 + _ROOM) * (len(table) + 1))
    order = np.argsort(-np.nan_to_num(gcd), kind="stable")[:LABELLED].tolist()
    names = [f"{table['row'].iloc[i]}: {table['parameter'].iloc[i]}" for i in order]
    # As shares of the axes, in which the room of texts is known before they are drawn.
    x, y = place / (1.0 + _ROOM) / (len(table) + 1), np.nan_to_num(gcd) / highest
    taken: list[_Box] = []
    for i, name in zip(order, names, strict=True):
        box = _free_box(x, y, i, text_width(name, SMALL - 0.5) / _WIDTH, taken)
        taken.append(box)
        axes.annotate(
            name,
            xy=(place[i], gcd[i]),
            xytext=(box.left if box.left > x[i] else box.right, box.middle),
            textcoords="axes fraction",
            ha="left" if box.left > x[i] else "right",
            va="center",
            fontsize=SMALL - 0.5,
            color=BAD if changes[i] else INK,
            arrowprops={
                "arrowstyle": "-",
                "color": SOFT,
                "linewidth": 0.5,
                "shrinkA": 0.0,
                "shrinkB": 2.0,
                "relpos": (0.0 if box.left > x[i] else 1.0, 0.5),
            },
        )
    if changes.any():
        axes.set_title(
            "red: without this respondent a conclusion would be another",
            loc="left",
            fontsize=SMALL - 0.5,
            color=BAD,
        )
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= len(table)])
    axes.set_xlabel("Respondent, in the order of the data", fontsize=SMALL + 0.5)
    axes.set_ylabel("Generalised Cook's distance", fontsize=SMALL + 0.5)
    dress(axes)
    return figure if path is None else write_figure(figure, path)


class _Box(NamedTuple):
    """The room of a label, in shares of the axes."""

    left: float
    right: float
    middle: float


def _free_box(x: Array, y: Array, i: int, width: float, taken: list[_Box]) -> _Box:
    """Return room for a label beside the top of a stem, where no other stem or label is."""
    for higher in np.arange(0.0, 0.5, _HIGH):
        middle = float(y[i] + higher)
        for left in (x[i] + _APART, x[i] - _APART - width):
            box = _Box(float(left), float(left + width), middle)
            crossed = (x > box.left) & (x < box.right) & (y > middle - 0.6 * _HIGH)
            covered = any(
                box.left < b.right and b.left < box.right and abs(middle - b.middle) < _HIGH
                for b in taken
            )
            if box.left > 0 and box.right < 1.02 and not crossed.any() and not covered:
                return box
    return _Box(float(x[i] + _APART), float(x[i] + _APART + width), float(y[i]))
