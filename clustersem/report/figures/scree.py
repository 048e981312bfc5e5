"""Eigenvalues against those of random answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from clustersem.report.figures.canvas import ACCENT, SMALL, SOFT, dress, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scree_figure(eigenvalues: pd.DataFrame, *, quantile: float = 0.95) -> Figure:
    """Draw a scree plot with the eigenvalues of a parallel analysis.

    Parameters
    ----------
    eigenvalues : DataFrame
        One row an eigenvalue: ``observed``, and if there are any, ``simulated_mean`` and
        ``simulated_quantile``.
    quantile : float
        Which quantile ``simulated_quantile`` is, for the key.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_figure(6.0, 3.3)
    at = range(1, len(eigenvalues) + 1)
    axes.axhline(1.0, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)))
    axes.plot(
        at,
        eigenvalues["observed"],
        "o-",
        color=ACCENT,
        markersize=4,
        linewidth=1.3,
        label="observed",
    )
    for column, style, name in (
        ("simulated_mean", (0, (1, 1.5)), "random answers, mean"),
        ("simulated_quantile", (0, (4, 2)), f"random answers, {100 * quantile:.0f}th percentile"),
    ):
        if column in eigenvalues:
            axes.plot(
                at, eigenvalues[column], color=SOFT, linewidth=1.1, linestyle=style, label=name
            )
    axes.set_xlabel("Component", fontsize=SMALL + 0.5)
    axes.set_ylabel("Eigenvalue", fontsize=SMALL + 0.5)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=SMALL)
    dress(axes)
    return figure
