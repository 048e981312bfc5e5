"""The path diagram of a fit, as a figure or as a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, overload

from clustersem.errors import ClusterSemWarning
from clustersem.report.diagram.draw import draw
from clustersem.report.diagram.graph import FitLike, graph_of
from clustersem.report.diagram.groups import group_heading, group_number
from clustersem.report.diagram.scene import compose
from clustersem.report.figure_file import figure_svg, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@overload
def path_diagram(
    fit: FitLike,
    path: None = None,
    *,
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    group: int | str | None = None,
) -> Figure: ...


@overload
def path_diagram(
    fit: FitLike,
    path: str | os.PathLike[str],
    *,
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    group: int | str | None = None,
) -> Path: ...


def path_diagram(
    fit: FitLike,
    path: str | os.PathLike[str] | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    group: int | str | None = None,
) -> Figure | Path:
    """Draw a fitted model as AMOS would: ellipses, rectangles, arrows and standardised values.

    Causes stand left, outcomes right, indicators fan out on the outside. Single-headed arrows are
    loadings and regressions, curved double-headed ones covariances (between explained variables:
    covariances of their disturbances). Solid lines are significant at the five per cent level,
    dashed ones are not, grey ones are fixed; covariances fixed at zero and variances are not
    drawn. The drawing grows with the model until no text meets another or a node.

    Parameters
    ----------
    fit : Fit
        Any fit; read are `estimates`, `measures` and, where there, `r_squared`.
    path : path-like, optional
        Where to write the drawing: ``.svg``, ``.png`` (200 dots an inch) or ``.pdf``.
    labels : mapping, optional
        What to write in place of the names of variables; long texts break into lines.
    digits : int
        Decimals of the standardised values.
    group : int or str, optional
        Which group of a fit with several: its name, or its number, counted from 0. Such a fit has
        one diagram a group; the line of fit is that of all groups together.

    Returns
    -------
    matplotlib.figure.Figure or Path
        The figure when `path` is None, else the file written.

    Raises
    ------
    ModelError
        If the model has no arrows, or no such group, or if a fit has several and none is named.
    DataError
        If the suffix of `path` is none of the three.

    Warns
    -----
    ClusterSemWarning
        If the model is so crowded that labels still touch after all growth.

    Notes
    -----
    The same fit gives the same bytes of SVG. pyplot is not touched.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> rows = pd.DataFrame({"lhs": ["f"] * 3, "op": ["=~"] * 3, "rhs": ["x1", "x2", "x3"],
    ...                      "est": [1.0, 0.9, 1.1], "se": [0.0, 0.1, 0.1],
    ...                      "p_value": [float("nan"), 0.0, 0.0], "std_all": [0.7, 0.65, 0.75]})
    >>> figure = path_diagram(SimpleNamespace(estimates=rows, measures={}))
    >>> sorted(text.get_text() for text in figure.axes[0].texts)[:3]
    ['0.65', '0.70', '0.75']
    """
    number = group_number(fit, group)
    graph = graph_of(fit, labels, group=number)
    scene = compose(graph, fit.measures, digits=digits, heading=group_heading(fit, number))
    if scene.collisions:
        warnings.warn(
            f"the path diagram of {len(graph.nodes)} variables and {len(graph.links)} arrows is "
            f"too crowded: {scene.collisions} labels touch something; draw part of the model, "
            "or pass shorter labels.",
            ClusterSemWarning,
            stacklevel=2,
        )
    figure = draw(scene)
    return figure if path is None else write_figure(figure, path)


def path_diagram_svg(
    fit: FitLike,
    *,
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    group: int | str | None = None,
) -> str:
    """Return the drawing of `path_diagram` as the text of an SVG element, to set into a page."""
    return figure_svg(path_diagram(fit, labels=labels, digits=digits, group=group))
