"""The common ground of the figures: a figure without pyplot, and quiet axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustersem.report.diagram.text import font_families

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1c2733"
SOFT = "#5b6773"
HAIR = "#dde3e8"
ACCENT = "#1f4e79"
BAD = "#a32020"
SMALL = 8.5
# Inches.
_APART = 0.12


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Draw a white figure of so many inches with one pair of axes that fills it."""
    figure, (axes,) = new_panels(width, height, 1)
    return figure, axes


def new_panels(width: float, height: float, number: int) -> tuple[Figure, list[Axes]]:
    """Draw a white figure of so many inches with pairs of axes side by side."""
    figure = blank_figure(width, height, apart=_APART if number > 1 else None)
    return figure, [quiet(figure.add_subplot(1, number, k + 1)) for k in range(number)]


def blank_figure(width: float, height: float, *, apart: float | None = None) -> Figure:
    """Return a white figure of so many inches without axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    # Room on both sides of a panel, so that the numbers of two do not touch.
    layout = ConstrainedLayoutEngine(w_pad=apart)
    figure = Figure(figsize=(width, height), dpi=100, facecolor="white", layout=layout)
    FigureCanvasAgg(figure)
    return figure


def quiet(axes: Axes) -> Axes:
    """Leave of a pair of axes the two lines that are read, and return it."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SOFT)
    axes.tick_params(colors=INK, labelsize=SMALL, width=0.8)
    return axes


def dress(axes: Axes) -> None:
    """Set every text of the axes in the fonts that can show it, and take dollar signs literally."""
    for words in [
        axes.xaxis.label,
        axes.yaxis.label,
        *axes.get_xticklabels(),
        *axes.get_yticklabels(),
        *axes.texts,
    ]:
        words.set_fontfamily(list(font_families()))
        words.set_parse_math(False)
