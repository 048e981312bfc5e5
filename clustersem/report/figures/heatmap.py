"""Where a model misses the correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from clustersem.report.figures.canvas import INK, SMALL, dress, new_figure
from clustersem.report.formats import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WRITTEN_UP_TO = 30


def residual_heatmap(residuals: pd.DataFrame, *, limit: float = 0.2, mark: float = 0.1) -> Figure:
    """Draw residual correlations (observed minus implied) as a lower triangle.

    Parameters
    ----------
    residuals : DataFrame, items x items
        ``fit.residuals(type="cor")``.
    limit : float
        The residual at which the colour is full.
    mark : float
        Residuals at least as large as this in absolute value are written into their cells.
    """
    from matplotlib.colors import LinearSegmentedColormap

    names = [str(name) for name in residuals.columns]
    p = len(names)
    values = residuals.to_numpy(dtype=float, copy=True)
    values[np.triu_indices(p)] = np.nan
    colours = LinearSegmentedColormap.from_list("residual", ["#8c2d04", "#ffffff", "#08306b"])
    size = max(3.2, 0.26 * p + 1.2)
    figure, axes = new_figure(size + 0.8, size)
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(values[1:, :-1]),
        cmap=colours,
        vmin=-limit,
        vmax=limit,
        edgecolors="white",
        linewidth=0.6,
    )
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_xticks(np.arange(p - 1) + 0.5, names[:-1], rotation=90, fontsize=SMALL - 1)
    axes.set_yticks(np.arange(p - 1) + 0.5, names[1:], fontsize=SMALL - 1)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if p <= _WRITTEN_UP_TO:
        for i, j in zip(*np.nonzero(np.abs(np.nan_to_num(values)) >= mark), strict=True):
            shade = "white" if abs(values[i, j]) > 0.65 * limit else INK
            written = number(values[i, j], 2).replace("0.", ".", 1)
            axes.text(
                j + 0.5, i - 0.5, written, ha="center", va="center", fontsize=5.5, color=shade
            )
    bar = figure.colorbar(mesh, ax=axes, shrink=0.6, aspect=28, pad=0.02, extend="both")
    bar.ax.tick_params(labelsize=SMALL - 1, width=0.6)
    bar.outline.set_linewidth(0)
    bar.set_label("observed − implied correlation", fontsize=SMALL - 0.5)
    dress(axes)
    return figure
