"""The whole drawing as numbers: boxes, curves, labels, captions and the size of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from clustersem.fit.preferred import SUFFIXES, index_suffix, preferred
from clustersem.report.diagram import geometry, text
from clustersem.report.diagram.geometry import Box
from clustersem.report.diagram.graph import Graph
from clustersem.report.diagram.labels import Label, label_routes
from clustersem.report.diagram.layers import Layers, layers_of
from clustersem.report.diagram.place import Placement, place
from clustersem.report.diagram.route import Route, nested_arcs, routes_of

CAPTION_FONT = 8.5
MARGIN = 0.25
_MAX_TRIALS = 8
_LEAST_WIDTH = 5.7
"""Room for the usual line of fit."""


@dataclass(frozen=True)
class Scene:
    """A path diagram ready to be drawn; inches, y pointing down, origin at the top left.

    Attributes
    ----------
    offset : tuple of float
        What to add to every x and y of `placement`, `routes` and `labels`.
    collisions : int
        Labels that meet another label or a node; 0 unless the model defeats the layout.
    """

    graph: Graph
    placement: Placement
    routes: tuple[Route, ...]
    labels: tuple[Label, ...]
    size: tuple[float, float]
    offset: tuple[float, float]
    captions: tuple[str, ...]
    collisions: int


def compose(
    graph: Graph, measures: Mapping[str, float], *, digits: int = 2, heading: str = ""
) -> Scene:
    """Lay out a graph; as long as labels collide everything is set wider apart.

    `heading` stands in a line of its own above the line of fit.
    """
    layers = layers_of(graph)
    best: tuple[int, Placement, tuple[Route, ...], tuple[Label, ...]] | None = None
    for trial in range(_MAX_TRIALS):
        stretch = 1.15**trial
        placement = place(graph, layers, _arc_levels(graph, layers), stretch=stretch)
        routes = routes_of(graph, placement, stretch=stretch)
        found = label_routes(routes, list(placement.boxes.values()), digits=digits)
        if best is None or found.collisions < best[0]:
            best = (found.collisions, placement, routes, found.labels)
        if found.collisions == 0:
            break
    assert best is not None
    collisions, placement, routes, labels = best
    left, top, right, bottom = _extent(placement, routes, labels)
    width = max(right - left, _LEAST_WIDTH)
    captions = (*((heading,) if heading else ()), *_fit_lines(measures, width))
    width += 2 * MARGIN
    line = CAPTION_FONT * 1.5 / 72
    height = bottom - top + 2 * MARGIN + 0.15 + line * (len(captions) + 1)
    offset = ((width - right - left) / 2, MARGIN - top)
    return Scene(graph, placement, routes, labels, (width, height), offset, captions, collisions)


def _arc_levels(graph: Graph, layers: Layers) -> list[int]:
    """How deep the nest of arcs beside each column of constructs is."""
    levels = []
    for k, column in enumerate(layers.columns):
        members = tuple(entry for entry in column if isinstance(entry, str))
        arcs = nested_arcs(graph, members)
        if k > 0:
            arcs = tuple(arc for arc in arcs if arc.lower > arc.upper + 1)
        levels.append(max((arc.level for arc in arcs), default=0))
    return levels


def _extent(
    placement: Placement, routes: tuple[Route, ...], labels: tuple[Label, ...]
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything that is drawn."""
    boxes: list[Box] = [*placement.boxes.values(), *(label.box for label in labels)]
    points = [geometry.sample(route.segments) for route in routes]
    return (
        min([b.left for b in boxes] + [float(p[:, 0].min()) for p in points]),
        min([b.top for b in boxes] + [float(p[:, 1].min()) for p in points]),
        max([b.right for b in boxes] + [float(p[:, 0].max()) for p in points]),
        max([b.bottom for b in boxes] + [float(p[:, 1].max()) for p in points]),
    )


def _fit_lines(measures: Mapping[str, float], width: float) -> list[str]:
    """Return the fit of the model in one line, or more where the drawing is narrow."""
    parts = []
    chisq, df, pvalue = (preferred(measures, name) for name in ("chisq", "df", "pvalue"))
    if _finite(measures, chisq):
        parts.append(f"{'χ²' if chisq == 'chisq' else 'scaled χ²'} = {measures[chisq]:.2f}")
    if _finite(measures, df):
        parts.append(f"df = {measures[df]:.4g}")
    if _finite(measures, pvalue):
        p = measures[pvalue]
        parts.append("p < .001" if p < 0.001 else f"p = {_unit(p)}")
    said = SUFFIXES[index_suffix(measures)]
    for name in ("cfi", "tli", "rmsea", "srmr"):
        key = preferred(measures, name)
        if _finite(measures, key):
            variant = f"{said} " if key != name else ""
            parts.append(f"{variant}{name.upper()} = {_unit(measures[key])}")
    if _finite(measures, "ntotal"):
        parts.append(f"n = {measures['ntotal']:.0f}")
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}, {part}" if lines else part
        if lines and text.text_width(joined, CAPTION_FONT) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _finite(measures: Mapping[str, float], name: str) -> bool:
    return name in measures and math.isfinite(measures[name])


def _unit(value: float) -> str:
    """Return a number that cannot exceed one by much, without its leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.3f}"
